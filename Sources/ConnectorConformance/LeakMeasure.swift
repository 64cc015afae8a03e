import Foundation

/// Does the same thing again and again and compares what the process holds before and after.
enum LeakMeasure {
    /// At most this many rounds, and no new one after this many seconds unless there were too few to tell a leak from a cache.
    private static let (rounds, seconds) = (1000, 20)
    private static let fewest = 20
    private static let warmUp = 30

    /// Fails the check where memory, descriptors or threads grow with the rounds. `body` gets the number of the round.
    static func run(_ context: CheckContext, _ what: String, _ body: (Int) throws -> Void) throws {
        context.doing("\(what), again and again")
        let began = ContinuousClock.now
        // First uses fill caches, which is no leak.
        var warm = 0
        while warm < warmUp, warm < 5 || ContinuousClock.now - began < .seconds(10) {
            try body(warm)
            warm += 1
        }
        var growth = try measure(from: warm, body)
        // Caches that fill late grow once. A leak goes on.
        if growth.isLeak { growth = try measure(from: warm + growth.rounds, body) }
        let count = growth.rounds
        context.expect(
            growth.files <= 0,
            "After \(count) times \(what), \(growth.files) more file descriptors are open than before. Close them in close and abort.")
        context.expect(growth.threads <= 0, "After \(count) times \(what), \(growth.threads) more threads run than before. Join them in close.")
        context.expect(
            !growth.isLeak,
            "Each \(what) leaves about \(growth.heap / count) bytes of memory behind (\(count) times). Free sessions and readers in close, files in commit and abort."
        )
        context.expect(growth.resident < 8 << 10 || growth.isLeak, "After \(count) times \(what) the process has grown by \(growth.resident) KiB.")
        if count < rounds {
            context.note("\(count) times instead of \(rounds), because that took \(seconds) seconds.")
        }
    }

    private struct Growth {
        var (rounds, heap, resident, files, threads) = (0, 0, 0, 0, 0)

        /// The smallest block of the heap each time; a few kilobytes in all are caches that had not been filled.
        var isLeak: Bool { heap >= 16 * rounds && heap >= 8 << 10 }
    }

    private static func measure(from first: Int, _ body: (Int) throws -> Void) throws -> Growth {
        let before = (
            heap: ProcessFacts.heapBytes, resident: ProcessFacts.residentKilobytes, files: ProcessFacts.descriptors, threads: ProcessFacts.threads
        )
        let began = ContinuousClock.now
        var count = 0
        while count < rounds, count < fewest || ContinuousClock.now - began < .seconds(seconds) {
            try body(first + count)
            count += 1
        }
        let (files, threads) = (ProcessFacts.descriptors - before.files, settledThreads(before.threads) - before.threads)
        return Growth(
            rounds: count, heap: ProcessFacts.heapBytes - before.heap, resident: ProcessFacts.residentKilobytes - before.resident, files: files,
            threads: threads)
    }

    /// Threads that were joined are gone from /proc a moment later.
    private static func settledThreads(_ wanted: Int) -> Int {
        let end = ContinuousClock.now + .seconds(1)
        while ProcessFacts.threads > wanted, ContinuousClock.now < end { sched_yield() }
        return ProcessFacts.threads
    }
}

import Foundation

/// Does the same thing again and again and compares what the process holds before and after.
enum LeakMeasure {
    /// At most this many rounds, and at most this many seconds.
    private static let (rounds, seconds) = (1000, 20.0)
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
        let each = (ContinuousClock.now - began) / warm
        let count = max(20, min(rounds, Int(Duration.seconds(seconds) / each)))
        var growth = try measure(count, from: warm, body)
        // Caches that fill late grow once. A leak goes on.
        if growth.isLeak(over: count) { growth = try measure(count, from: warm + count, body) }
        context.expect(
            growth.files <= 0, "After \(count) times \(what), \(growth.files) more file descriptors are open than before. Close them in close and abort.")
        context.expect(growth.threads <= 0, "After \(count) times \(what), \(growth.threads) more threads run than before. Join them in close.")
        let leaks = growth.isLeak(over: count)
        context.expect(
            !leaks,
            "Each \(what) leaves about \(growth.heap / count) bytes of memory behind (\(count) times). Free sessions and readers in close, files in commit and abort."
        )
        context.expect(growth.resident < 8 << 10 || leaks, "After \(count) times \(what) the process has grown by \(growth.resident) KiB.")
        if count < rounds {
            context.note("\(count) times instead of \(rounds), because each takes \(each.formatted(.units(allowed: [.milliseconds]))).")
        }
    }

    private struct Growth {
        var (heap, resident, files, threads) = (0, 0, 0, 0)

        /// The smallest block of the heap each time; a few kilobytes in all are caches that had not been filled.
        func isLeak(over count: Int) -> Bool { heap >= 16 * count && heap >= 8 << 10 }
    }

    private static func measure(_ count: Int, from first: Int, _ body: (Int) throws -> Void) throws -> Growth {
        let before = (
            heap: ProcessFacts.heapBytes, resident: ProcessFacts.residentKilobytes, files: ProcessFacts.descriptors, threads: ProcessFacts.threads
        )
        for round in first..<first + count { try body(round) }
        let (files, threads) = (ProcessFacts.descriptors - before.files, settledThreads(before.threads) - before.threads)
        return Growth(
            heap: ProcessFacts.heapBytes - before.heap, resident: ProcessFacts.residentKilobytes - before.resident, files: files, threads: threads)
    }

    /// Threads that were joined are gone from /proc a moment later.
    private static func settledThreads(_ wanted: Int) -> Int {
        let end = ContinuousClock.now + .seconds(1)
        while ProcessFacts.threads > wanted, ContinuousClock.now < end { sched_yield() }
        return ProcessFacts.threads
    }
}

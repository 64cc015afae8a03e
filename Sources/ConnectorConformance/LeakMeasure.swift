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
        for round in 0..<warmUp { try body(round) }
        let each = (ContinuousClock.now - began) / warmUp
        let count = max(20, min(rounds, Int(Duration.seconds(seconds) / each)))
        let before = (
            heap: ProcessFacts.heapBytes, resident: ProcessFacts.residentKilobytes, files: ProcessFacts.descriptors, threads: ProcessFacts.threads
        )
        for round in 0..<count { try body(warmUp + round) }
        let (files, threads) = (ProcessFacts.descriptors - before.files, settledThreads(before.threads) - before.threads)
        context.expect(
            files <= 0, "After \(count) times \(what), \(files) more file descriptors are open than before. Close them in close and abort.")
        context.expect(threads <= 0, "After \(count) times \(what), \(threads) more threads run than before. Join them in close.")
        let grown = ProcessFacts.heapBytes - before.heap
        // The smallest block of the heap each time; a few kilobytes in all are caches that had not been filled.
        let leaks = grown >= 16 * count && grown >= 8 << 10
        context.expect(
            !leaks,
            "Each \(what) leaves about \(grown / count) bytes of memory behind (\(count) times). Free sessions and readers in close, files in commit and abort."
        )
        let resident = ProcessFacts.residentKilobytes - before.resident
        context.expect(resident < 8 << 10 || leaks, "After \(count) times \(what) the process has grown by \(resident) KiB.")
        if count < rounds {
            context.note("\(count) times instead of \(rounds), because each takes \(each.formatted(.units(allowed: [.milliseconds]))).")
        }
    }

    /// Threads that were joined are gone from /proc a moment later.
    private static func settledThreads(_ wanted: Int) -> Int {
        let end = ContinuousClock.now + .seconds(1)
        while ProcessFacts.threads > wanted, ContinuousClock.now < end { sched_yield() }
        return ProcessFacts.threads
    }
}

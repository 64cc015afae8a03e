public import Foundation
import Synchronization

/// Runs a program to its end, or to the end of its time, whatever it does meanwhile: what it is asked goes to its standard input, its lines
/// come back. For children that load foreign code.
public enum SupervisedChild {
    public struct Result: Sendable {
        /// Whole lines of standard output.
        public var lines: [Data]
        /// The last 2 KiB of standard error.
        public var lastWords: String
        /// "ended with exit code 1", "was ended by signal 11 (Segmentation fault)".
        public var ending: String
        /// It came to its end by itself, with exit code 0.
        public var succeeded: Bool
        /// It was killed because its time was over.
        public var timedOut: Bool
    }

    /// Blocks. `environment` is the child's whole environment; nil: this process's. Throws when the program cannot be started or does not take its input.
    public static func run(_ command: [String], input: Data, seconds: Int, environment: [String: String]? = nil) throws -> Result {
        let child = try ChildProcess(command.first ?? "", Array(command.dropFirst()), newSession: false, environment: environment)
        let watchdog = Watchdog(child, limitMilliseconds: seconds * 1000)
        defer { watchdog.end() }
        let words = Mutex(Data())
        let heard = DispatchSemaphore(value: 0)
        let errors = child.errors
        Thread.detachNewThread {
            var reader = LineReader(errors)
            while let line = reader.next() { words.withLock { $0 = Data(($0 + line + Data("\n".utf8)).suffix(2048)) } }
            heard.signal()
        }
        // A child that has ended already does not take it; its ending then says why.
        try? child.write(line: input)
        child.closeInput()
        var reader = LineReader(child.output)
        var lines: [Data] = []
        while let line = reader.next() { lines.append(line) }
        let ending = child.wait()
        heard.wait()
        return Result(
            lines: lines, lastWords: words.withLock { String(decoding: $0, as: UTF8.self) }, ending: ending.description,
            succeeded: ending == .exited(0), timedOut: watchdog.hasBarked)
    }
}

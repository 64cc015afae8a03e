public import ConnectModel
import Foundation
import Synchronization

/// Starts worker processes and listens to them. A worker loads the connectors of one task and touches the rows of one run;
/// whatever it does, it takes only itself down (CON-6).
public struct WorkerLauncher: Sendable {
    private let executable: String
    /// How long a worker may go on after it was asked to stop, before it is killed, which a run survives like any crash.
    private let graceMilliseconds: Int

    /// Names of variables of the environment that workers do not get: a worker is told the secrets of its own servers, and no others.
    private var withheld: @Sendable () -> Set<String>

    public init(executable: String, graceMilliseconds: Int = 10_000) {
        self.executable = executable
        self.graceMilliseconds = graceMilliseconds
        withheld = { [] }
    }

    func withholding(_ names: @escaping @Sendable () -> Set<String>) -> WorkerLauncher {
        var copy = self
        copy.withheld = names
        return copy
    }

    private var environment: [String: String] {
        let withheld = withheld()
        return ProcessInfo.processInfo.environment.filter { !withheld.contains($0.key) }
    }

    /// Runs the task to its end on the calling thread, which must be one that may block. `stop` is polled: once it says true the worker is
    /// asked to cancel, then killed. Throws the task's own error, or `worker.died` with the connector's last words.
    public func perform(
        _ request: WorkerRequest, stop: @escaping @Sendable () -> Bool = { false }, onMessage: (WorkerMessage) -> Void
    ) throws -> WorkerResult {
        let child = try ChildProcess(executable, ["worker"], newSession: false, environment: environment)
        let lastWords = LastWords(child.errors)
        let watch = StopWatch(child: child, stop: stop, graceMilliseconds: graceMilliseconds)
        defer { watch.end() }
        try child.write(line: try JSONEncoder().encode(request))
        var result: WorkerResult?
        var lines = LineReader(child.output)
        let decoder = JSONDecoder()
        while let line = lines.next() {
            // What is no message was printed by a connector; it must not be mistaken for one.
            guard let message = try? decoder.decode(WorkerMessage.self, from: line) else { continue }
            if case .finished(let finished) = message { result = finished } else { onMessage(message) }
        }
        let ending = child.wait()
        guard let result else {
            throw ConnectError(
                "worker.died", .internal,
                "The worker process \(Self.connectors(request))\(ending.description) before it could finish.\(lastWords.sentence())",
                remedy: "This is a defect of the connector or of connecthost; the run's log has what led to it.")
        }
        if case .failed(let failure) = result { throw failure.error }
        return result
    }

    private static func connectors(_ request: WorkerRequest) -> String {
        let names = Set(request.connections.map(\.connector) + (request.job.map { [$0.connector] } ?? [])).sorted().joined(separator: ", ")
        return names.isEmpty ? "" : "with connector \(names) "
    }

    /// Starts the task and leaves it to itself; it goes on when this process ends. A process of the host's own stays with the worker
    /// (`Installation.attend`), so that somebody sees how it ends.
    public func detach(_ request: WorkerRequest) throws {
        let child = try ChildProcess(executable, ["attend"], newSession: true, environment: environment)
        try child.write(line: try JSONEncoder().encode(request))
    }
}

/// The end of what a worker wrote to its standard error, read on a thread of its own so that the worker never waits for it.
private final class LastWords: Sendable {
    private let tail = Mutex<[UInt8]>([])
    private let done = DispatchSemaphore(value: 0)

    init(_ descriptor: Int32) {
        Thread.detachNewThread { [self] in
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                let bytes = chunk[..<count]
                tail.withLock { $0 = Array(($0 + bytes).suffix(4096)) }
            }
            done.signal()
        }
    }

    func sentence() -> String {
        _ = done.wait(timeout: .now() + 1)
        let text = String(decoding: tail.withLock { $0 }, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "" : " Its last words: \(text)"
    }
}

/// Asks a worker to stop, then makes it.
private final class StopWatch: Sendable {
    private let ended = Mutex(false)

    init(child: ChildProcess, stop: @escaping @Sendable () -> Bool, graceMilliseconds: Int) {
        Thread.detachNewThread { [self] in
            while !isEnded && !stop() { usleep(50_000) }
            for signal in [SIGTERM, SIGKILL] where !isEnded {
                child.send(signal: signal)
                for _ in 0..<(graceMilliseconds / 50) where !isEnded { usleep(50_000) }
            }
        }
    }

    private var isEnded: Bool { ended.withLock { $0 } }
    func end() { ended.withLock { $0 = true } }
}

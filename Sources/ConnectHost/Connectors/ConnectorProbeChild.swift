import ConnectModel
import Foundation
import Synchronization

/// Looks at one connector file in a child process: a file that crashes, hangs, prints or leaves takes that child with it and is refused with the reason.
struct ConnectorProbeChild {
    /// The file is added as the last argument.
    let command: [String]
    let timeLimitMilliseconds: Int

    func look(at path: String) -> ConnectorFile {
        guard let program = command.first else { return ConnectorFile(path: path, refused: "cannot be probed: no probe is set up") }
        do {
            let child = try ChildProcess(program, Array(command.dropFirst()) + [path], newSession: false)
            let watchdog = Watchdog(child, limitMilliseconds: timeLimitMilliseconds)
            defer { watchdog.end() }
            var lines = LineReader(child.output)
            var answer: ConnectorFile?
            while let line = lines.next() {
                // What the file itself printed is no answer.
                if let file = try? JSONDecoder().decode(ConnectorFile.self, from: line) { answer = file }
            }
            let ending = child.wait()
            if watchdog.hasBarked {
                return ConnectorFile(
                    path: path,
                    refused:
                        "did not answer within \(Double(timeLimitMilliseconds) / 1000) s of being loaded: it hangs in its entry function or in a constructor"
                )
            }
            if let answer, ending == .exited(0) { return answer }
            return ConnectorFile(path: path, refused: Self.sentence(ending))
        } catch {
            return ConnectorFile(path: path, refused: "cannot be probed: \(error)")
        }
    }

    private static func sentence(_ ending: ChildProcess.Ending) -> String {
        switch ending {
        case .signalled(let signal): "crashed while it was loaded: signal \(signal) (\(String(cString: strsignal(signal))))"
        case .exited(let code): "ended the process with exit code \(code) while it was loaded, which a connector must never do"
        }
    }
}

/// Kills a child that takes too long.
final class Watchdog: Sendable {
    private let state = Mutex<(ended: Bool, barked: Bool)>((false, false))

    init(_ child: ChildProcess, limitMilliseconds: Int) {
        Thread.detachNewThread { [self] in
            for _ in 0..<(limitMilliseconds / 10) {
                if state.withLock({ $0.ended }) { return }
                usleep(10_000)
            }
            let isLate = state.withLock { state in
                if !state.ended { state.barked = true }
                return state.barked
            }
            // The whole group: a process that the file has started holds the output open too.
            if isLate { kill(-child.processID, SIGKILL) }
        }
    }

    var hasBarked: Bool { state.withLock { $0.barked } }
    func end() { state.withLock { $0.ended = true } }
}

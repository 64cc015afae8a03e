public import Foundation
import Synchronization

/// A program that a test started: waited for, killed, read. Output goes to files, so that nothing ever blocks on a full pipe.
public final class ChildRun: Sendable {
    public struct Result: Sendable {
        /// Exit code, or minus the signal.
        public let status: Int32
        public let output: String
        public let errors: String
    }

    public let processID: pid_t
    private let directory: TemporaryDirectory
    private let status = Mutex<Int32?>(nil)

    public init(_ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "") throws {
        directory = try TemporaryDirectory()
        let stdin = try directory.write("in", input)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, stdin, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, directory.path + "/out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, directory.path + "/err", O_WRONLY | O_CREAT, 0o600)
        let all = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, program, &actions, nil, &words, &variables)
        guard code == 0 else { throw TestFailure("\(program) does not start: \(String(cString: strerror(code)))") }
        processID = child
    }

    public func send(signal: Int32) { kill(processID, signal) }

    public func wait() -> Result {
        let code = status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            while waitpid(processID, &raw, 0) < 0 && errno == EINTR {}
            let code = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
            status = code
            return code
        }
        return Result(status: code, output: text("out"), errors: text("err"))
    }

    /// The processes that it has started and not yet waited for, whichever of its threads did.
    public var children: [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/task")) ?? []
        return tasks.flatMap { task in
            let text = (try? String(contentsOfFile: "/proc/\(processID)/task/\(task)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { pid_t($0) }
        }
    }

    /// Whether it has ended, waited for or not.
    public var hasEnded: Bool { Self.state(of: processID).map { $0 == "Z" } ?? true }

    /// The kernel's letter; nil once nothing of it is left.
    private static func state(of process: pid_t) -> Character? {
        (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8))?.split(separator: ")").last?.first { $0 != " " }
    }

    /// Kills it at once, and returns when the processes that it had started have come to their own ends.
    public func killAndWaitForChildren() throws {
        // Stopped first, so that it starts nothing between the look and the kill.
        kill(processID, SIGSTOP)
        while let state = Self.state(of: processID), state != "T", state != "Z" { usleep(1000) }
        let orphans = children
        kill(processID, SIGKILL)
        _ = wait()
        let deadline = Date() + 300
        for orphan in orphans {
            while let state = Self.state(of: orphan), state != "Z" {
                guard Date() < deadline else { throw TestFailure("process \(orphan) goes on without the one that started it") }
                usleep(10_000)
            }
        }
    }

    /// Waits for its first child; nil when it ends without one.
    public func firstChild() -> pid_t? {
        while true {
            if let child = children.first { return child }
            if hasEnded { return nil }
            usleep(2000)
        }
    }

    private func text(_ name: String) -> String { String(decoding: directory.contents(name) ?? Data(), as: UTF8.self) }
}

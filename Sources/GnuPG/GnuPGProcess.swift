import ConnectModel
import Foundation
import Synchronization

/// One `gpg` at work: its data goes through standard input and output, its reports come line by line through the status descriptor, and
/// what it asks is answered through the command descriptor. No passphrase is ever an argument, a file or in the environment.
///
/// The only file here with system calls.
final class GnuPGProcess: Sendable {
    /// Write end of its standard input; -1 once closed.
    private let input: Mutex<Int32>
    /// Read end of its standard output, for one thread.
    private let output: Int32
    private let processID: pid_t
    private let exitCode = Mutex<Int32?>(nil)
    private let conversation: Conversation

    /// Starts `program`. Descriptors of the child: 0 to 2 as always, 3 status, 4 commands.
    init(_ program: String, _ arguments: [String], answer: @escaping @Sendable (PassphraseQuestion) -> Secret?) throws {
        Self.ignoreBrokenPipes
        var pipes = Pipes()
        do {
            let stdin = try pipes.make()
            let stdout = try pipes.make()
            let stderr = try pipes.make()
            let status = try pipes.make()
            let command = try pipes.make()
            let wake = try pipes.make()
            let ends = [stdin.read, stdout.write, stderr.write, status.write, command.read]
            processID = try Self.spawn(program, arguments, ends)
            ends.forEach { _ = close($0) }
            for end in [stdin.write, stdout.read] { _ = fcntl(end, Self.setPipeSize, 1 << 20) }
            input = Mutex(stdin.write)
            output = stdout.read
            conversation = Conversation(status: status.read, errors: stderr.read, command: command.write, wake: wake, answer: answer)
        } catch {
            pipes.closeAll()
            throw error
        }
    }

    deinit {
        _ = end()
        _ = close(output)
    }

    /// A child that has ended is an error of `write`, and no reason to end this process too.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
    /// F_SETPIPE_SZ, which is in no Swift module.
    private static let setPipeSize: Int32 = 1031

    /// False once the child reads no more.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let descriptor = input.withLock { $0 }
        guard descriptor >= 0 else { return false }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest[(rest.startIndex + count)...]
        }
        return true
    }

    /// Nothing more comes. Called by the thread that writes, or once it is gone.
    func closeInput() {
        input.withLock { end in
            if end >= 0 { _ = close(end) }
            end = -1
        }
    }

    /// 0 at the end of what the child writes.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Foundation.read(output, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw ConnectError("pgp.pipe", .transient, "GnuPG's output cannot be read: \(String(cString: strerror(errno))).")
            }
            return count
        }
    }

    /// Ends the child at once, unless it has ended by itself.
    func terminate() {
        exitCode.withLock { code in
            if code == nil { _ = kill(processID, SIGKILL) }
        }
    }

    /// Waits for the child's end and says all it reported. Whatever is still in its output is lost.
    func finish() -> StatusReport {
        let code = wait()
        var report = conversation.finish()
        report.exitCode = code
        return report
    }

    private func end() -> StatusReport {
        closeInput()
        terminate()
        return finish()
    }

    private func wait() -> Int32 {
        if let code = exitCode.withLock({ $0 }) { return code }
        // Its number stays taken until it is waited for, and that happens under the lock, so that no other process is ever killed in its place.
        var facts = siginfo_t()
        while waitid(P_PID, id_t(processID), &facts, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        return exitCode.withLock { code in
            if let code { return code }
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
            let result = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            code = result
            return result
        }
    }

    private static func spawn(_ program: String, _ arguments: [String], _ ends: [Int32]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, end) in ends.enumerated() { posix_spawn_file_actions_adddup2(&actions, end, Int32(target)) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var standard = sigset_t()
        sigemptyset(&none)
        sigemptyset(&standard)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&standard, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        // In English, and without anything of the user's own settings.
        let settings: [String] = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent"]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { environment.forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, &attributes, &words, &environment)
        guard result == 0 else {
            throw ConnectError("pgp.start", .transient, "\(program) could not be started: \(String(cString: strerror(result))).")
        }
        return child
    }
}

/// Pipes above the descriptors that the child is given, so that none stands in another's way, and closed in every other child.
private struct Pipes {
    private var all: [Int32] = []

    mutating func make() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Self.error() }
        let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        ends.forEach { _ = close($0) }
        all += moved.filter { $0 >= 0 }
        guard moved.allSatisfy({ $0 >= 0 }) else { throw Self.error() }
        return (moved[0], moved[1])
    }

    func closeAll() { all.forEach { _ = close($0) } }

    private static func error() -> ConnectError {
        ConnectError("pgp.start", .transient, "No pipe could be made for GnuPG: \(String(cString: strerror(errno))).")
    }
}

/// Listens to the status lines on a thread of its own, and answers.
///
/// The agent, which outlives `gpg` by a moment, holds the same pipes: their end says nothing. So the thread ends when it is told to,
/// after it has read what is there.
private final class Conversation: Sendable {
    private let report = Mutex(StatusReport())
    private let wakeEnd: Mutex<Int32>
    private let done = DispatchSemaphore(value: 0)

    init(status: Int32, errors: Int32, command: Int32, wake: (read: Int32, write: Int32), answer: @escaping @Sendable (PassphraseQuestion) -> Secret?)
    {
        wakeEnd = Mutex(wake.write)
        Thread.detachNewThread { [self] in
            listen(status, errors, command, wake.read, answer)
            [status, errors, command, wake.read].forEach { _ = close($0) }
            done.signal()
        }
    }

    /// Only after the child has ended.
    func finish() -> StatusReport {
        wakeEnd.withLock { end in
            if end >= 0 { _ = close(end) }
            end = -1
        }
        done.wait()
        done.signal()
        return report.withLock { $0 }
    }

    private func listen(_ status: Int32, _ errors: Int32, _ command: Int32, _ wake: Int32, _ answer: (PassphraseQuestion) -> Secret?) {
        for descriptor in [status, errors] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
        var waiting = [
            pollfd(fd: status, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: 0, revents: 0),
        ]
        var pending: [UInt8] = []
        while true {
            _ = poll(&waiting, nfds_t(waiting.count), -1)
            let isOver = waiting[2].revents != 0
            if let text = Self.available(errors) { report.withLock { $0.heard(text) } } else { waiting[1].fd = -1 }
            let text = Self.available(status)
            pending += text ?? []
            while let end = pending.firstIndex(of: 0x0A) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                if let question = report.withLock({ $0.take(line) }) { Self.give(answer(question), to: command) }
            }
            if text == nil { waiting[0].fd = -1 }
            if isOver { return }
        }
    }

    /// What can be read without waiting; nil at the end.
    private static func available(_ descriptor: Int32) -> [UInt8]? {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                all += chunk[..<count]
            } else if count < 0 && errno == EINTR {
                continue
            } else {
                return count == 0 && all.isEmpty ? nil : all
            }
        }
    }

    private static func give(_ secret: Secret?, to command: Int32) {
        var bytes = Array(((secret?.reveal() ?? "") + "\n").utf8)
        defer { bytes.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) } }
        _ = write(command, bytes, bytes.count)
    }
}

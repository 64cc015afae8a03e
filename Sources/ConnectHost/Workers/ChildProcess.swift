import ConnectModel
import Foundation
import Synchronization

/// One child process with pipes on its three streams, in a process group of its own. The only caller of posix_spawn here.
///
/// `@unchecked Sendable` is not needed: all state is immutable but the reaped status, which a mutex guards.
final class ChildProcess: Sendable {
    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)

        var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .signalled(let signal): "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
            }
        }
    }

    let processID: pid_t
    /// The child's standard input; -1 once it was closed.
    private let inputEnd: Mutex<Int32>
    var input: Int32 { inputEnd.withLock { $0 } }
    let output: Int32
    let errors: Int32
    private let ending = Mutex<Ending?>(nil)

    /// Variables that no child gets: what they lead to opens every secret (OPS-3).
    private static let withheld: Set<String> = [SealingKeySource.variable, "CREDENTIALS_DIRECTORY"]

    /// - Parameter environment: the child's whole environment; nil: this process's.
    init(_ path: String, _ arguments: [String], newSession: Bool, environment: [String: String]? = nil) throws {
        let stdin = try Self.pipe()
        let stdout = try Self.pipe()
        let stderr = try Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, stdin.read, 0)
        posix_spawn_file_actions_adddup2(&actions, stdout.write, 1)
        posix_spawn_file_actions_adddup2(&actions, stderr.write, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C at the terminal reaches the host alone, which then ends the worker in good order.
        // And no signals blocked or ignored, whatever this process was started with: a worker must hear that it shall stop.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var ignorable = sigset_t()
        sigemptyset(&ignorable)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&ignorable, signal) }
        posix_spawnattr_setsigdefault(&attributes, &ignorable)
        let group = newSession ? 0x80 : POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        let given = (environment ?? ProcessInfo.processInfo.environment).filter { !Self.withheld.contains($0.key) }
        var variables: [UnsafeMutablePointer<CChar>?] = given.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, path, &actions, &attributes, &words, &variables)
        [stdin.read, stdout.write, stderr.write].forEach { _ = close($0) }
        guard result == 0 else {
            [stdin.write, stdout.read, stderr.read].forEach { _ = close($0) }
            throw ConnectError("worker.start", .transient, "The worker process could not be started: \(String(cString: strerror(result))).")
        }
        processID = child
        inputEnd = Mutex(stdin.write)
        output = stdout.read
        errors = stderr.read
    }

    deinit {
        closeInput()
        [output, errors].forEach { _ = close($0) }
    }

    /// Tells the child that nothing more comes.
    func closeInput() {
        inputEnd.withLock { end in
            if end >= 0 { _ = close(end) }
            end = -1
        }
    }

    /// Waits for the end; may be called again.
    func wait() -> Ending {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
            let signal = status & 0x7F
            let result: Ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            ending = result
            return result
        }
    }

    func send(signal: Int32) { kill(processID, signal) }

    func write(line: Data) throws {
        var bytes = line
        bytes.append(0x0A)
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Foundation.write(input, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw ConnectError("worker.start", .internal, "The worker process does not take its request.") }
                rest = rest[(rest.startIndex + count)...]
            }
        }
    }

    /// Close-on-exec, so that no other child inherits an end; dup2 in the child takes the mark off the ends it is given.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw ConnectError("worker.start", .transient, "No pipe could be made for a worker: \(String(cString: strerror(errno))).")
        }
        return (ends[0], ends[1])
    }
}

/// Lines of a descriptor as they come, without the line end; a line above `limit` bytes is cut.
struct LineReader {
    let descriptor: Int32
    private var pending: [UInt8] = []
    private let limit = 16 << 20

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    mutating func next() -> Data? {
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                let line = Data(pending[..<end])
                pending.removeSubrange(...end)
                return line
            }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            if pending.count < limit { pending += chunk[..<count] }
        }
    }
}

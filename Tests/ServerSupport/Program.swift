internal import Glibc

/// Runs a program to its end. Plain system calls: tests run many at once, from many threads.
public enum Program {
    public struct Outcome: Sendable {
        /// 128 and the signal's number after a signal.
        public var status: Int32
        /// Standard output and standard error.
        public var output: String
        public var errors: String
    }

    /// Output goes to files that have no name: what the program leaves running may keep them open, and a pipe would never end.
    public static func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let (output, errors) = (try unnamedFile(), try unnamedFile())
        defer {
            close(output)
            close(errors)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, program, &actions, nil, &pointers, environ)
        guard code == 0 else { throw TestServer.Unavailable(description: "\(program) could not be started: \(code)") }
        var raw: Int32 = 0
        while waitpid(id, &raw, 0) < 0 && errno == EINTR {}
        let status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
        return Outcome(status: status, output: text(output), errors: text(errors))
    }

    private static func unnamedFile() throws -> Int32 {
        var template = Array("/tmp/connecthost-output.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw TestServer.Unavailable(description: "No temporary file could be made: \(errno)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        return descriptor
    }

    private static func text(_ descriptor: Int32) -> String {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(content.count))
            guard count > 0 else { return String(decoding: content, as: UTF8.self) }
            content += chunk[0..<count]
        }
    }
}

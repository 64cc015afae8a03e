internal import CSSHShims
internal import ConnectorKit
internal import Glibc

/// A program that was started, in a session of its own: it has no terminal to ask on, and signals reach all of its processes.
final class ChildProcess {
    let id: pid_t
    private var status: Int32?

    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - environment: all of it, `NAME=value`.
    ///   - input, output, error: become descriptors 0, 1 and 2; every other descriptor is closed in the child.
    init(
        _ program: String, _ arguments: [String], environment: [String], input: Int32, output: Int32, error: Int32
    ) throws(ConnectorError) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, error, 2)
        _ = ch_ssh_close_from(&actions, 3)
        Self.setSignals(&attributes)

        var argumentPointers = ([program] + arguments).map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup($0) } + [nil]
        defer {
            for pointer in argumentPointers { free(pointer) }
            for pointer in environmentPointers { free(pointer) }
        }
        var id: pid_t = 0
        let code = posix_spawn(&id, program, &actions, &attributes, &argumentPointers, &environmentPointers)
        guard code == 0 else { throw ConnectorError(.transient, "\(program) could not be started: \(systemText(code)).") }
        self.id = id
    }

    /// No signal is blocked or ignored in the child, whatever this process does with its own.
    private static func setSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        var defaults = sigset_t()
        sigemptyset(&none)
        sigfillset(&defaults)
        sigdelset(&defaults, SIGKILL)
        sigdelset(&defaults, SIGSTOP)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        _ = ch_ssh_set_spawn_flags(&attributes)
    }

    /// The exit status, 128 and the signal's number after a signal; nil while it runs.
    func exitStatus() -> Int32? {
        if let status { return status }
        var raw: Int32 = 0
        var result = waitpid(id, &raw, WNOHANG)
        while result < 0 && errno == EINTR { result = waitpid(id, &raw, WNOHANG) }
        guard result != 0 else { return nil }
        // Somebody else of this process has taken the status when waitpid fails: it is gone all the same.
        status = result < 0 ? 255 : (raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f))
        return status
    }

    /// Waits so long at most.
    func exitStatus(withinMilliseconds limit: Int64) -> Int32? {
        let end = MonotonicClock.milliseconds() + limit
        var pause: UInt32 = 500
        while true {
            if let status = exitStatus() { return status }
            if MonotonicClock.milliseconds() >= end { return nil }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Asks the program to end by itself; `end` makes sure of it.
    func askToEnd() {
        if status == nil { kill(id, SIGTERM) }
    }

    /// Ends the program and whatever it started in its session, and takes its exit status.
    func end() {
        guard status == nil else { return }
        kill(-id, SIGKILL)
        kill(id, SIGKILL)
        var raw: Int32 = 0
        while waitpid(id, &raw, 0) < 0 && errno == EINTR {}
        status = 128 + SIGKILL
    }

    deinit { end() }

    /// The first program of that name in `PATH` and the usual places; nil when there is none.
    static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/local/bin", "/usr/bin", "/bin"]
        return directories.filter { $0.hasPrefix("/") }.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }
}

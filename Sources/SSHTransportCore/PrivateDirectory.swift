internal import ConnectorKit
internal import Glibc

/// A directory that only this account can enter, for what must be handed to a program by file; removed with its content by `remove`.
final class PrivateDirectory {
    let path: String
    private var names: [String] = []
    private var isRemoved = false

    /// In memory where the system has such a place, so that keys do not reach a disk. `forScripts`: programs can be started from it.
    init(forScripts: Bool) throws(ConnectorError) {
        var problem = "there is none of /dev/shm, TMPDIR and /tmp"
        for parent in Self.parents() where !forScripts || Self.allowsPrograms(parent) {
            var template = Array((parent + "/connecthost-ssh.XXXXXX").utf8CString)
            if mkdtemp(&template) != nil {
                path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return
            }
            problem = "\(parent): \(systemText(errno))"
        }
        throw ConnectorError(
            .configuration, "No private temporary directory could be made (\(problem)). Set TMPDIR to a directory this account can write to.")
    }

    deinit { remove() }

    private static func parents() -> [String] {
        let runtime = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        let temporary = getenv("TMPDIR").map { String(cString: $0) }
        return [runtime, "/dev/shm", temporary, "/tmp", "/var/tmp"].compactMap(\.self).filter { $0.hasPrefix("/") && access($0, W_OK | X_OK) == 0 }
    }

    private static func allowsPrograms(_ directory: String) -> Bool {
        var information = statvfs()
        let noPrograms: UInt = 8  // ST_NOEXEC
        return statvfs(directory, &information) == 0 && information.f_flag & noPrograms == 0
    }

    /// Makes a file that only this account can read. - Returns: its path.
    func write(_ name: String, _ content: [UInt8], mode: mode_t = 0o600) throws(ConnectorError) -> String {
        let file = path + "/" + name
        names.append(name)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw ConnectorError(.transient, "\(file) could not be made: \(systemText(errno)).") }
        defer { close(descriptor) }
        var done = 0
        while done < content.count {
            let count = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, content.count - done) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw ConnectorError(.noSpace, "\(file) could not be written: \(systemText(errno)).") }
            done += count
        }
        return file
    }

    /// A pipe by name that holds `line` for one reader: nothing reaches a disk. Lasts as long as the descriptor.
    func writePipe(_ name: String, _ line: [UInt8]) throws(ConnectorError) -> FileDescriptor {
        let file = path + "/" + name
        names.append(name)
        guard mkfifo(file, 0o600) == 0 else { throw ConnectorError(.transient, "\(file) could not be made: \(systemText(errno)).") }
        let descriptor = FileDescriptor(open(file, O_RDWR | O_NONBLOCK | O_CLOEXEC))
        let content = line + [0x0A]
        let count = content.withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
        guard count == content.count else {
            throw ConnectorError(.configuration, "The secret is longer than the \(PIPE_BUF) bytes that can be handed over.")
        }
        return descriptor
    }

    /// A path in it for a file that somebody else makes; removed with the rest.
    func path(for name: String) -> String {
        names.append(name)
        return path + "/" + name
    }

    func remove() {
        guard !isRemoved else { return }
        isRemoved = true
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }
}

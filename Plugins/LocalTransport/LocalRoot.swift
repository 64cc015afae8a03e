import ConnectorKit
import Glibc

/// The directory of the settings, held open. Every path is walked from it one name at a time without following links,
/// so that neither `..` nor a link leads out of it.
final class LocalRoot {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(ConnectorError) {
        self.path = path
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.of(errno, "The directory", path, missing: .configuration) }
    }

    deinit { Glibc.close(descriptor) }

    /// Calls `body` with the open directory that holds `path` and the last name of it.
    func inParent<Result>(
        of path: String, _ body: (_ directory: Int32, _ name: String) throws(ConnectorError) -> Result
    ) throws(ConnectorError) -> Result {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.popLast(), !name.isEmpty, name != ".", name != ".." else {
            throw ConnectorError(.configuration, "\"\(path)\" names no file below the directory.")
        }
        var directory = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard directory >= 0 else { throw SystemError.of(errno, "The directory", self.path) }
        defer { Glibc.close(directory) }
        for part in parts {
            guard !part.isEmpty, part != ".", part != ".." else {
                throw ConnectorError(.configuration, "\"\(path)\" is not a path below the directory.")
            }
            let next = openat(directory, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw SystemError.of(errno, "The directory of", path) }
            Glibc.close(directory)
            directory = next
        }
        return try body(directory, name)
    }

    /// A new descriptor of a directory below, or of the root for "".
    func openDirectory(_ path: String) throws(ConnectorError) -> Int32 {
        if path.isEmpty {
            // A fresh one and not a duplicate: the place in the listing belongs to the open file.
            let root = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard root >= 0 else { throw SystemError.of(errno, "The directory", self.path) }
            return root
        }
        return try inParent(of: path) { directory, name throws(ConnectorError) in
            let opened = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard opened >= 0 else { throw SystemError.of(errno, "The directory", path) }
            return opened
        }
    }

    func checkWritable() throws(ConnectorError) {
        guard faccessat(descriptor, ".", W_OK | X_OK, 0) == 0 else { throw SystemError.of(errno, "The directory", path) }
    }
}

/// What errno means, in words.
enum SystemError {
    static func of(_ code: Int32, _ what: String, _ path: String, missing: ConnectorError.Status = .notFound) -> ConnectorError {
        let (status, advice): (ConnectorError.Status, String) =
            switch code {
            case ENOENT: (missing, "does not exist. Make it, or correct the name")
            case ENOTDIR: (missing == .configuration ? .configuration : .permission, "is not a directory")
            case EEXIST: (.exists, "exists already")
            case EACCES, EPERM, EROFS:
                (.permission, "may not be used: \(String(cString: strerror(code))). Give the user that runs connecthost the right to")
            case ENOSPC, EDQUOT: (.noSpace, "cannot be written: the disk is full. Free some space")
            case ENOTEMPTY: (.notEmpty, "is not empty")
            case ELOOP: (.permission, "is a link, which is not followed, because it could lead out of the server's directory")
            case EISDIR: (.configuration, "is a directory and not a file")
            case ENAMETOOLONG: (.configuration, "has too long a name")
            case EMFILE, ENFILE, EINTR, EAGAIN, EIO: (.transient, "cannot be used now: \(String(cString: strerror(code)))")
            default: (.internal, "cannot be used: \(String(cString: strerror(code)))")
            }
        return ConnectorError(status, "\(what) \"\(path)\" \(advice).", detail: "{\"errno\":\(code)}")
    }
}

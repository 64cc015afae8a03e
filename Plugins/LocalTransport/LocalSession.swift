import ConnectorKit
import Glibc

/// A session on a local directory. Nothing here blocks for long, so there is nothing to cancel but the call's own check.
final class LocalSession: TransportSession {
    let root: LocalRoot

    init(root: LocalRoot) { self.root = root }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry {
        try root.inParent(of: path) { directory, name throws(ConnectorError) in
            var status = Glibc.stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw SystemError.of(errno, "The file", path) }
            return Self.entry(path, status)
        }
    }

    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let descriptor = try root.openDirectory(directory)
        guard let stream = fdopendir(descriptor) else {
            Glibc.close(descriptor)
            throw SystemError.of(errno, "The directory", directory)
        }
        defer { closedir(stream) }
        while let raw = readdir(stream) {
            try call.checkCancellation()
            let bytes = withUnsafeBytes(of: raw.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                call.log(.warning, "A file whose name is not UTF-8 was passed over in \"\(directory)\".")
                continue
            }
            var status = Glibc.stat()
            // Gone since it was listed: then it is not there.
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            try each(Self.entry(directory.isEmpty ? name : "\(directory)/\(name)", status))
        }
    }

    func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        let descriptor = try root.inParent(of: path) { directory, name throws(ConnectorError) in
            // Without O_NONBLOCK a pipe of that name would hold the call for ever.
            let opened = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard opened >= 0 else { throw SystemError.of(errno, "The file", path) }
            return opened
        }
        var status = Glibc.stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw ConnectorError(.configuration, "\"\(path)\" is not a regular file.")
        }
        guard lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
            Glibc.close(descriptor)
            throw SystemError.of(errno, "The file", path)
        }
        posix_fadvise(descriptor, off_t(offset), 0, POSIX_FADV_SEQUENTIAL)
        return LocalReadFile(descriptor: descriptor, path: path)
    }

    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        try root.inParent(of: path) { directory, name throws(ConnectorError) in
            let flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | (offset == 0 ? O_CREAT | O_TRUNC : 0)
            let opened = openat(directory, name, flags, 0o666)
            guard opened >= 0 else { throw SystemError.of(errno, "The file", path) }
            let keeper = fcntl(directory, F_DUPFD_CLOEXEC, 0)
            let file = LocalWriteFile(descriptor: opened, directory: keeper, name: name, path: path, isNew: offset == 0)
            try file.seek(to: offset)
            return file
        }
    }

    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try root.inParent(of: from) { oldDirectory, oldName throws(ConnectorError) in
            try root.inParent(of: to) { newDirectory, newName throws(ConnectorError) in
                let result =
                    replace ? renameat(oldDirectory, oldName, newDirectory, newName) : Self.renameNew(oldDirectory, oldName, newDirectory, newName)
                guard result == 0 else {
                    throw errno == EEXIST ? SystemError.of(errno, "The file", to) : SystemError.of(errno, "The file", from)
                }
                fsync(newDirectory)
                fsync(oldDirectory)
            }
        }
    }

    /// A second name, then the first one away: the link fails where the target exists, which rename itself would overwrite.
    private static func renameNew(_ oldDirectory: Int32, _ oldName: String, _ newDirectory: Int32, _ newName: String) -> Int32 {
        if linkat(oldDirectory, oldName, newDirectory, newName, 0) == 0 { return unlinkat(oldDirectory, oldName, 0) }
        guard errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK else { return -1 }
        // A directory, or a file system without links: look, then rename.
        var status = Glibc.stat()
        guard fstatat(newDirectory, newName, &status, AT_SYMLINK_NOFOLLOW) != 0 else {
            errno = EEXIST
            return -1
        }
        return renameat(oldDirectory, oldName, newDirectory, newName)
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try root.inParent(of: path) { directory, name throws(ConnectorError) in
            guard unlinkat(directory, name, 0) == 0 else { throw SystemError.of(errno, "The file", path) }
            fsync(directory)
        }
    }

    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try root.inParent(of: path) { directory, name throws(ConnectorError) in
            if mkdirat(directory, name, 0o777) == 0 { return }
            guard errno == EEXIST else { throw SystemError.of(errno, "The directory", path) }
            var status = Glibc.stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw ConnectorError(.exists, "\"\(path)\" exists and is not a directory.")
            }
        }
    }

    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try root.inParent(of: path) { directory, name throws(ConnectorError) in
            guard unlinkat(directory, name, AT_REMOVEDIR) == 0 else { throw SystemError.of(errno, "The directory", path) }
        }
    }

    func cancel() {}
    func close() {}

    private static func entry(_ path: String, _ status: Glibc.stat) -> FileEntry {
        let kind: FileEntry.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return FileEntry(path: path, kind: kind, size: Int64(status.st_size), modifiedUnixNanoseconds: modified, unixMode: status.st_mode & 0o7777)
    }
}

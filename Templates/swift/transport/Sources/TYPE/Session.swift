import ConnectorKit
import Glibc

/// One connection. Calls come one at a time; nothing is kept outside it, so that two connections do not meet.
final class Session: TransportSession {
    private let root: Int32

    init(_ directory: String) throws(ConnectorError) {
        root = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if root < 0 { throw ConnectorError(.configuration, "The directory \"\(directory)\" cannot be opened: \(String(cString: strerror(errno))).") }
    }

    deinit { Glibc.close(root) }

    func close() {}

    /// Comes from another thread while a call waits: shut your socket down here. Nothing waits for long in this one.
    func cancel() {}

    /// Opens the directory that holds `path` and gives it with the last name. Goes down by one name at a time and follows no link, so
    /// that nothing outside the root is ever touched. The host refuses ".." as well; both do.
    private func inParent<Result>(
        of path: String, _ body: (Int32, String) throws(ConnectorError) -> Result
    ) throws(ConnectorError) -> Result {
        let names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let last = names.last, !names.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }) else {
            throw ConnectorError(.configuration, "\"\(path)\" is not a path below the directory.")
        }
        var directory = try checked(fcntl(root, F_DUPFD_CLOEXEC, 0), path)
        defer { Glibc.close(directory) }
        for name in names.dropLast() {
            let next = try checked(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path)
            Glibc.close(directory)
            directory = next
        }
        return try body(directory, last)
    }

    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry {
        try inParent(of: path) { directory, name throws(ConnectorError) in
            var facts = Glibc.stat()
            try checked(fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW), path)
            return Self.entry(path, facts)
        }
    }

    /// One level; each entry goes to the host as it arrives.
    func list(_ path: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        // A descriptor of its own, because the place in a listing belongs to the open directory.
        let descriptor =
            path.isEmpty
            ? try checked(openat(root, ".", flags), path)
            : try inParent(of: path) { directory, name throws(ConnectorError) in try checked(openat(directory, name, flags), path) }
        guard let listing = fdopendir(descriptor) else {
            let number = errno
            Glibc.close(descriptor)
            throw failure(number, path)
        }
        defer { closedir(listing) }
        while let item = readdir(listing) {
            try call.checkCancellation()
            let bytes = withUnsafeBytes(of: item.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                call.log(.warning, "A file whose name is not UTF-8 was passed over.")
                continue
            }
            var facts = Glibc.stat()
            // Removed by somebody since it was listed: then it is not there.
            guard name != ".", name != "..", fstatat(descriptor, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            try each(Self.entry(path.isEmpty ? name : "\(path)/\(name)", facts))
        }
    }

    func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        try inParent(of: path) { directory, name throws(ConnectorError) in
            let file = try OpenFile(directory, name, path, O_RDONLY, isNew: false)
            try file.seek(to: offset)
            return file
        }
    }

    /// From 0: a new file, or an emptied one. From another offset: goes on with a file of exactly that size, and makes none.
    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        try inParent(of: path) { directory, name throws(ConnectorError) in
            let file = try OpenFile(directory, name, path, O_WRONLY | (offset == 0 ? O_CREAT | O_TRUNC : 0), isNew: offset == 0)
            if offset > 0, try file.size() != offset {
                throw ConnectorError(.data, "\"\(path)\" does not have the \(offset) bytes it should go on after.")
            }
            try file.seek(to: offset)
            return file
        }
    }

    /// Without `replace` an existing target stays: a second name fails there, and rename would not.
    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try inParent(of: from) { source, old throws(ConnectorError) in
            try inParent(of: to) { target, new throws(ConnectorError) in
                let result = replace ? renameat(source, old, target, new) : linkat(source, old, target, new, 0)
                if result != 0 { throw failure(errno, errno == EEXIST ? to : from) }
                if !replace { try checked(unlinkat(source, old, 0), from) }
                fsync(target)
                fsync(source)
            }
        }
    }

    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try inParent(of: path) { directory, name throws(ConnectorError) in _ = try checked(unlinkat(directory, name, 0), path) }
    }

    /// A directory that is there already is fine.
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try inParent(of: path) { directory, name throws(ConnectorError) in
            if mkdirat(directory, name, 0o777) == 0 { return }
            let number = errno
            var facts = Glibc.stat()
            let isThere = fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && facts.st_mode & S_IFMT == S_IFDIR
            if number != EEXIST || !isThere { throw failure(number, path) }
        }
    }

    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) {
        try inParent(of: path) { directory, name throws(ConnectorError) in _ = try checked(unlinkat(directory, name, AT_REMOVEDIR), path) }
    }

    private static func entry(_ path: String, _ facts: Glibc.stat) -> FileEntry {
        let kind: FileEntry.Kind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        let modified = Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)
        return FileEntry(path: path, kind: kind, size: Int64(facts.st_size), modifiedUnixNanoseconds: modified, unixMode: facts.st_mode & 0o7777)
    }
}

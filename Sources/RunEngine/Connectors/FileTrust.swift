import ConnectModel
import Foundation

/// Whether a file may be loaded (CON-7), asked again where it is loaded: the catalogue looked some time ago, and in another process.
/// Because nobody but root and this user can rename within such a chain of directories, looking first and loading after is safe.
public struct FileTrust: Sendable {
    /// Tells files apart that go by several names.
    public struct Identity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    /// Free of links.
    public let path: String
    public let identity: Identity

    /// Finds the file and every directory above it good, or throws `connector.refused`.
    public init(_ path: String) throws {
        guard path.hasPrefix("/") else { throw Self.refused("is not given by its whole path") }
        guard let resolved = realpath(path, nil) else { throw Self.refused("cannot be looked at: \(String(cString: strerror(errno)))") }
        defer { free(resolved) }
        let real = String(cString: resolved)
        self.path = real
        identity = try Self.check(real, isFile: true)
        var directory = real
        while directory != "/" {
            let parent = directory.split(separator: "/").dropLast().joined(separator: "/")
            directory = "/" + parent
            try Self.check(directory, isFile: false)
        }
    }

    @discardableResult
    private static func check(_ path: String, isFile: Bool) throws -> Identity {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw refused("cannot be looked at: \(String(cString: strerror(errno)))") }
        if isFile && status.st_mode & S_IFMT != S_IFREG { throw refused("is not a regular file") }
        let place = isFile ? "" : "lies in \(path), which "
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw refused(
                "\(place)belongs to another user (\(status.st_uid)): chown it to root or to the user that runs connecthost")
        }
        // In a sticky directory such as /tmp only owners can rename.
        let identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        if !isFile && status.st_mode & S_ISVTX != 0 { return identity }
        let writers = [(S_IWGRP, "group", "g-w"), (S_IWOTH, "others", "o-w")].filter { status.st_mode & $0.0 != 0 }
        guard writers.isEmpty else {
            let names = writers.map(\.1).joined(separator: " and ")
            throw refused("\(place)is writable by \(names): chmod \(writers.map(\.2).joined(separator: ",")) \(path)")
        }
        return identity
    }

    private static func refused(_ reason: String) -> ConnectError { ConnectError("connector.refused", .configuration, reason) }
}

import Foundation

/// What tells whether a file is still the one that was looked at.
public struct FileStamp: Codable, Equatable, Sendable, CustomStringConvertible {
    let size: Int64
    let modifiedSeconds: Int64
    let modifiedNanoseconds: Int64
    let inode: UInt64

    public init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        size = Int64(status.st_size)
        modifiedSeconds = Int64(status.st_mtim.tv_sec)
        modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
        inode = UInt64(status.st_ino)
    }

    /// To be handed to another process, and compared there.
    public var description: String { "\(inode):\(size):\(modifiedSeconds).\(modifiedNanoseconds)" }
}

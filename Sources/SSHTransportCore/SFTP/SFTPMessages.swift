/// The packet types of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 3).
enum SFTPPacketType: UInt8 {
    case initialize = 1
    case version = 2
    case open = 3
    case close = 4
    case read = 5
    case write = 6
    case lstat = 7
    case fstat = 8
    case setstat = 9
    case fsetstat = 10
    case opendir = 11
    case readdir = 12
    case remove = 13
    case mkdir = 14
    case rmdir = 15
    case realpath = 16
    case stat = 17
    case rename = 18
    case status = 101
    case handle = 102
    case data = 103
    case name = 104
    case attrs = 105
    case extended = 200
    case extendedReply = 201
}

/// What a server answers when a request has no other result. Codes above 8 belong to later versions; some servers send them in version 3 too.
public struct SFTPStatus: Sendable, Equatable {
    public enum Code: UInt32, Sendable {
        case ok = 0
        case endOfFile = 1
        case noSuchFile = 2
        case permissionDenied = 3
        case failure = 4
        case badMessage = 5
        case noConnection = 6
        case connectionLost = 7
        case unsupported = 8
        case invalidHandle = 9
        case noSuchPath = 10
        case alreadyExists = 11
        case writeProtected = 12
        case noMedia = 13
        case noSpace = 14
        case quotaExceeded = 15
        case lockConflict = 17
        case directoryNotEmpty = 18
        case notADirectory = 19
        case invalidFilename = 20
        case isADirectory = 24
    }

    /// The number as the server sent it.
    public var number: UInt32
    /// The server's own words, cleaned of control characters and cut; empty when `number` is 0.
    public var message: String

    /// nil for a number this version does not know.
    public var code: Code? { Code(rawValue: number) }
    public static let ok = SFTPStatus(number: 0, message: "")

    public init(number: UInt32, message: String) {
        self.number = number
        self.message = message
    }
}

/// What a server says about a file; nil is what it did not say.
public struct SFTPAttributes: Sendable, Equatable {
    /// Bytes.
    public var size: Int64?
    /// Permission and type bits as in `st_mode`.
    public var permissions: UInt32?
    /// Seconds since 1970 UTC.
    public var accessed: UInt32?
    public var modified: UInt32?

    public init(size: Int64? = nil, permissions: UInt32? = nil, accessed: UInt32? = nil, modified: UInt32? = nil) {
        self.size = size
        self.permissions = permissions
        self.accessed = accessed
        self.modified = modified
    }

    public enum FileType: Sendable { case file, directory, link, other, unknown }
    public var fileType: FileType {
        guard let permissions else { return .unknown }
        return switch permissions & 0o170000 {
        case 0o100000: .file
        case 0o040000: .directory
        case 0o120000: .link
        case 0: .unknown
        default: .other
        }
    }
}

/// One name of a directory, in the bytes the server sent.
public struct SFTPName: Sendable, Equatable {
    public var filename: [UInt8]
    public var attributes: SFTPAttributes
}

/// How a file is opened (pflags).
public struct SFTPOpenFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let read = SFTPOpenFlags(rawValue: 0x01)
    public static let write = SFTPOpenFlags(rawValue: 0x02)
    public static let append = SFTPOpenFlags(rawValue: 0x04)
    public static let create = SFTPOpenFlags(rawValue: 0x08)
    public static let truncate = SFTPOpenFlags(rawValue: 0x10)
    public static let exclusive = SFTPOpenFlags(rawValue: 0x20)
}

/// Names of OpenSSH's extensions (PROTOCOL, section 4).
public enum SFTPExtension {
    public static let limits = "limits@openssh.com"
    public static let posixRename = "posix-rename@openssh.com"
    public static let fsync = "fsync@openssh.com"
    public static let statvfs = "statvfs@openssh.com"
}

/// What the server takes at most (`limits@openssh.com`), in bytes; 0 where it does not say.
public struct SFTPServerLimits: Sendable, Equatable {
    public var packetLength: UInt64
    public var readLength: UInt64
    public var writeLength: UInt64
    public var openHandles: UInt64
}

/// A packet that no correct server sends; the connection cannot be used after it.
public struct SFTPViolation: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}

/// One reply, for the request it answers. File contents do not pass through here; see `SFTPEvent.data`.
public enum SFTPReply: Sendable, Equatable {
    case status(SFTPStatus)
    case handle([UInt8])
    case names([SFTPName])
    case attributes(SFTPAttributes)
    case extended([UInt8])
}

public enum SFTPEvent: Sendable, Equatable {
    /// The server's version and its extensions, name to value.
    case version(UInt32, extensions: [String: String])
    case reply(SFTPRequestID, SFTPReply)
    /// The next `count` bytes of the stream are file contents for this request: take them, then tell `SFTPCodec.payloadTaken`.
    case data(SFTPRequestID, count: Int)
}

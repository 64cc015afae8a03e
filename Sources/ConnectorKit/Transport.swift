/// One thing in a directory of a file server.
public struct FileEntry: Sendable, Equatable {
    public enum Kind: UInt32, Sendable {
        case file = 1
        case directory = 2
        case link = 3
        case other = 4
    }

    /// Relative to the session's root, `/` between names, no leading `/`.
    public var path: String
    public var kind: Kind
    /// Bytes; nil when the server does not say.
    public var size: Int64?
    /// Nanoseconds since 1970 UTC; nil when the server does not say.
    public var modifiedUnixNanoseconds: Int64?
    /// Permission bits; 0 when unknown.
    public var unixMode: UInt32

    public init(path: String, kind: Kind, size: Int64? = nil, modifiedUnixNanoseconds: Int64? = nil, unixMode: UInt32 = 0) {
        self.path = path
        self.kind = kind
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
        self.unixMode = unixMode
    }
}

/// A file that is being read. Calls come one at a time; the last is `close`.
public protocol ReadableFile: AnyObject {
    /// Fills up to `buffer.count` bytes; returns how many, 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int
    /// Gives everything back; never fails.
    func close()
}

/// A file that is being written. Exactly one of `commit` and `abort` ends it.
public protocol WritableFile: AnyObject {
    /// Takes at least one byte of `buffer` (not empty); returns how many.
    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int
    /// Makes the file complete and durable. The only success; ends the file whatever happens.
    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError)
    /// Removes what was written, where the server lets it; never fails.
    func abort()
}

/// A connection to one file server, rooted in the directory of its settings. The host has refused `..`, absolute paths
/// and NUL bytes before a path arrives here. Calls block, come one at a time, not always on the same thread;
/// only `cancel` may come from another thread while a call runs.
public protocol TransportSession: AnyObject {
    /// Throws `.notFound` when there is nothing at `path`. A link at its end is followed or told as `.link`, as is safe there.
    func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry
    /// One level of `directory` ("" is the root), in any order, handed over as it arrives. Names that are not UTF-8 are skipped with a logged warning.
    func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError)
    func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile
    /// `offset` 0 creates or truncates; above 0 goes on with a file that has exactly that many bytes, or more where the features have `.cutBack`.
    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile
    /// With `replace` false an existing target is `.exists`.
    func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError)
    /// Throws `.notFound` when there is nothing to remove.
    func remove(_ path: String, _ call: any CallContext) throws(ConnectorError)
    /// Succeeds when the directory is there already.
    func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError)
    /// Throws `.notEmpty` when something is in it.
    func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError)
    /// Unblocks the call in flight, which then throws `.cancelled`. Any thread, any number of times.
    func cancel()
    /// Ends the session within 2 s; never fails.
    func close()
}

/// What a transport can do; the host asks before it relies on it. The bits are those of `CH_TF_*`.
public struct TransportFeatures: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A rename replaces its target in one step.
    public static let atomicRename = TransportFeatures(rawValue: 1 << 0)
    /// `openWrite` with an offset works.
    public static let append = TransportFeatures(rawValue: 1 << 1)
    /// `openRead` with an offset works.
    public static let seekRead = TransportFeatures(rawValue: 1 << 2)
    public static let setModified = TransportFeatures(rawValue: 1 << 3)
    public static let makeDirectory = TransportFeatures(rawValue: 1 << 4)
    public static let caseInsensitive = TransportFeatures(rawValue: 1 << 5)
    /// A file that is being written is visible to others, so the host writes under a temporary name.
    public static let partialVisible = TransportFeatures(rawValue: 1 << 6)
    /// Several files of one session may be open at once.
    public static let parallel = TransportFeatures(rawValue: 1 << 7)
    /// `openWrite` with an offset takes a longer file, too, and cuts off what it has from there on.
    public static let cutBack = TransportFeatures(rawValue: 1 << 8)
}

/// The peer's identity as it presents itself before any credential is sent: a host key, a certificate (FS-7).
public struct PeerIdentity: Sendable, Equatable {
    /// "ssh-ed25519", "x509" …
    public var type: String
    /// What a person compares: "SHA256:…".
    public var fingerprint: String
    /// What the host stores in the pin setting once the person has agreed.
    public var pin: String

    public init(type: String, fingerprint: String, pin: String) {
        self.type = type
        self.fingerprint = fingerprint
        self.pin = pin
    }
}

/// A file transport as its author declares it.
public protocol TransportConnector: Connector {
    static var features: TransportFeatures { get }
    static func open(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) -> any TransportSession
    /// Asks the peer who it is, sending no credential. An empty answer: this transport has no such thing.
    /// Comes with the values alone, because secrets may not be there yet.
    static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity]
}

extension TransportConnector {
    public static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] { [] }
}

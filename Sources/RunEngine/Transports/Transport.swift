import ConnectModel

/// One thing on a file server, seen from the host.
public struct RemoteEntry: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable {
        case file, directory, link, other
    }

    /// Relative to the server's directory, `/` between names.
    public var path: String
    public var kind: Kind
    public var size: Int64?
    public var modifiedUnixNanoseconds: Int64?

    public init(path: String, kind: Kind, size: Int64?, modifiedUnixNanoseconds: Int64?) {
        self.path = path
        self.kind = kind
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
    }
}

/// What a transport can do; `CH_TF_*` of the ABI.
public struct TransportFeatures: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let atomicRename = TransportFeatures(rawValue: 1 << 0)
    public static let append = TransportFeatures(rawValue: 1 << 1)
    public static let seekRead = TransportFeatures(rawValue: 1 << 2)
    public static let setModified = TransportFeatures(rawValue: 1 << 3)
    public static let makeDirectory = TransportFeatures(rawValue: 1 << 4)
    public static let partialVisible = TransportFeatures(rawValue: 1 << 6)
    public static let cutBack = TransportFeatures(rawValue: 1 << 8)
}

/// A connection to a file server. Blocking; one thread at a time. The cancellation it was opened with ends its calls from any. Throws `ConnectError`:
/// a missing file is code `file.missing`, an existing target `file.exists`.
public protocol Transport: AnyObject {
    var features: TransportFeatures { get }
    func stat(_ path: String) throws -> RemoteEntry
    func list(_ directory: String, _ each: (RemoteEntry) throws -> Void) throws
    func openRead(_ path: String, offset: Int64) throws -> any TransportReader
    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?) throws -> any TransportWriter
    func rename(_ from: String, to: String, replace: Bool) throws
    func remove(_ path: String) throws
    func makeDirectory(_ path: String) throws
    func close()
}

public protocol TransportReader: AnyObject {
    /// Bytes put into `buffer`; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    func close()
}

public protocol TransportWriter: AnyObject {
    /// Writes all of `buffer`.
    func write(_ buffer: UnsafeRawBufferPointer) throws
    func commit(modifiedUnixNanoseconds: Int64?) throws
    func abort()
}

/// Makes connections; each call is a new one.
public protocol TransportOpener: Sendable {
    /// `cancellation` ends the calls of this connection.
    func open(_ cancellation: Cancellation) throws -> any Transport
}

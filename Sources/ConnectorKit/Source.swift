/// A column of a stream. The four types are those that cross the interface in major 1.
public struct StreamColumn: Sendable, Equatable {
    public enum Kind: Sendable {
        case text, integer, double, boolean
    }

    public var name: String
    public var kind: Kind
    public var isNullable: Bool

    public init(_ name: String, _ kind: Kind, nullable isNullable: Bool = true) {
        self.name = name
        self.kind = kind
        self.isNullable = isNullable
    }
}

/// One thing there is to read.
public struct StreamDescription: Sendable, Equatable {
    public var name: String
    public var title: String
    public var columns: [StreamColumn]
    public var primaryKey: [String]
    /// The column whose growth tells new rows; nil when the source has its own way, or none.
    public var cursorField: String?
    /// Whether a reading can go on from the cursor of an earlier one.
    public var isIncremental: Bool
    public var estimatedRows: Int64?

    public init(
        _ name: String, title: String, columns: [StreamColumn], primaryKey: [String] = [], cursorField: String? = nil,
        incremental isIncremental: Bool = false,
        estimatedRows: Int64? = nil
    ) {
        self.name = name
        self.title = title
        self.columns = columns
        self.primaryKey = primaryKey
        self.cursorField = cursorField
        self.isIncremental = isIncremental
        self.estimatedRows = estimatedRows
    }
}

/// What is asked of a source.
public struct StreamRequest: Sendable, Equatable {
    public var stream: String
    public var isIncremental: Bool
    /// The columns that the batches have: all of the stream, or those asked for where the source has `.projection`.
    public var columns: [StreamColumn]
    /// A hint; about 10,000 rows or 8 MB are best.
    public var batchRows: Int
}

/// What a source can do; the host asks before it relies on it. The bits are those of `CH_SF_*`.
public struct SourceFeatures: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A reading with a cursor gives only what came after it.
    public static let incremental = SourceFeatures(rawValue: 1 << 0)
    /// A cursor may be taken in the middle.
    public static let resumable = SourceFeatures(rawValue: 1 << 1)
    /// Gives only the columns that are asked for.
    public static let projection = SourceFeatures(rawValue: 1 << 2)
}

/// One reading of a stream. Calls block, come one at a time, not always on the same thread; only `cancel` may come from another
/// thread while a call runs.
public protocol StreamReader: AnyObject {
    /// The next rows, with the columns of the request; nil at the end. Throws `.cancelled` soon after `cancel`.
    func next(_ call: any CallContext) throws(ConnectorError) -> RowBatch?
    /// JSON of at most 64 KiB that only this source understands: where a later reading goes on. Covers exactly the rows that `next` has returned.
    func cursor() throws(ConnectorError) -> String
    /// Unblocks the call in flight. Any thread, any number of times. Nothing to do is fine: `next` is not called after it.
    func cancel()
    /// Ends the reading within 2 s; never fails.
    func close()
}

extension StreamReader {
    public func cancel() {}
    public func close() {}
}

/// A source of rows as its author declares it.
public protocol SourceConnector: Connector {
    static var features: SourceFeatures { get }
    /// What there is to read, with its columns.
    static func streams(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) -> [StreamDescription]
    /// Begins to read, from the start or from a cursor that an earlier reading gave. Throws `.cursor` when that is no longer honoured: then
    /// the host reads everything. The stream is one of `streams`. `call` is good until the reader is closed.
    static func open(_ settings: Settings, _ request: StreamRequest, from cursor: String?, _ call: any CallContext) throws(ConnectorError)
        -> any StreamReader
}

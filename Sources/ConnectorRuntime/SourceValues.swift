/// One stream of a source, as `discover` names it.
public struct SourceStream: Sendable, Equatable, Decodable {
    public var name: String
    public var title: String?
    public var primaryKey: [String]?
    /// The column whose growth tells new rows; nil when the source has its own way.
    public var cursorField: String?
    /// "full", "incremental".
    public var modes: [String]?
    public var estimatedRows: Int64?

    enum CodingKeys: String, CodingKey {
        case name, title, modes
        case primaryKey = "primary_key"
        case cursorField = "cursor_field"
        case estimatedRows = "estimate_rows"
    }
}

/// One column of a stream.
public struct SourceColumn: Sendable, Equatable {
    /// The Arrow types that cross the interface in major 1; the raw value is Arrow's format string.
    public enum Kind: String, Sendable {
        case text = "u"
        case integer = "l"
        case double = "g"
        case boolean = "b"
    }

    public var name: String
    public var kind: Kind
    public var isNullable: Bool

    public init(name: String, kind: Kind, isNullable: Bool) {
        self.name = name
        self.kind = kind
        self.isNullable = isNullable
    }
}

/// One value, copied out of its batch.
public enum SourceValue: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
}

/// What is asked of a source.
public struct SourceRequest: Sendable, Encodable {
    public var stream: String
    /// One of the stream's modes.
    public var mode: String
    /// Only these columns, where the source can leave the others out (`CH_SF_PROJECTION`).
    public var columns: [String]?
    /// A hint.
    public var batchRows: Int?

    public init(stream: String, mode: String = "full", columns: [String]? = nil, batchRows: Int? = nil) {
        self.stream = stream
        self.mode = mode
        self.columns = columns
        self.batchRows = batchRows
    }

    enum CodingKeys: String, CodingKey {
        case stream, mode, columns
        case batchRows = "batch_rows"
    }
}

/// Something in a directory of a file server. JSON keys are a contract.
public struct RemoteFile: Sendable, Codable, Equatable {
    public var name: String
    /// Below the server's directory.
    public var path: String
    /// "file", "directory", "link" or "other".
    public var kind: String
    public var size: Int64?
    public var modifiedUnixNanoseconds: Int64?

    public init(name: String, path: String, kind: String, size: Int64?, modifiedUnixNanoseconds: Int64?) {
        self.name = name
        self.path = path
        self.kind = kind
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
    }
}

/// What a look at the beginning of a file suggests about it, for whoever has no job for it yet (IMP-18). JSON keys are a contract.
public struct FileInspection: Sendable, Codable {
    public struct Column: Sendable, Codable, Equatable {
        /// As it stands in the header, or COLUMN1, COLUMN2, … without one.
        public var name: String
        /// The narrowest type that holds the values of the sample.
        public var type: FieldType
        /// Where the proposed job puts it; nil: nowhere.
        public var field: String?

        public init(name: String, type: FieldType, field: String? = nil) {
            self.name = name
            self.type = type
            self.field = field
        }
    }

    public var file: SourceFile
    /// "none" or "pgp".
    public var encryption: String
    /// "none", "gzip" or "zip".
    public var compression: String
    /// Of an archive, as it was asked for.
    public var member: String?
    public var charset: String
    /// "tab" for the tabulator.
    public var delimiter: String
    public var enclosure: String
    public var header: Bool
    public var lineEnd: String?
    /// Name of the format of its timestamps; nil where it has none.
    public var dateFormat: String?
    public var columns: [Column]
    public var firstRows: [[String]]
    /// How much of the contents was looked at.
    public var sampledBytes: Int
    public var sampledRecords: Int
    /// A table and a job that load it.
    public var table: AudienceTable?
    public var job: Job?
    /// Both as a document for `apply`.
    public var jobFile: String

    public init(file: SourceFile, encryption: String, compression: String, member: String?) {
        self.file = file
        self.encryption = encryption
        self.compression = compression
        self.member = member
        charset = "UTF-8"
        delimiter = ","
        enclosure = "double"
        header = true
        columns = []
        firstRows = []
        sampledBytes = 0
        sampledRecords = 0
        jobFile = ""
    }
}

/// One file of an export, under which names it stands.
public struct ExportedFile: Sendable, Codable, Equatable {
    /// On the server, relative to its directory.
    public var path: String
    /// Where it is written until it is whole.
    public var temporaryPath: String
    public var readyPath: String?
    public var bytes: Int64
    public var records: Int64
    public var sha256: String
    /// Whether its rename may have been asked for: written down before it is. nil in runs written down before this was.
    public var isRenameAsked: Bool? = false

    public init(path: String, temporaryPath: String, readyPath: String?, bytes: Int64, records: Int64, sha256: String) {
        self.path = path
        self.temporaryPath = temporaryPath
        self.readyPath = readyPath
        self.bytes = bytes
        self.records = records
        self.sha256 = sha256
    }
}

/// What an export run has written down of itself (EXP-2).
public struct ExportProgress: Sendable, Codable, Equatable {
    public var server: String
    /// The watermark that the run began at; nil where every record is exported.
    public var from: ChangeMark?
    /// What the records were read up to. The job's watermark becomes this when the run has succeeded, and not before.
    public var to: ChangeMark
    public var files: [ExportedFile] = []
    /// Characters that the character set does not have (EXP-4).
    public var replacedCharacters: Int64 = 0
    /// Delimiters and line ends that became blanks (`file.unenclosed: replace`).
    public var replacedMarks: Int64 = 0
    /// Values that got an apostrophe (`file.formula_guard`).
    public var guardedValues: Int64 = 0

    public init(server: String, from: ChangeMark?, to: ChangeMark) {
        self.server = server
        self.from = from
        self.to = to
    }
}

/// What an export would do. JSON keys are a contract.
public struct ExportPreview: Sendable, Codable {
    public var server: String
    /// Names of the first file, as they would be if the run began now; the run's own number takes the place of the one shown.
    public var file: String
    public var readyFile: String?
    public var columns: [String]
    public var firstRows: [[String]]
    /// The first lines as they would be written, before character set, compression and encryption.
    public var lines: [String]
    /// Whether only what has changed since an earlier run would be exported.
    public var isChangesOnly: Bool
    public var warnings: [String]

    public init(server: String, file: String, readyFile: String?, columns: [String], isChangesOnly: Bool) {
        self.server = server
        self.file = file
        self.readyFile = readyFile
        self.columns = columns
        self.isChangesOnly = isChangesOnly
        firstRows = []
        lines = []
        warnings = []
    }

    enum CodingKeys: String, CodingKey {
        case server, file, columns, lines, warnings
        case readyFile = "ready_file"
        case firstRows = "first_rows"
        case isChangesOnly = "changes_only"
    }
}

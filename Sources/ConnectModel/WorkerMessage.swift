/// How one named server is reached by a worker: the connector's file and its settings, secrets included.
/// Travels over an inherited pipe only, never in arguments, environment or a file.
public struct ServerConnection: Sendable, Codable {
    public var server: String
    public var connectorFile: String
    /// What told the file apart when it was looked at; a worker loads no other that has come in its place since.
    public var connectorStamp: String?
    public var connector: String
    public var settings: JSONValue
    /// Values that must not appear in any text the worker passes on.
    public var secrets: [String]

    public init(server: String, connectorFile: String, connectorStamp: String? = nil, connector: String, settings: JSONValue, secrets: [String]) {
        self.server = server
        self.connectorStamp = connectorStamp
        self.connectorFile = connectorFile
        self.connector = connector
        self.settings = settings
        self.secrets = secrets
    }
}

/// What a worker is asked to do; one JSON line on its standard input. The end of that input means: cancel.
public struct WorkerRequest: Sendable, Codable {
    public enum Task: Sendable, Codable {
        case run(RunID)
        case preview(job: Job, rows: Int)
        /// The connector's own test, then a file written, renamed and deleted in the directory; nil writes nothing.
        case checkServer(writingIn: String?)
        case identifyServer
        /// The files of one directory.
        case listFiles(directory: String)
        /// Everything in one directory, for people.
        case browse(directory: String)
        /// What a file looks like that no job reads yet; `member` of an archive.
        case inspectFile(path: String, member: String?, rows: Int)
        /// Copies files between a server and this machine; for measuring and for support.
        case transfer(TransferTask)
        /// What the connector says about the settings of a job, and what it would have the host do; nothing is touched.
        case checkJob
    }

    public var home: String
    public var task: Task
    public var connections: [ServerConnection]
    /// Goes on when the standard input ends.
    public var isDetached: Bool
    public var limits: WorkerLimits
    /// Where its connectors may connect to.
    public var network: AddressPolicy
    /// The connector of a job whose kind is a connector's.
    public var job: JobConnection?
    /// Of private OpenPGP keys, by fingerprint; must not appear in any text either.
    public var passphrases: [String: String]

    public init(
        home: String, task: Task, connections: [ServerConnection], network: AddressPolicy, isDetached: Bool = false,
        limits: WorkerLimits = .standard, job: JobConnection? = nil, passphrases: [String: String] = [:]
    ) {
        self.home = home
        self.task = task
        self.connections = connections
        self.network = network
        self.isDetached = isDetached
        self.limits = limits
        self.job = job
        self.passphrases = passphrases
    }
}

/// Files to copy between a server and this machine.
public struct TransferTask: Sendable, Codable {
    public var isUpload: Bool
    /// Below the server's directory: a file, or a directory where `connections` is given.
    public var remote: String
    /// The whole path here, of the same kind.
    public var local: String
    /// Every file of a directory, over so many connections at once; nil for a single file.
    public var connections: Int?

    public init(isUpload: Bool, remote: String, local: String, connections: Int? = nil) {
        self.isUpload = isUpload
        self.remote = remote
        self.local = local
        self.connections = connections
    }
}

public struct TransferTotal: Sendable, Codable, Equatable {
    public var files: Int
    public var bytes: Int64

    public init(files: Int = 0, bytes: Int64 = 0) {
        self.files = files
        self.bytes = bytes
    }
}

/// What a worker tells its host; one JSON line each on its standard output.
public enum WorkerMessage: Sendable, Codable {
    case log(LogLine)
    case progress(RunProgress)
    case step(ConnectionStep)
    case finished(WorkerResult)
}

public enum WorkerResult: Sendable, Codable {
    case run(Run)
    case preview(JobPreview)
    case checked
    case identities([PeerIdentity])
    case files([SourceFile])
    case directory([RemoteFile])
    case inspected(FileInspection)
    case transferred(TransferTotal)
    case checkedJob(problems: [Problem], plan: JobPlan?)
    case failed(RunFailure)
}

/// One line of a run's log (MGT-4).
public struct LogLine: Sendable, Codable, Equatable {
    public enum Level: String, Sendable, Codable {
        case debug, info, warning, error
    }

    public var atUnixMilliseconds: Int64
    public var level: Level
    public var message: String
    public var fields: [String: String]

    public init(atUnixMilliseconds: Int64, level: Level, message: String, fields: [String: String] = [:]) {
        self.atUnixMilliseconds = atUnixMilliseconds
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// How far a run is. Counts are of this attempt.
public struct RunProgress: Sendable, Codable, Equatable {
    /// "reading", "merging", "archiving".
    public var phase: String
    public var bytes: Int64
    public var totalBytes: Int64?
    public var records: Int64
    public var rejected: Int64
    /// Rows merged so far, in the merging phase.
    public var merged: Int64

    public init(phase: String, bytes: Int64 = 0, totalBytes: Int64? = nil, records: Int64 = 0, rejected: Int64 = 0, merged: Int64 = 0) {
        self.phase = phase
        self.bytes = bytes
        self.totalBytes = totalBytes
        self.records = records
        self.rejected = rejected
        self.merged = merged
    }
}

/// What a run of a job would do, by the family of its kind.
public enum JobPreview: Sendable, Codable {
    case `import`(ImportPreview)
    case export(ExportPreview)
}

/// What an import would do (IMP-18). JSON keys are a contract.
public struct ImportPreview: Sendable, Codable {
    public struct Column: Sendable, Codable {
        public var source: String
        public var target: String?
        public var reason: String
        /// 1 for what the job says and for equal names, less for what was inferred; nil for columns that go nowhere.
        public var confidence: Double?
        /// The narrowest type that holds the values at the beginning of the file; nil where that is not known.
        public var type: FieldType?
        public init(source: String, target: String?, reason: String, confidence: Double? = nil) {
            self.source = source
            self.target = target
            self.reason = reason
            self.confidence = confidence
        }
    }

    public struct Reject: Sendable, Codable {
        public var line: Int64
        public var reason: String
        public var field: String?
        public init(line: Int64, reason: String, field: String?) {
            self.line = line
            self.reason = reason
            self.field = field
        }
    }

    /// A file beside the data file: the audience scope file (IMP-1). `read` and `rejected` are of the checks of its records; whether their people are in
    /// the list is told by the load alone, which comes after the data file's.
    public struct Part: Sendable, Codable {
        public var file: SourceFile
        public var table: String
        public var header: [String]
        public var mapping: [Column]
        public var read: Int64 = 0
        public var rejected: Int64 = 0
        public var rejectedByReason: [String: Int64] = [:]
        public var firstRejects: [Reject] = []

        public init(file: SourceFile, table: String, header: [String], mapping: [Column]) {
            self.file = file
            self.table = table
            self.header = header
            self.mapping = mapping
        }
    }

    public var file: SourceFile
    /// What a look at the first bytes suggests, beside what the job says: "charset", "delimiter", "enclosure", "header", "line_end".
    public var detected: [String: String]
    public var declared: [String: String]
    public var mapping: [Column]
    public var newFields: [Field]
    public var problems: [Problem]
    public var header: [String]
    public var firstRows: [[String]]
    public var records: RecordCounts
    public var rejectedByReason: [String: Int64]
    public var firstRejects: [Reject]
    /// Values that would be cut to the length of their field, by field.
    public var cut: [String: Int]
    /// The audience scope file beside it; nil when the job has none.
    public var scope: Part?

    public init(file: SourceFile) {
        self.file = file
        detected = [:]
        declared = [:]
        mapping = []
        newFields = []
        problems = []
        header = []
        firstRows = []
        records = RecordCounts()
        rejectedByReason = [:]
        firstRejects = []
        cut = [:]
    }
}

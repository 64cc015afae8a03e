/// What a run has become, for people and programs.
public enum RunStatus: String, Sendable, Codable, CaseIterable {
    case queued, running, succeeded, failed, cancelled
    /// Killed or cut off before it could end; the next command that finds it finishes or redoes it.
    case interrupted

    public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// The file one run took: this identifies a delivery.
public struct SourceFile: Sendable, Codable, Equatable {
    public var server: String
    public var path: String
    public var size: Int64
    public var modifiedUnixNanoseconds: Int64?

    public init(server: String, path: String, size: Int64, modifiedUnixNanoseconds: Int64?) {
        self.server = server
        self.path = path
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
    }
}

/// Records of one run by what became of them. The keys are a contract (OPS-4).
public struct RecordCounts: Sendable, Codable, Equatable {
    public var read: Int64 = 0
    public var inserted: Int64 = 0
    public var updated: Int64 = 0
    public var unchanged: Int64 = 0
    public var skipped: Int64 = 0
    public var duplicates: Int64 = 0
    public var rejected: Int64 = 0
    /// People that an import of extensions has put into the list first (IMP-13); nil where the job adds nobody. Not a part of `read`.
    public var addedPeople: Int64?
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case read, inserted, updated, unchanged, skipped, duplicates, rejected
        case addedPeople = "added_people"
    }
}

public struct RunFailure: Sendable, Codable, Equatable {
    public var code: String
    public var category: ErrorCategory
    public var message: String
    public var remedy: String?

    public init(_ error: ConnectError) {
        code = error.code
        category = error.category
        message = error.message
        remedy = error.remedy
    }

    public var error: ConnectError { ConnectError(code, category, message, remedy: remedy) }
}

/// One execution of a job and everything that is known of it. Also what is written down before each next step.
public struct Run: Sendable, Codable, Equatable {
    public var id: RunID
    public var jobName: String
    public var kind: String
    /// The job's definition when the run was asked for; later edits do not touch it.
    public var definition: [String: JSONValue]
    /// "manual", "schedule", "file" or "group".
    public var trigger: String
    /// The start it was due at by its schedule.
    public var dueAtUnixMilliseconds: Int64?
    /// The group's run it is part of; a member launches no campaigns of its own (GRP-3).
    public var group: GroupRunID?
    /// A state of the run's family.
    public var state: RunState
    public var status: RunStatus
    /// Grows with every worker that takes the run up; a worker of an earlier epoch changes nothing more.
    public var epoch: Int64
    public var createdAtUnixMilliseconds: Int64
    public var startedAtUnixMilliseconds: Int64?
    public var finishedAtUnixMilliseconds: Int64?
    public var source: SourceFile?
    /// The file that said how many records there are (IMP-5).
    public var countFile: SourceFile?
    /// The file that said the data file was whole.
    public var readyFile: SourceFile?
    /// The audience scope file beside it (IMP-1).
    public var scopeFile: SourceFile?
    public var sha256: String?
    public var bytes: Int64
    public var records: RecordCounts
    public var rejectedByReason: [String: Int64]
    public var archivedPath: String?
    public var failure: RunFailure?
    public var warnings: [String]
    /// What a job kind of a connector says came of it: a JSON object.
    public var result: JSONValue?
    /// What an export has come to.
    public var export: ExportProgress?
    /// nil in runs written down before there were others than imports.
    private var machine: RunFamily?

    /// Which states the run goes through.
    public var family: RunFamily { machine ?? .import }

    public init(
        id: RunID, jobName: String, kind: String, family: RunFamily, definition: [String: JSONValue], trigger: String,
        createdAtUnixMilliseconds: Int64
    ) {
        self.id = id
        self.jobName = jobName
        self.kind = kind
        self.definition = definition
        self.trigger = trigger
        self.createdAtUnixMilliseconds = createdAtUnixMilliseconds
        state = .queued
        status = .queued
        epoch = 0
        bytes = 0
        records = RecordCounts()
        rejectedByReason = [:]
        warnings = []
        machine = family
    }
}

/// What made a run begin.
public struct RunOrigin: Sendable, Equatable {
    /// "manual", "schedule", "file" or "group".
    public var trigger: String
    public var dueAtUnixMilliseconds: Int64?
    public var group: GroupRunID?

    public init(_ trigger: String, dueAtUnixMilliseconds: Int64? = nil, group: GroupRunID? = nil) {
        self.trigger = trigger
        self.dueAtUnixMilliseconds = dueAtUnixMilliseconds
        self.group = group
    }

    public static let manual = RunOrigin("manual")
}

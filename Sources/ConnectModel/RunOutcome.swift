/// How a run of a job, or of a group, has ended: all that what follows it is planned and worded from. Holds no record of a customer.
public struct RunOutcome: Sendable, Codable, Equatable {
    public enum Subject: String, Sendable, Codable {
        case job, group
    }

    public var subject: Subject
    /// "3.17": JobID.RunID, or GroupID.RunID of a group.
    public var run: String
    /// Name of the job or group.
    public var name: String
    public var kind: String
    public var status: RunStatus
    public var startedAtUnixMilliseconds: Int64?
    public var finishedAtUnixMilliseconds: Int64
    public var file: SourceFile?
    public var records: RecordCounts
    public var rejectedByReason: [String: Int64]
    public var archivedPath: String?
    public var failure: RunFailure?
    public var warnings: [String]
    /// Members of a group launch no campaigns of their own (GRP-3).
    public var isMemberOfGroup: Bool

    public init(
        subject: Subject, run: String, name: String, kind: String, status: RunStatus, startedAtUnixMilliseconds: Int64?,
        finishedAtUnixMilliseconds: Int64, records: RecordCounts = RecordCounts(), failure: RunFailure? = nil, warnings: [String] = [],
        isMemberOfGroup: Bool = false
    ) {
        self.subject = subject
        self.run = run
        self.name = name
        self.kind = kind
        self.status = status
        self.startedAtUnixMilliseconds = startedAtUnixMilliseconds
        self.finishedAtUnixMilliseconds = finishedAtUnixMilliseconds
        self.records = records
        self.failure = failure
        self.warnings = warnings
        self.isMemberOfGroup = isMemberOfGroup
        rejectedByReason = [:]
    }

    /// Of a run that has ended.
    public init(_ run: Run) {
        self.init(
            subject: .job, run: run.id.description, name: run.jobName, kind: run.kind, status: run.status,
            startedAtUnixMilliseconds: run.startedAtUnixMilliseconds,
            finishedAtUnixMilliseconds: run.finishedAtUnixMilliseconds ?? run.startedAtUnixMilliseconds ?? run.createdAtUnixMilliseconds,
            records: run.records, failure: run.failure, warnings: run.warnings, isMemberOfGroup: run.group != nil)
        file = run.source
        rejectedByReason = run.rejectedByReason
        archivedPath = run.archivedPath
    }

    /// Records that are in the target now, changed by this run or found to be the same.
    public var recordsLoaded: Int64 { records.inserted + records.updated + records.unchanged }

    public var durationMilliseconds: Int64? { startedAtUnixMilliseconds.map { finishedAtUnixMilliseconds - $0 } }

    /// "run/3.17" or "group/2.5": what the ids of its messages begin with.
    public var origin: String { "\(subject == .job ? "run" : "group")/\(run)" }
}

public import ConnectModel
public import RecordEngine

/// Where lists live. Any thread; each load belongs to one thread at a time. All throw `ConnectError`.
public protocol AudienceStore: AnyObject, Sendable {
    /// Throws `list.exists`, or `configuration` with the field at fault.
    func createList(_ list: ProfileList) throws
    func lists() throws -> [ProfileList]
    /// Throws `list.missing` naming the lists there are.
    func list(named name: String) throws -> ProfileList
    func addFields(_ fields: [Field], to list: String) throws
    func dropList(named name: String) throws
    func count(of list: String) throws -> Int64
    /// Rows as text in the list's field order, nil where empty; `condition` is an SQL expression over the fields, read-only,
    /// refused (`query.invalid`) when it does not compile or tries to do anything but look.
    func query(_ query: ListQuery, _ row: ([String?]) throws -> Void) throws -> [String]
    /// What an earlier attempt of this run has committed, or nil: the witness (IMP-17).
    func appliedLoad(run: RunID) throws -> LedgerEntry?
    /// Loads of a list, newest first.
    func ledger(_ query: LedgerQuery) throws -> [LedgerEntry]
    func beginListLoad(_ plan: ListLoadPlan) throws -> any ListLoad
    /// Frees what interrupted loads left behind (spill files of runs that are not in `living`).
    func sweep(living: Set<RunID>) throws
}

/// Which loads of a list; nil asks for any.
public struct LedgerQuery: Sendable {
    public var list: String
    public var job: JobID
    public var path: String?
    public var sha256: String?
    public var limit: Int

    public init(list: String, job: JobID, path: String? = nil, sha256: String? = nil, limit: Int = 10) {
        self.list = list
        self.job = job
        self.path = path
        self.sha256 = sha256
        self.limit = limit
    }
}

public struct ListQuery: Sendable {
    public var list: String
    /// Empty: every field.
    public var fields: [String]
    public var condition: String?
    public var limit: Int?

    public init(list: String, fields: [String] = [], condition: String? = nil, limit: Int? = nil) {
        self.list = list
        self.fields = fields
        self.condition = condition
        self.limit = limit
    }
}

/// What a load will bring, known before its first row.
public struct ListLoadPlan: Sendable {
    public var list: String
    /// Fields of the batches' columns, in column order: mapped fields first, then those the host derives
    /// (`EMAIL_DOMAIN_` as text, `EMAIL_MD5_HASH_` 16 and `EMAIL_SHA256_HASH_` 32 raw bytes).
    public var columns: [Field]
    public var policy: MergePolicy
    public var run: RunID
    /// A directory of this run for spill files, emptied by `discard`.
    public var workDirectory: String
    /// When the load took place, in milliseconds since 1970 UTC: CREATED_DATE_ and MODIFIED_DATE_ of its rows.
    public var loadedAtUnixMilliseconds: Int64
    /// Most bytes of rows held in memory before they are sorted and spilled.
    public var memoryLimit: Int

    public init(
        list: String, columns: [Field], policy: MergePolicy, run: RunID, workDirectory: String, loadedAtUnixMilliseconds: Int64,
        memoryLimit: Int = 48 << 20
    ) {
        self.list = list
        self.columns = columns
        self.policy = policy
        self.run = run
        self.workDirectory = workDirectory
        self.loadedAtUnixMilliseconds = loadedAtUnixMilliseconds
        self.memoryLimit = memoryLimit
    }
}

/// One load: rows are staged outside the list, then applied in one transaction with the ledger entry (IMP-17).
public protocol ListLoad: AnyObject {
    /// Takes the rows of `batch` whose `accepted` is true. Columns as in the plan. Copies what it needs before it returns.
    func stage(_ batch: RecordBatch, accepted: [Bool]) throws
    /// Merges everything and commits it with the entry, once; an entry of this run that is there already is returned
    /// and nothing is changed. `reject` is called for rows that only the store can refuse (ambiguous match), before the commit;
    /// `prepareCommit` is called with the counts just before it: if it throws, nothing is changed.
    func apply(
        reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool,
        prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry
    /// What `apply` would count, changing nothing (IMP-18).
    func preview(isCancelled: () -> Bool) throws -> MergeCounts
    /// Drops everything staged; never fails, safe to call twice.
    func discard()
}

public struct StagedReject: Sendable {
    public var line: Int64
    public var reason: RejectReason
    public init(line: Int64, reason: RejectReason) {
        self.line = line
        self.reason = reason
    }
}

/// Rows by what became of them. `duplicates` were overtaken by a later record with the same key in the same file.
public struct MergeCounts: Sendable, Codable, Equatable {
    public var inserted: Int64 = 0
    public var updated: Int64 = 0
    public var unchanged: Int64 = 0
    /// No match and the job does not insert.
    public var skipped: Int64 = 0
    public var duplicates: Int64 = 0
    /// Refused by the store (`ambiguousMatch`).
    public var rejected: Int64 = 0
    public init() {}
}

/// The witness of one applied run, committed with its rows.
public struct LedgerEntry: Sendable, Codable, Equatable {
    public var run: RunID
    public var list: String
    public var server: String
    public var path: String
    public var size: Int64
    public var modifiedUnixNanoseconds: Int64?
    public var sha256: String
    public var recordsRead: Int64
    public var counts: MergeCounts
    public var rejectedByReason: [String: Int64]
    public var appliedAtUnixMilliseconds: Int64

    public init(
        run: RunID, list: String, server: String, path: String, size: Int64, modifiedUnixNanoseconds: Int64?, sha256: String,
        recordsRead: Int64, counts: MergeCounts, rejectedByReason: [String: Int64], appliedAtUnixMilliseconds: Int64
    ) {
        self.run = run
        self.list = list
        self.server = server
        self.path = path
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
        self.sha256 = sha256
        self.recordsRead = recordsRead
        self.counts = counts
        self.rejectedByReason = rejectedByReason
        self.appliedAtUnixMilliseconds = appliedAtUnixMilliseconds
    }
}

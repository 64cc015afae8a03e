public import ConnectModel
public import RecordEngine

/// What a load will bring, known before its first row.
public struct TableLoadPlan: Sendable {
    public var table: String
    /// Fields of the batches' columns, in column order: mapped fields first, then those the host derives
    /// (`EMAIL_DOMAIN_` as text, `EMAIL_MD5_HASH_` 16 and `EMAIL_SHA256_HASH_` 32 raw bytes). For an extension the fields of its owner
    /// that are matched on are among them.
    public var columns: [Field]
    public var policy: MergePolicy
    public var run: RunID
    /// Nil for the load that stands for the run. A run may bring more than one load; the others have names of their own, and are
    /// applied before (`TableLoad.apply`).
    public var part: String?
    /// Keep the rows of this load as the latest of this name (IMP-10).
    public var loadSet: String?
    /// Raise this custom event for every row of this load (IMP-11).
    public var customEvent: String?
    /// A directory of this run for spill files, emptied by `discard`.
    public var workDirectory: String
    /// When the load took place, in milliseconds since 1970 UTC: CREATED_DATE_ and MODIFIED_DATE_ of its rows.
    public var loadedAtUnixMilliseconds: Int64
    /// Most bytes of rows held in memory before they are sorted and spilled.
    public var memoryLimit: Int

    public init(
        table: String, columns: [Field], policy: MergePolicy, run: RunID, part: String? = nil, loadSet: String? = nil, customEvent: String? = nil,
        workDirectory: String, loadedAtUnixMilliseconds: Int64, memoryLimit: Int = 36 << 20
    ) {
        self.table = table
        self.columns = columns
        self.policy = policy
        self.run = run
        self.part = part
        self.loadSet = loadSet
        self.customEvent = customEvent
        self.workDirectory = workDirectory
        self.loadedAtUnixMilliseconds = loadedAtUnixMilliseconds
        self.memoryLimit = memoryLimit
    }
}

/// One load: rows are staged outside the table, then applied in one transaction with the ledger entry (IMP-17).
public protocol TableLoad: AnyObject {
    /// Takes the rows of `batch` whose `accepted` is true. Columns as in the plan. Copies what it needs before it returns.
    func stage(_ batch: RecordBatch, accepted: [Bool]) throws
    /// Merges everything and commits it with the entry, once; an entry of this run that is there already is returned
    /// and nothing is changed. `reject` is called for rows that only the store can refuse (ambiguous match), before the commit;
    /// `prepareCommit` is called with the counts just before it: if it throws, nothing is changed.
    ///
    /// `stands` is asked about such an entry: where the answer is no, because that attempt met another file, the load is merged after all
    /// and its entry takes the place of the other. Only a part of a run may say so, whose rules make doing it twice harmless.
    func apply(
        stands: (LedgerEntry) -> Bool, reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool,
        prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry
    /// What `apply` would count, changing nothing (IMP-18).
    func preview(isCancelled: () -> Bool) throws -> MergeCounts
    /// Drops everything staged; never fails, safe to call twice.
    func discard()
}

extension TableLoad {
    /// The load that stands for its run: an entry that is there stands.
    public func apply(
        reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool,
        prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        try apply(stands: { _ in true }, reject: reject, progress: progress, isCancelled: isCancelled, prepareCommit: prepareCommit)
    }
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
    /// Refused by the store.
    public var rejected: Int64 = 0
    public init() {}
}

/// The witness of one applied run, committed with its rows.
public struct LedgerEntry: Sendable, Codable, Equatable {
    public var run: RunID
    /// As in the plan of the load.
    public var part: String?
    public var table: String
    public var server: String
    public var path: String
    public var size: Int64
    public var modifiedUnixNanoseconds: Int64?
    public var sha256: String
    public var recordsRead: Int64
    public var counts: MergeCounts
    public var rejectedByReason: [String: Int64]
    public var appliedAtUnixMilliseconds: Int64
    /// How far a source was read; nil where the job reads files, or everything each time.
    public var mark: SourceMark?
    /// People whom the run has put into the list before this load (IMP-13); nil where it adds nobody.
    public var addedPeople: Int64?

    public init(
        run: RunID, part: String? = nil, table: String, server: String, path: String, size: Int64, modifiedUnixNanoseconds: Int64?, sha256: String,
        recordsRead: Int64, counts: MergeCounts, rejectedByReason: [String: Int64], appliedAtUnixMilliseconds: Int64, mark: SourceMark? = nil
    ) {
        self.run = run
        self.part = part
        self.table = table
        self.server = server
        self.path = path
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
        self.sha256 = sha256
        self.recordsRead = recordsRead
        self.counts = counts
        self.rejectedByReason = rejectedByReason
        self.appliedAtUnixMilliseconds = appliedAtUnixMilliseconds
        self.mark = mark
    }

    private enum CodingKeys: String, CodingKey {
        case run, part, server, path, size, modifiedUnixNanoseconds, sha256, recordsRead, counts, rejectedByReason, appliedAtUnixMilliseconds,
            addedPeople, mark
        // Stores hold entries from when every table was a list.
        case table = "list"
    }
}

/// How far a load has read a source. It stands in the ledger, so it moves in the transaction that applies the rows, or not at all.
public struct SourceMark: Sendable, Codable, Equatable {
    /// The source's own words, given back to it as they are.
    public var cursor: JSONValue
    /// What was read: a reading of anything else does not go on from here.
    public var source: String

    public init(cursor: JSONValue, source: String) {
        self.cursor = cursor
        self.source = source
    }
}

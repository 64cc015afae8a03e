public import ConnectModel

/// What has a schedule. Jobs and groups are numbered from one sequence, so the number alone tells which it is.
public enum ScheduleOwner: Sendable, Hashable, CustomStringConvertible {
    case job(JobID)
    case group(GroupID)

    public var number: Int64 {
        switch self {
        case .job(let id): id.value
        case .group(let id): id.value
        }
    }

    public var description: String {
        switch self {
        case .job(let id): "job \(id)"
        case .group(let id): "group \(id)"
        }
    }
}

/// The next start of a job or group, as it is written down.
public struct DueEntry: Sendable, Equatable {
    public var owner: ScheduleOwner
    /// Decides the minutes; given once to each owner.
    public var seed: UInt64
    /// Seconds since 1970 UTC.
    public var next: ScheduledStart
    public var wait: Wait

    /// Whether it waits, being due, for the end of the run before it (SCH-5).
    public enum Wait: Int, Sendable {
        case none = 0
        case waiting = 1
        /// That run has ended, and it may start although it is late.
        case over = 2
    }

    public init(owner: ScheduleOwner, seed: UInt64, next: ScheduledStart, wait: Wait = .none) {
        self.owner = owner
        self.seed = seed
        self.next = next
        self.wait = wait
    }
}

/// What became of a due start: the due key, by which none begins twice and none is forgotten.
public struct StartRecord: Sendable, Equatable, Codable {
    public enum Outcome: String, Sendable, Codable {
        case started
        /// No host was running; one later start took its place, or the job's policy is to skip.
        case missed
        /// The run before it had not ended, and the next start came.
        case overlapped
        /// It could not be started: the job is gone, or cannot run.
        case refused
    }

    /// Number of the job or group.
    public var owner: Int64
    /// The (first) slot, in seconds since 1970 UTC.
    public var slot: Int64
    public var at: Int64
    /// The last slot, where one record stands for several in a row.
    public var lastSlot: Int64
    public var count: Int64
    public var outcome: Outcome
    /// "3.17".
    public var run: String?
    public var reason: String?
    public var notedAtUnixMilliseconds: Int64

    public init(
        owner: ScheduleOwner, first: ScheduledStart, lastSlot: Int64? = nil, count: Int64 = 1, outcome: Outcome, run: String? = nil,
        reason: String? = nil,
        notedAtUnixMilliseconds: Int64
    ) {
        self.owner = owner.number
        slot = first.slot
        at = first.at
        self.lastSlot = lastSlot ?? first.slot
        self.count = count
        self.outcome = outcome
        self.run = run
        self.reason = reason
        self.notedAtUnixMilliseconds = notedAtUnixMilliseconds
    }
}

/// Next starts and what became of earlier ones. Any thread. All throw `ConnectError`.
public protocol SchedulingStore: AnyObject, Sendable {
    func due(_ owner: ScheduleOwner) throws -> DueEntry?
    func save(_ entry: DueEntry) throws
    func removeDue(_ owner: ScheduleOwner) throws
    /// Entries that are due at `now` (seconds) and wait for nothing, earliest first; found by an index, in logarithmic time.
    func dueEntries(at now: Int64, limit: Int) throws -> [DueEntry]
    /// When the first entry that waits for nothing is due, in seconds.
    func earliestDue() throws -> Int64?
    func waitingEntries() throws -> [DueEntry]
    /// Every entry, earliest first.
    func allDueEntries() throws -> [DueEntry]
    func scheduledCount() throws -> Int

    /// False, and nothing is changed, when that start of the owner has a record already.
    func note(_ record: StartRecord) throws -> Bool
    /// Whether a record covers the slot.
    func isNoted(_ owner: ScheduleOwner, slot: Int64) throws -> Bool
    /// Newest first.
    func startRecords(of owner: ScheduleOwner?, limit: Int) throws -> [StartRecord]
    func removeStartRecords(before slot: Int64) throws

    /// Jobs that start when their file arrives, with the seconds between two looks.
    func watchedJobs() throws -> [JobID: Int64]
    /// Nil: no more.
    func setWatched(_ job: JobID, everySeconds: Int64?) throws
}

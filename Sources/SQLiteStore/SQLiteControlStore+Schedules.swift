public import ConnectModel
import GRDB
public import StoreAPI

extension SQLiteControlStore {
    public func due(_ owner: ScheduleOwner) throws -> DueEntry? {
        try read { db in try Row.fetchOne(db, sql: "SELECT * FROM due WHERE owner = ?", arguments: [owner.number]).map(DueEntry.init) }
    }

    public func save(_ entry: DueEntry) throws {
        var isGroup = false
        if case .group = entry.owner { isGroup = true }
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO due (owner, is_group, seed, slot, at, waiting) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET seed = excluded.seed, slot = excluded.slot, at = excluded.at, waiting = excluded.waiting
                    """,
                arguments: [
                    entry.owner.number, isGroup, Int64(bitPattern: entry.seed), entry.next.slot, entry.next.at, entry.wait.rawValue,
                ])
        }
    }

    public func removeDue(_ owner: ScheduleOwner) throws {
        try write { db in try db.execute(sql: "DELETE FROM due WHERE owner = ?", arguments: [owner.number]) }
    }

    public func dueEntries(at now: Int64, limit: Int) throws -> [DueEntry] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM due WHERE waiting <> 1 AND at <= ? ORDER BY at LIMIT ?", arguments: [now, limit]).map(
                DueEntry.init)
        }
    }

    public func earliestDue() throws -> Int64? {
        try read { db in try Int64.fetchOne(db, sql: "SELECT at FROM due WHERE waiting <> 1 ORDER BY at LIMIT 1") }
    }

    public func waitingEntries() throws -> [DueEntry] {
        try read { db in try Row.fetchAll(db, sql: "SELECT * FROM due WHERE waiting = 1 ORDER BY owner").map(DueEntry.init) }
    }

    public func allDueEntries() throws -> [DueEntry] {
        try read { db in try Row.fetchAll(db, sql: "SELECT * FROM due ORDER BY at").map(DueEntry.init) }
    }

    public func scheduledCount() throws -> Int {
        try read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM due") ?? 0 }
    }

    public func note(_ record: StartRecord) throws -> Bool {
        try write { db in
            try db.execute(
                sql: "INSERT INTO start (owner, slot, last_slot, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                arguments: [record.owner, record.slot, record.lastSlot, try encode(record)])
            return db.changesCount == 1
        }
    }

    public func isNoted(_ owner: ScheduleOwner, slot: Int64) throws -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT last_slot >= ?2 FROM start WHERE owner = ?1 AND slot <= ?2 ORDER BY slot DESC LIMIT 1",
                arguments: [owner.number, slot]) ?? false
        }
    }

    public func startRecords(of owner: ScheduleOwner?, limit: Int) throws -> [StartRecord] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT body FROM start WHERE ?1 IS NULL OR owner = ?1 ORDER BY slot DESC LIMIT ?2", arguments: [owner?.number, limit]
            ).map(decode)
        }
    }

    public func removeStartRecords(before slot: Int64) throws {
        try write { db in try db.execute(sql: "DELETE FROM start WHERE slot < ?", arguments: [slot]) }
    }

    public func watchedJobs() throws -> [JobID: Int64] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT job, every_seconds FROM watched_job").reduce(into: [:]) { jobs, row in
                jobs[JobID(row["job"])] = row["every_seconds"]
            }
        }
    }

    public func setWatched(_ job: JobID, everySeconds: Int64?) throws {
        try write { db in
            guard let everySeconds else { return try db.execute(sql: "DELETE FROM watched_job WHERE job = ?", arguments: [job.value]) }
            try db.execute(
                sql: "INSERT INTO watched_job (job, every_seconds) VALUES (?, ?) ON CONFLICT DO UPDATE SET every_seconds = excluded.every_seconds",
                arguments: [job.value, everySeconds])
        }
    }

    /// The next number of a table's sequence, for rows of another table that share it.
    static func nextNumber(of table: String, _ db: Database) throws -> Int64 {
        let next = try Int64.fetchOne(db, sql: "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ? RETURNING seq", arguments: [table])
        if let next { return next }
        try db.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, 1)", arguments: [table])
        return 1
    }
}

extension DueEntry {
    fileprivate init(_ row: Row) {
        let number: Int64 = row["owner"]
        let isGroup: Bool = row["is_group"]
        let seed: Int64 = row["seed"]
        self.init(
            owner: isGroup ? .group(GroupID(number)) : .job(JobID(number)), seed: UInt64(bitPattern: seed),
            next: ScheduledStart(slot: row["slot"], at: row["at"]), wait: Wait(rawValue: row["waiting"]) ?? .none)
    }
}

public import ConnectModel
import GRDB

extension SQLiteControlStore {
    public func createRun(of job: Job, family: RunFamily, origin: RunOrigin, atUnixMilliseconds now: Int64) throws -> Run {
        try write { db in
            if let other = try Int64.fetchOne(db, sql: "SELECT number FROM run WHERE job = ? AND state <> 'finished'", arguments: [job.id.value]) {
                throw ControlStoreError.runActive(job: job.name, run: RunID(job: job.id, number: other))
            }
            try db.execute(
                sql: "INSERT INTO run (job, epoch, state, status, body) VALUES (?, 0, 'queued', 'queued', '')", arguments: [job.id.value])
            var run = Run(
                id: RunID(job: job.id, number: db.lastInsertedRowID), jobName: job.name, kind: job.kind, family: family,
                definition: job.definition, trigger: origin.trigger, createdAtUnixMilliseconds: now)
            run.dueAtUnixMilliseconds = origin.dueAtUnixMilliseconds
            run.group = origin.group
            try db.execute(sql: "UPDATE run SET body = ? WHERE number = ?", arguments: [try encode(run), run.id.number])
            try writeListing(of: run, isNew: true, db)
            if origin == .manual { try record(db, .start, "run/\(run.id)", before: nil, after: .object(["job": .string(job.name)])) }
            return run
        }
    }

    public func run(_ id: RunID) throws -> Run? {
        try read { db in try fetch(id, db) }
    }

    public func runs(job: JobID?, limit: Int) throws -> [Run] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT body FROM run WHERE ?1 IS NULL OR job = ?1 ORDER BY number DESC LIMIT ?2", arguments: [job?.value, limit]
            ).map(decode)
        }
    }

    public func runs(before number: Int64, limit: Int) throws -> [Run] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT body FROM run WHERE number < ? ORDER BY number DESC LIMIT ?", arguments: [number, limit]).map(decode)
        }
    }

    public func unfinishedRun(of job: JobID) throws -> RunID? {
        try read { db in
            try Int64.fetchOne(db, sql: "SELECT number FROM run WHERE job = ? AND state <> 'finished'", arguments: [job.value])
                .map { RunID(job: job, number: $0) }
        }
    }

    public func unfinishedRuns() throws -> [Run] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM run WHERE state <> 'finished' ORDER BY number").map(decode) }
    }

    public func unfinishedRuns(_ status: RunStatus) throws -> [RunID] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT job, number FROM run WHERE state <> 'finished' AND status = ? ORDER BY number", arguments: [status.rawValue]
            )
            .map { RunID(job: JobID($0["job"]), number: $0["number"]) }
        }
    }

    public func claim(_ id: RunID, atUnixMilliseconds now: Int64) throws -> Run {
        try write { db in
            guard var run = try fetch(id, db) else { throw ControlStoreError.runMissing(id) }
            guard run.state != .finished else { throw ControlStoreError.runFinished(id) }
            run.epoch += 1
            run.status = .running
            run.startedAtUnixMilliseconds = run.startedAtUnixMilliseconds ?? now
            try store(run, db)
            return run
        }
    }

    public func advance(_ run: Run, from state: RunState) throws {
        let run = cleaned(run)
        try write { db in
            guard let current = try fetch(run.id, db), current.epoch == run.epoch, current.state == state,
                current.family.machine.allows(state, to: run.state)
            else { throw ControlStoreError.runStale(run.id) }
            try store(run, db)
            if run.state == .finished {
                try moveMark(of: run, db)
                try addFollowUps(of: run, db)
            }
        }
    }

    /// What follows the run stands in the outbox if, and only if, the run has ended (ACT-1 to ACT-3).
    private func addFollowUps(of run: Run, _ db: Database) throws {
        let options = FollowUpOptions(definition: run.definition)
        guard options != FollowUpOptions() else { return }
        let previous = try String.fetchOne(
            db,
            sql: "SELECT status FROM run WHERE job = ? AND number < ? AND state = 'finished' AND status <> 'cancelled' ORDER BY number DESC LIMIT 1",
            arguments: [run.id.job.value, run.id.number]
        ).flatMap(RunStatus.init)
        try enqueue(FollowUpPlan.messages(after: RunOutcome(run), options: options, previous: previous), db)
    }

    public func markInterrupted(_ id: RunID, epoch: Int64) throws {
        try write { db in
            guard var run = try fetch(id, db), run.epoch == epoch, run.state != .finished else { return }
            run.status = .interrupted
            try store(run, db)
        }
    }

    private func fetch(_ id: RunID, _ db: Database) throws -> Run? {
        try String.fetchOne(db, sql: "SELECT body FROM run WHERE number = ? AND job = ?", arguments: [id.number, id.job.value]).map(decode)
    }

    private func store(_ run: Run, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE run SET epoch = ?, state = ?, status = ?, body = ? WHERE number = ?",
            arguments: [run.epoch, run.state.rawValue, run.status.rawValue, try encode(run), run.id.number])
        try writeListing(of: run, isNew: false, db)
    }
}

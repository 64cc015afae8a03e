public import ConnectModel
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func jobs() throws -> [Job] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM job ORDER BY id").map(decode) }
    }

    public func jobs(mentioning text: String) throws -> [Job] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT body FROM job WHERE instr(body, ?) ORDER BY id", arguments: [text]).map(decode)
        }
    }

    public func job(named name: String) throws -> Job? {
        try read { db in try String.fetchOne(db, sql: "SELECT body FROM job WHERE name = ?", arguments: [name]).map(decode) }
    }

    public func job(_ id: JobID) throws -> Job? {
        try read { db in try String.fetchOne(db, sql: "SELECT body FROM job WHERE id = ?", arguments: [id.value]).map(decode) }
    }

    public func addJob(name: String, kind: String, description: String, definition: [String: JSONValue], active: Bool) throws -> Job {
        try write { db in
            try db.execute(sql: "INSERT INTO job (name, body) VALUES (?, '')", arguments: [name])
            let job = Job(
                id: JobID(db.lastInsertedRowID), name: name, kind: kind, description: description, definition: definition, active: active)
            try db.execute(sql: "UPDATE job SET body = ? WHERE id = ?", arguments: [try encode(job), job.id.value])
            try writeListing(of: job, db)
            try record(db, "job/\(name)", before: Job?.none, after: job)
            return job
        }
    }

    public func update(_ job: Job) throws {
        try write { db in
            let before: Job? = try String.fetchOne(db, sql: "SELECT body FROM job WHERE id = ?", arguments: [job.id.value]).map(decode)
            try db.execute(sql: "UPDATE job SET name = ?, body = ? WHERE id = ?", arguments: [job.name, try encode(job), job.id.value])
            try writeListing(of: job, db)
            try record(db, "job/\(job.name)", before: before, after: job)
        }
    }

    public func removeJob(_ id: JobID) throws {
        try write { db in
            try db.execute(sql: "DELETE FROM job_state WHERE job = ?", arguments: [id.value])
            guard let before: Job = try String.fetchOne(db, sql: "SELECT body FROM job WHERE id = ?", arguments: [id.value]).map(decode) else {
                return
            }
            try db.execute(sql: "DELETE FROM due WHERE owner = ?", arguments: [id.value])
            try db.execute(sql: "DELETE FROM watched_job WHERE job = ?", arguments: [id.value])
            try db.execute(sql: "DELETE FROM job_listing WHERE job = ?", arguments: [id.value])
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id.value])
            try record(db, "job/\(before.name)", before: before, after: Job?.none)
        }
    }
}

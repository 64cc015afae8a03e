public import ConnectModel
import GRDB
public import StoreAPI

extension SQLiteControlStore {
    public func jobs() throws -> [Job] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM job ORDER BY id").map(decode) }
    }

    public func jobs(_ page: JobPage) throws -> [Job] {
        let turned = page.descending ? " DESC" : ""
        let columns: [String]
        switch page.order {
        case .id: columns = []
        case .name: columns = ["name"]
        case .kind: columns = ["json_extract(body, '$.kind')"]
        case .next: columns = ["at IS NULL", "at"]
        }
        let order = (columns + ["id"]).map { $0 + turned }.joined(separator: ", ")
        let source = page.order == .next ? "job LEFT JOIN due ON owner = id" : "job"
        return try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT body FROM \(source)
                    WHERE (?1 IS NULL OR json_extract(body, '$.kind') = ?1) AND (?2 IS NULL OR json_extract(body, '$.active') = ?2)
                    ORDER BY \(order) LIMIT ?3 OFFSET ?4
                    """,
                arguments: [page.kind, page.active, page.limit, page.offset]
            ).map(decode)
        }
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
            try record(db, "job/\(name)", before: Job?.none, after: job)
            return job
        }
    }

    public func update(_ job: Job) throws {
        try write { db in
            let before: Job? = try String.fetchOne(db, sql: "SELECT body FROM job WHERE id = ?", arguments: [job.id.value]).map(decode)
            try db.execute(sql: "UPDATE job SET name = ?, body = ? WHERE id = ?", arguments: [job.name, try encode(job), job.id.value])
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
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id.value])
            try record(db, "job/\(before.name)", before: before, after: Job?.none)
        }
    }
}

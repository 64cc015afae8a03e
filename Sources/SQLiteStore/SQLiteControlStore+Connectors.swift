public import ConnectModel
import GRDB

/// What connectors keep with the host: the state of their jobs, and the account's settings.
extension SQLiteControlStore {
    public func jobState(_ job: JobID, _ key: String) throws -> String? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT value FROM job_state WHERE job = ? AND key = ?", arguments: [job.value, key])
        }
    }

    public func setJobState(_ job: JobID, _ key: String, _ json: String) throws {
        try write { db in
            try db.execute(
                sql: "INSERT INTO job_state (job, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                arguments: [job.value, key, json])
        }
    }

    public func profile(ofConnector id: String) throws -> [String: JSONValue] {
        try read { db in
            try String.fetchOne(db, sql: "SELECT body FROM connector_profile WHERE connector = ?", arguments: [id]).map(decode) ?? [:]
        }
    }

    public func save(profile: [String: JSONValue], ofConnector id: String) throws {
        try write { db in
            let before: [String: JSONValue]? = try String.fetchOne(db, sql: "SELECT body FROM connector_profile WHERE connector = ?", arguments: [id])
                .map(decode)
            try db.execute(
                sql: "INSERT INTO connector_profile (connector, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                arguments: [id, try encode(profile)])
            try record(db, "profile/\(id)", before: before, after: profile)
        }
    }
}

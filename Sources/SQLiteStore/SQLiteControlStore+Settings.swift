public import ConnectModel
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func setting(_ name: String) throws -> JSONValue? {
        try read { db in try String.fetchOne(db, sql: "SELECT body FROM setting WHERE name = ?", arguments: [name]).map(decode) }
    }

    public func setSetting(_ name: String, _ value: JSONValue?) throws {
        try write { db in
            let before: JSONValue? = try String.fetchOne(db, sql: "SELECT body FROM setting WHERE name = ?", arguments: [name]).map(decode)
            if let value {
                try db.execute(
                    sql: "INSERT INTO setting (name, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                    arguments: [name, try encode(value)])
            } else {
                try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name])
                try db.execute(sql: "DELETE FROM secret WHERE owner = ?", arguments: ["setting/\(name)"])
            }
            try record(db, "setting/\(name)", before: before, after: value)
        }
    }

    public func hooks() throws -> [EventHook] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM hook ORDER BY name").map(decode) }
    }

    public func save(_ hook: EventHook) throws {
        try write { db in
            let before: EventHook? = try String.fetchOne(db, sql: "SELECT body FROM hook WHERE name = ?", arguments: [hook.name]).map(decode)
            try db.execute(
                sql: "INSERT INTO hook (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                arguments: [hook.name, try encode(hook)])
            try record(db, "hook/\(hook.name)", before: before, after: hook)
        }
    }

    public func removeHook(named name: String) throws {
        try write { db in
            let before: EventHook? = try String.fetchOne(db, sql: "SELECT body FROM hook WHERE name = ?", arguments: [name]).map(decode)
            try db.execute(sql: "DELETE FROM secret WHERE owner = ?", arguments: ["hook/\(name)"])
            try db.execute(sql: "DELETE FROM hook WHERE name = ?", arguments: [name])
            try record(db, "hook/\(name)", before: before, after: EventHook?.none)
        }
    }
}

public import ConnectModel
import Foundation
import GRDB
public import StoreAPI

/// The control store in one SQLite file, through GRDB. Values are kept as JSON beside the columns that are searched.
public final class SQLiteControlStore: ControlStore {
    private let database: DatabasePool
    /// Who changes things, and when, for the audit log.
    let actor: String
    let clock: @Sendable () -> Int64
    let cleaned: @Sendable (Run) -> Run

    /// Opens or creates the file and brings its tables up to date. `actor` stands in the audit log as the one who makes the changes.
    /// - Parameters:
    ///   - cleaned: takes secrets out of the texts of a run before it is written down, for a process in which connectors write them (OPS-3).
    ///   - mayUpgrade: called before the tables of an older version are changed; throws to leave them as they are.
    public init(
        path: String, actor: String, clock: @escaping @Sendable () -> Int64, cleaned: @escaping @Sendable (Run) -> Run = { $0 },
        mayUpgrade: @escaping () throws -> Void = {}, failpoint: @escaping (String) -> Void = { _ in }
    ) throws {
        self.actor = actor
        self.cleaned = cleaned
        self.clock = clock
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            database = try DatabasePool(path: path, configuration: configuration)
            try ControlStoreUpgrade(path: path, mayUpgrade: mayUpgrade, failpoint: failpoint).perform(database)
        } catch {
            throw ControlStoreError.opening(path, error)
        }
    }

    public func servers() throws -> [FileServer] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM server ORDER BY name").map(decode) }
    }

    public func server(named name: String) throws -> FileServer? {
        try read { db in try String.fetchOne(db, sql: "SELECT body FROM server WHERE name = ?", arguments: [name]).map(decode) }
    }

    public func save(_ server: FileServer) throws {
        try write { db in
            let before: FileServer? = try String.fetchOne(db, sql: "SELECT body FROM server WHERE name = ?", arguments: [server.name]).map(decode)
            try db.execute(
                sql: "INSERT INTO server (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
                arguments: [server.name, try encode(server)])
            try record(db, "server/\(server.name)", before: before, after: server)
        }
    }

    public func removeServer(named name: String) throws {
        try write { db in
            let before: FileServer? = try String.fetchOne(db, sql: "SELECT body FROM server WHERE name = ?", arguments: [name]).map(decode)
            try db.execute(sql: "DELETE FROM secret WHERE owner = ?", arguments: ["server/\(name)"])
            try db.execute(sql: "DELETE FROM server WHERE name = ?", arguments: [name])
            try record(db, "server/\(name)", before: before, after: FileServer?.none)
        }
    }

    public func capabilities() throws -> AccountCapabilities {
        try read { db in try String.fetchOne(db, sql: "SELECT capabilities FROM account").map(decode) } ?? AccountCapabilities()
    }

    public func save(_ capabilities: AccountCapabilities) throws {
        try write { db in
            let before: AccountCapabilities? = try String.fetchOne(db, sql: "SELECT capabilities FROM account").map(decode)
            try db.execute(
                sql: "INSERT INTO account (id, capabilities) VALUES (1, ?) ON CONFLICT DO UPDATE SET capabilities = excluded.capabilities",
                arguments: [try encode(capabilities)])
            try record(db, "account", before: before, after: capabilities)
        }
    }

    public func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        // An error of the caller's own comes out as it was thrown.
        var thrown: (any Error)?
        do {
            return try write { db in
                do { return try CurrentTransaction.with(db, of: self, body) } catch {
                    thrown = error
                    throw error
                }
            }
        } catch {
            throw thrown ?? error
        }
    }

    /// Within a transaction of this thread both go to it; what fails there undoes no more than itself.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        if let db = CurrentTransaction.database(of: self) { return try Self.wrapping { try body(db) } }
        return try Self.wrapping { try database.read(body) }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        if let db = CurrentTransaction.database(of: self) {
            return try Self.wrapping {
                var value: Value?
                try db.inSavepoint {
                    value = try body(db)
                    return .commit
                }
                guard let value else { throw ConnectError("control.defect", .internal, "A step of a transaction gave no value.") }
                return value
            }
        }
        return try Self.wrapping { try database.write(body) }
    }

    private static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw ControlStoreError.wrapping(error) }
    }
}

/// The transaction that the calling thread is within, by the store's `transaction`: GRDB calls back on one thread and waits.
private enum CurrentTransaction {
    private static func key(_ store: SQLiteControlStore) -> String { "connecthost.control.transaction.\(ObjectIdentifier(store).hashValue)" }

    static func database(of store: SQLiteControlStore) -> Database? { Thread.current.threadDictionary[key(store)] as? Database }

    static func with<Value>(_ db: Database, of store: SQLiteControlStore, _ body: () throws -> Value) throws -> Value {
        let key = key(store)
        let outer = Thread.current.threadDictionary[key]
        Thread.current.threadDictionary[key] = db
        defer { Thread.current.threadDictionary[key] = outer }
        return try body()
    }
}

/// JSON with sorted keys, so that equal values are equal text.
func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

func decode<Value: Decodable>(_ text: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(text.utf8))
}

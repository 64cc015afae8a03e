import ConnectModel
import Foundation
import StoreAPI

/// One generation of one list's file: rows, indexes, ledger, and what the list is made of.
struct ListFile {
    let path: String

    /// Makes the file of a new list, durable when this returns.
    static func create(at path: String, for list: ProfileList) throws {
        let connection = try SQLiteConnection(path: path, mode: .creating)
        try prepareNew(connection)
        try AudienceMigrations.bring(connection, to: AudienceMigrations.listFile)
        try connection.transaction {
            try connection.execute(ListTable.creation(of: list))
            try setProperty("fields", try encode(list.customFields), connection)
            try setProperty("next_riid", "1", connection)
        }
        try connection.execute("PRAGMA journal_mode = WAL")
    }

    /// Settings that only an empty file takes; `PageFile` and `TreeReader` rely on them.
    static func prepareNew(_ connection: SQLiteConnection) throws {
        try connection.execute("PRAGMA page_size = \(PageFile.pageSize); PRAGMA auto_vacuum = NONE; PRAGMA encoding = 'UTF-8'")
    }

    func open(_ mode: SQLiteConnection.Mode) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, mode: mode)
        if mode == .writing { try AudienceMigrations.bring(connection, to: AudienceMigrations.listFile) }
        let version = try connection.integer("PRAGMA user_version") ?? 0
        guard version <= AudienceMigrations.listFile.count else { throw AudienceStoreError.newer(path, version: version) }
        // Rows that go are replaced at once; wiping them first would write pages for nothing.
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; PRAGMA cache_size = -32768; PRAGMA trusted_schema = OFF")
        return connection
    }

    /// Makes the next generation of `old`'s file at this path: its tables, ledger and properties, but no rows. Not durable yet.
    func prepare(after old: SQLiteConnection) throws {
        let connection = try SQLiteConnection(path: path, mode: .creating)
        try ListFile.prepareNew(connection)
        try connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        let version = try old.integer("PRAGMA user_version") ?? 0
        try connection.transaction {
            for sql in try ListFile.column("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", old) {
                try connection.execute(sql)
            }
            for name in try ListFile.column("SELECT name FROM property", old) {
                try ListFile.setProperty(name, try ListFile.property(name, old) ?? "", connection)
            }
            for entry in try Ledger.all(old) { try Ledger.add(entry, connection) }
            try connection.execute("PRAGMA user_version = \(version)")
        }
    }

    /// Adds what the commit of a load adds to a file that is whole but not yet published or durable.
    func complete(_ entry: LedgerEntry, nextRowID: Int64) throws {
        let connection = try SQLiteConnection(path: path, mode: .writing)
        // The file is a WAL database already; with no one else there its log is gone again when this connection closes.
        try connection.execute("PRAGMA synchronous = OFF")
        try connection.transaction {
            try Ledger.add(entry, connection)
            try ListFile.setProperty("next_riid", String(nextRowID), connection)
        }
        guard try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0 else {
            throw AudienceStoreError.sqlite(code: 5, message: "the new file is held", path: path)
        }
    }

    private static func column(_ sql: String, _ connection: SQLiteConnection) throws -> [String] {
        let statement = try connection.prepare(sql)
        var values: [String] = []
        while try statement.step() { values.append(statement.text(0) ?? "") }
        return values
    }

    static func customFields(_ connection: SQLiteConnection) throws -> [Field] {
        try property("fields", connection).map { try decode($0) } ?? []
    }

    static func property(_ name: String, _ connection: SQLiteConnection) throws -> String? {
        let statement = try connection.prepare("SELECT value FROM property WHERE name = ?")
        statement.bind(1, name)
        return try statement.step() ? statement.text(0) : nil
    }

    static func setProperty(_ name: String, _ value: String, _ connection: SQLiteConnection) throws {
        let statement = try connection.prepare("INSERT INTO property VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
        statement.bind(1, name)
        statement.bind(2, value)
        try statement.run()
    }

    /// The id the next new row gets. Ids are never given twice, not even after rows went.
    static func nextRowID(_ connection: SQLiteConnection) throws -> Int64 {
        let kept = try property("next_riid", connection).flatMap { Int64($0) } ?? 1
        let largest = try connection.integer("SELECT max(RIID_) FROM \(ListTable.name)") ?? 0
        return max(kept, largest + 1)
    }

    /// Removes the file and what SQLite keeps beside it; never fails.
    static func remove(_ path: String) {
        for suffix in ["-wal", "-shm", "-journal", ""] { unlink(path + suffix) }
    }
}

/// The table of ledger entries, in list files and in the catalogue.
enum Ledger {
    static func entry(_ run: RunID, _ connection: SQLiteConnection) throws -> LedgerEntry? {
        let statement = try connection.prepare("SELECT body FROM ledger WHERE run = ?")
        statement.bind(1, run.description)
        return try statement.step() ? statement.text(0).map { try decode($0) } : nil
    }

    static func entries(_ query: LedgerQuery, _ connection: SQLiteConnection) throws -> [LedgerEntry] {
        let statement = try connection.prepare(
            """
            SELECT body FROM ledger
            WHERE job = ?1 AND (?2 IS NULL OR json_extract(body, '$.path') = ?2) AND (?3 IS NULL OR json_extract(body, '$.sha256') = ?3)
            ORDER BY applied_at DESC, rowid DESC LIMIT ?4
            """)
        statement.bind(1, query.job.value)
        for (place, text) in [(2, query.path), (3, query.sha256)] {
            if let text { statement.bind(place, text) } else { statement.bindNull(place) }
        }
        statement.bind(4, Int64(query.limit))
        return try read(statement)
    }

    /// Every entry of a file, oldest first.
    static func all(_ connection: SQLiteConnection) throws -> [LedgerEntry] {
        try read(connection.prepare("SELECT body FROM ledger ORDER BY applied_at, rowid"))
    }

    private static func read(_ statement: SQLiteStatement) throws -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        while try statement.step() {
            if let text = statement.text(0) { entries.append(try decode(text)) }
        }
        return entries
    }

    static func add(_ entry: LedgerEntry, _ connection: SQLiteConnection) throws {
        let statement = try connection.prepare("INSERT OR REPLACE INTO ledger (run, job, applied_at, body) VALUES (?, ?, ?, ?)")
        statement.bind(1, entry.run.description)
        statement.bind(2, entry.run.job.value)
        statement.bind(3, entry.appliedAtUnixMilliseconds)
        statement.bind(4, try encode(entry))
        try statement.run()
    }
}

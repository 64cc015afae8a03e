import ConnectModel
import Foundation
import GRDBSQLite
import StoreAPI

/// One generation of one table's file: rows, indexes, ledger, and what the table is made of.
struct TableFile {
    let path: String

    /// Makes the file of a new table, durable when this returns.
    static func create(at path: String, for table: AudienceTable) throws {
        let connection = try SQLiteConnection(path: path, mode: .creating)
        try prepareNew(connection)
        try AudienceMigrations.bring(connection, to: AudienceMigrations.tableFile)
        try connection.transaction {
            try connection.execute(TableLayout(table).creation)
            try setTable(table, connection)
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
        if mode == .writing { try AudienceMigrations.bring(connection, to: AudienceMigrations.tableFile) }
        let version = try connection.integer("PRAGMA user_version") ?? 0
        guard version <= AudienceMigrations.tableFile.count else { throw AudienceStoreError.newer(path, version: version) }
        // Rows that go are replaced at once; wiping them first would write pages for nothing.
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; PRAGMA cache_size = -32768; PRAGMA trusted_schema = OFF")
        return connection
    }

    /// Makes the next generation of `old`'s file at this path: its tables, ledger and properties, but no rows. Not durable yet.
    func prepare(after old: SQLiteConnection) throws {
        let connection = try SQLiteConnection(path: path, mode: .creating)
        try TableFile.prepareNew(connection)
        try connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        let version = try old.integer("PRAGMA user_version") ?? 0
        try connection.transaction {
            for sql in try TableFile.column("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", old) {
                try connection.execute(sql)
            }
            for name in try TableFile.column("SELECT name FROM property", old) {
                try TableFile.setProperty(name, try TableFile.property(name, old) ?? "", connection)
            }
            for table in AudienceMigrations.carriedTables { try TableFile.copy(table, from: old, to: connection) }
            try connection.execute("PRAGMA user_version = \(version)")
        }
    }

    /// Adds what the commit of a load adds to a file that is whole but not yet published or durable.
    func complete(_ add: (SQLiteConnection) throws -> Void) throws {
        let connection = try SQLiteConnection(path: path, mode: .writing)
        // The file is a WAL database already; with no one else there its log is gone again when this connection closes.
        try connection.execute("PRAGMA synchronous = OFF")
        try connection.transaction { try add(connection) }
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

    /// Columns are the same in both.
    private static func copy(_ table: String, from old: SQLiteConnection, to new: SQLiteConnection) throws {
        let rows = try old.prepare("SELECT * FROM \(table)")
        let marks = (0..<rows.columnCount).map { _ in "?" }.joined(separator: ", ")
        let insertion = try new.prepare("INSERT INTO \(table) VALUES (\(marks))")
        while try rows.step() {
            for column in 0..<rows.columnCount {
                switch rows.type(column) {
                case SQLITE_INTEGER: insertion.bind(column + 1, rows.integer(column))
                case SQLITE_BLOB: insertion.bindBlob(column + 1, rows.bytes(column))
                default: insertion.bindText(column + 1, rows.bytes(column))
                }
            }
            try insertion.run()
        }
    }

    /// What the table of this file is made of.
    static func table(_ connection: SQLiteConnection, schema: String = "main") throws -> AudienceTable {
        guard let text = try connection.text("SELECT value FROM \(schema).property WHERE name = 'table'") else {
            throw AudienceStoreError.corrupt(connection.path, "it does not say what it holds")
        }
        return try decode(text)
    }

    static func setTable(_ table: AudienceTable, _ connection: SQLiteConnection) throws { try setProperty("table", try encode(table), connection) }

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
    static func nextRowID(_ layout: TableLayout, _ connection: SQLiteConnection) throws -> Int64 {
        let kept = try property("next_riid", connection).flatMap { Int64($0) } ?? 1
        let largest = try connection.integer("SELECT max(\(layout.idName)) FROM \(layout.name)") ?? 0
        return max(kept, largest + 1)
    }

    /// The number of the last change that has committed; 0 before the first.
    static func lastChange(_ connection: SQLiteConnection, schema: String = "main") throws -> Int64 {
        try connection.integer("SELECT CAST(value AS INTEGER) FROM \(schema).property WHERE name = 'last_change'") ?? 0
    }

    /// Removes the file and what SQLite keeps beside it; never fails.
    static func remove(_ path: String) {
        for suffix in ["-wal", "-shm", "-journal", ""] { unlink(path + suffix) }
    }
}

import ConnectModel

/// The tables of the catalogue and of table files, as numbered steps (`PRAGMA user_version`). A step is never edited once it has shipped.
enum AudienceMigrations {
    private static let ledger = """
        CREATE TABLE ledger (
            run TEXT PRIMARY KEY NOT NULL,
            job INTEGER NOT NULL,
            applied_at INTEGER NOT NULL,
            body TEXT NOT NULL
        );
        """

    /// `audience.sqlite`: which tables there are, and which file holds each now. Its ledger keeps the entries of dropped tables.
    static let catalogue: [String] = [
        """
        CREATE TABLE list (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            generation INTEGER NOT NULL
        );
        """ + ledger,
        """
        ALTER TABLE list RENAME TO audience_table;
        ALTER TABLE audience_table ADD COLUMN kind TEXT NOT NULL DEFAULT 'list';
        ALTER TABLE audience_table ADD COLUMN owner TEXT;
        ALTER TABLE audience_table ADD COLUMN expires_at INTEGER;
        """,
    ]

    /// A table's file, beside its rows, which are made with it. The ids of rows stand as differences, thousands to a BLOB.
    static let tableFile: [String] = [
        ledger + "CREATE TABLE property (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;",
        """
        CREATE TABLE load_set (
            name TEXT PRIMARY KEY NOT NULL,
            run TEXT NOT NULL,
            loaded_at INTEGER NOT NULL,
            rows INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE load_set_rows (
            name TEXT NOT NULL,
            first INTEGER NOT NULL,
            ids BLOB NOT NULL,
            PRIMARY KEY (name, first)
        ) WITHOUT ROWID;
        CREATE TABLE custom_event (
            load INTEGER PRIMARY KEY NOT NULL,
            name TEXT NOT NULL,
            run TEXT NOT NULL,
            raised_at INTEGER NOT NULL
        );
        CREATE TABLE custom_event_rows (
            load INTEGER NOT NULL,
            first INTEGER NOT NULL,
            ids BLOB NOT NULL,
            PRIMARY KEY (load, first)
        ) WITHOUT ROWID;
        """,
    ]
    /// Those of them that go with a table from one generation of its file to the next as they are.
    static let carriedTables = ["ledger", "load_set", "load_set_rows", "custom_event", "custom_event_rows"]

    /// - Parameter before: called with the step the file is at, in the transaction that brings it on.
    static func bring(_ connection: SQLiteConnection, to steps: [String], before: (Int64) throws -> Void = { _ in }) throws {
        func version() throws -> Int64 { try connection.integer("PRAGMA user_version") ?? 0 }
        var found = try version()
        guard found <= steps.count else { throw AudienceStoreError.newer(connection.path, version: found) }
        guard found < steps.count else { return }
        try connection.transaction {
            // Another process may have been faster.
            found = try version()
            guard found < steps.count else { return }
            try before(found)
            for step in steps.dropFirst(Int(found)) { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = \(steps.count)")
        }
    }
}

import ConnectModel

/// The tables of the catalogue and of list files, as numbered steps (`PRAGMA user_version`). A step is never edited once it has shipped.
enum AudienceMigrations {
    private static let ledger = """
        CREATE TABLE ledger (
            run TEXT PRIMARY KEY NOT NULL,
            job INTEGER NOT NULL,
            applied_at INTEGER NOT NULL,
            body TEXT NOT NULL
        );
        """

    /// `audience.sqlite`: which lists there are, and which file holds each now. Its ledger keeps the entries of dropped lists.
    static let catalogue: [String] = [
        """
        CREATE TABLE list (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            generation INTEGER NOT NULL
        );
        """ + ledger
    ]

    /// A list's file, beside its table of rows, which is made with it.
    static let listFile: [String] = [
        ledger + "CREATE TABLE property (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;"
    ]

    static func bring(_ connection: SQLiteConnection, to steps: [String]) throws {
        func version() throws -> Int64 { try connection.integer("PRAGMA user_version") ?? 0 }
        var found = try version()
        guard found <= steps.count else { throw AudienceStoreError.newer(connection.path, version: found) }
        guard found < steps.count else { return }
        try connection.transaction {
            // Another process may have been faster.
            found = try version()
            for step in steps.dropFirst(Int(found)) { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = \(steps.count)")
        }
    }
}

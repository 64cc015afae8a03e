import ConnectModel
import StoreAPI

/// The table of ledger entries, in table files and in the catalogue.
enum Ledger {
    /// `part` as in the plan of the load: nil for the load that stands for the run.
    static func entry(_ run: RunID, part: String? = nil, _ connection: SQLiteConnection) throws -> LedgerEntry? {
        let statement = try connection.prepare("SELECT body FROM ledger WHERE run = ?")
        statement.bind(1, key(run, part))
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

    private static func key(_ run: RunID, _ part: String?) -> String { part.map { "\(run)/\($0)" } ?? run.description }

    static func add(_ entry: LedgerEntry, _ connection: SQLiteConnection) throws {
        let statement = try connection.prepare("INSERT OR REPLACE INTO ledger (run, job, applied_at, body) VALUES (?, ?, ?, ?)")
        statement.bind(1, key(entry.run, entry.part))
        statement.bind(2, entry.run.job.value)
        statement.bind(3, entry.appliedAtUnixMilliseconds)
        statement.bind(4, try encode(entry))
        try statement.run()
    }
}

import ConnectModel
import GRDBSQLite
import StoreAPI

/// A look at one table: SQLite itself refuses whatever is not reading this table's columns.
struct TableQueryRunner {
    private let query: TableQuery
    private let table: AudienceTable
    private let layout: TableLayout
    private let connection: SQLiteConnection
    private let timeLimit: Duration

    init(_ query: TableQuery, _ table: AudienceTable, _ connection: SQLiteConnection, timeLimit: Duration) {
        self.query = query
        self.table = table
        layout = TableLayout(table)
        self.connection = connection
        self.timeLimit = timeLimit
    }

    /// Returns the names of the fields asked for.
    func run(_ row: ([String?]) throws -> Void) throws -> [String] {
        let fields = query.fields.isEmpty ? table.fields.map(\.name) : query.fields
        for field in fields where table.field(field) == nil { throw AudienceStoreError.fieldMissing(field, table.name) }
        if let set = query.loadSet { try LoadedRows.materialise(set, of: table.name, connection) }
        let guardian = QueryGuard(timeLimit: timeLimit, tables: [layout.name])
        guardian.install(connection.handle)
        defer { QueryGuard.remove(connection.handle) }
        let statement = try prepared(fields, guardian)
        while true {
            guardian.resume()
            let code = sqlite3_step(statement.handle)
            guardian.pause()
            if code == SQLITE_DONE { return fields }
            if code == SQLITE_INTERRUPT { throw AudienceStoreError.queryTime(table.name) }
            guard code == SQLITE_ROW else {
                // What fails now is the condition's own doing (a number too large, an ill-formed pattern) unless the file is to blame.
                if code & 0xff == SQLITE_ERROR { throw AudienceStoreError.query(String(cString: sqlite3_errmsg(connection.handle))) }
                try connection.check(code)
                return fields
            }
            try row(fields.indices.map { statement.shown($0) })
        }
    }

    private func prepared(_ fields: [String], _ guardian: QueryGuard) throws -> SQLiteStatement {
        let columns = fields.map(quoted).joined(separator: ", ")
        let alone = "SELECT 1 FROM \(layout.name) WHERE (\n"
        if let condition = query.condition {
            // By itself first: a condition that closes the bracket and goes on would pass below.
            try compile("SELECT (\n\(condition)\n) FROM \(layout.name)")
            try compile(alone + condition + "\n)")
        }
        var conditions = query.condition.map { ["(\n\($0)\n)"] } ?? []
        if query.loadSet != nil {
            // The condition has been looked at by now, and could not name this table.
            guardian.allow(LoadedRows.temporaryTable)
            conditions.append("\(layout.name).\(quoted(layout.idName)) IN (SELECT id FROM temp.\(LoadedRows.temporaryTable))")
        }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let limit = query.limit.map { " LIMIT \(max($0, 0))" } ?? ""
        return try compile("SELECT \(columns) FROM \(layout.name)\(condition) ORDER BY \(layout.name).\(quoted(layout.idName))\(limit)")
    }

    @discardableResult
    private func compile(_ sql: String) throws -> SQLiteStatement {
        guard !sql.utf8.contains(0) else { throw AudienceStoreError.query("it holds a NUL") }
        do {
            return try SQLiteStatement(connection, whole: sql)
        } catch let error as ConnectError where error.code == "store.failed" || error.code == "store.readonly" {
            throw AudienceStoreError.query(String(cString: sqlite3_errmsg(connection.handle)))
        }
    }
}

import ConnectModel
import Foundation
import GRDBSQLite
import StoreAPI

/// The SELECT of a selection over a snapshot. SQLite itself refuses whatever is not reading.
struct SelectionStatement {
    let statement: SQLiteStatement
    let fields: [Field]

    /// Extensions of `base` that the condition names, and other tables that SQL names, are in the snapshot.
    init(_ selection: RowSelection, _ snapshot: TableSnapshot, _ guardian: QueryGuard) throws {
        let connection = snapshot.connection
        if let set = selection.loadSet { try LoadedRows.materialise(set, of: snapshot.members[0].table.name, connection) }
        if case .table = selection.source {} else { try snapshot.makeViews() }
        guardian.install(connection.handle)
        let compiler = QueryCompiler(connection, guardian)
        let parts =
            switch selection.source {
            case .table: try Self.rows(selection, nil, snapshot, compiler, guardian)
            case .filtered(_, let condition): try Self.rows(selection, condition, snapshot, compiler, guardian)
            case .view(let sql): try Self.view(selection, sql, snapshot, compiler)
            }
        let limit = selection.limit.map { " LIMIT \(max($0, 0))" } ?? ""
        statement = try compiler.compile(parts.sql + limit, shown: "")
        fields = parts.fields
    }

    private typealias Parts = (sql: String, fields: [Field])

    private static func rows(
        _ selection: RowSelection, _ condition: String?, _ snapshot: TableSnapshot, _ compiler: QueryCompiler, _ guardian: QueryGuard
    ) throws -> Parts {
        let base = snapshot.members[0]
        let fields =
            try selection.fields.isEmpty
            ? base.table.fields
            : selection.fields.map { name in
                guard let field = base.table.field(name) else { throw AudienceStoreError.fieldMissing(name, base.table.name) }
                return field
            }
        let extensions = snapshot.members.dropFirst().filter { $0.table.kind.isExtension && $0.table.owner == base.table.name }
        let name = quoted(base.table.name)
        let from = base.aliased + extensions.map { " LEFT JOIN \($0.aliased) ON \(quoted($0.table.name)).RIID_ = \(name).RIID_" }.joined()
        var conditions: [String] = []
        if let condition {
            // In two places first: a condition that closes the bracket and goes on would have to fit both, and then it only goes on with AND or OR.
            _ = try compiler.compile("SELECT 1 FROM \(from) WHERE (\n\(condition)\n)", shown: condition)
            _ = try compiler.compile("SELECT CASE WHEN (\n\(condition)\n) THEN 1 END FROM \(from)", shown: "")
            conditions.append("(\n\(condition)\n)")
        }
        if let mark = selection.changedSince {
            let changed = ([base] + extensions).map { member in
                let column = "\(quoted(member.table.name)).\(TableLayout.change.name)"
                let through = selection.changedThrough.map { " AND \(column) <= \(Self.change(of: member, in: $0))" } ?? ""
                return "\(column) > \(Self.change(of: member, in: mark))\(through)"
            }
            conditions.append("(" + changed.joined(separator: " OR ") + ")")
        }
        if selection.loadSet != nil {
            // The condition has been looked at by now, and could not name this table.
            guardian.allow(LoadedRows.temporaryTable)
            conditions.append("\(name).\(quoted(base.layout.idName)) IN (SELECT id FROM temp.\(LoadedRows.temporaryTable))")
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let columns = fields.map { "\(name).\(quoted($0.name))" }.joined(separator: ", ")
        return ("SELECT \(columns) FROM \(from)\(filter) ORDER BY \(name).\(quoted(base.layout.idName))", fields)
    }

    private static func view(_ selection: RowSelection, _ sql: String, _ snapshot: TableSnapshot, _ compiler: QueryCompiler) throws -> Parts {
        let alone = try compiler.compile(sql, shown: sql)
        let all = (0..<alone.columnCount).map { alone.field($0) }
        let names = all.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw AudienceStoreError.query("it has two columns called \(twice); name one of them with AS")
        }
        let fields =
            try selection.fields.isEmpty
            ? all
            : selection.fields.map { name in
                guard let field = all.first(where: { $0.name == name }) else { throw AudienceStoreError.viewField(name, names) }
                return field
            }
        var filter = ""
        if let mark = selection.changedSince {
            guard let date = names.firstIndex(of: "MODIFIED_DATE_") else { throw AudienceStoreError.viewWithoutDate() }
            filter = try viewChanges(after: mark, datedBy: alone.originSchema(date, named: "MODIFIED_DATE_"), snapshot)
        }
        let columns = fields.map { quoted($0.name) }.joined(separator: ", ")
        return ("SELECT \(columns) FROM (\n\(sql)\n)\(filter)", fields)
    }

    /// The rows of a view that may have changed after the mark: of one table alone those not older than its earliest change. A row's date says nothing
    /// of other tables, so where one of them has changed, or the date is no table's own, every row may have.
    private static func viewChanges(after mark: ChangeMark, datedBy schema: String?, _ snapshot: TableSnapshot) throws -> String {
        let changed = snapshot.members.filter { change(of: $0, in: mark) < $0.place.change }
        guard let first = changed.first else { return " WHERE 0" }
        guard changed.count == 1, first.schema == schema else { return "" }
        let earliest = try snapshot.connection.text(
            "SELECT min(MODIFIED_DATE_) FROM \(first.schema).\(first.layout.name) WHERE \(TableLayout.change.name) > \(change(of: first, in: mark))")
        return earliest.map { " WHERE MODIFIED_DATE_ >= '\($0)'" } ?? " WHERE 0"
    }

    /// 0 where the mark is of another table of this name: then every row is new.
    static func change(of member: TableSnapshot.Member, in mark: ChangeMark) -> Int64 {
        guard let seen = mark.places[member.table.name], seen.table == member.place.table else { return 0 }
        return seen.change
    }
}

/// Compiles what a person wrote and says where it goes wrong.
struct QueryCompiler {
    private let connection: SQLiteConnection
    private let guardian: QueryGuard

    init(_ connection: SQLiteConnection, _ guardian: QueryGuard) {
        self.connection = connection
        self.guardian = guardian
    }

    /// `shown` is the part of `sql` that the person knows.
    func compile(_ sql: String, shown: String) throws -> SQLiteStatement {
        guard !sql.utf8.contains(0) else { throw AudienceStoreError.query("it holds a NUL") }
        do {
            return try SQLiteStatement(connection, whole: sql)
        } catch let error as ConnectError where error.code == "store.failed" || error.code == "store.readonly" {
            let refused = error.code == "store.readonly" ? guardian.refused.map { ": \($0)" } ?? "" : ""
            let message = String(cString: sqlite3_errmsg(connection.handle)) + refused
            throw AudienceStoreError.query(message + place(of: Int(sqlite3_error_offset(connection.handle)), in: sql, shown: shown))
        }
    }

    /// ", at character 9" of what was written; nothing where SQLite does not know.
    private func place(of offset: Int, in sql: String, shown: String) -> String {
        guard offset >= 0, !shown.isEmpty, let start = sql.range(of: shown)?.lowerBound else { return "" }
        let before = sql.utf8.distance(from: sql.startIndex, to: start)
        guard offset >= before, offset <= before + shown.utf8.count else { return "" }
        let index = shown.utf8.index(shown.startIndex, offsetBy: offset - before)
        let rest = shown[index...].prefix { !$0.isWhitespace }.prefix(40)
        return ", at character \(shown.distance(from: shown.startIndex, to: index) + 1)" + (rest.isEmpty ? "" : ": \"\(rest)\"")
    }
}

extension SQLiteStatement {
    /// The attached file whose column of this name a column of the result is; nil for what is computed.
    func originSchema(_ column: Int, named name: String) -> String? {
        guard let origin = sqlite3_column_origin_name(handle, Int32(column)), String(cString: origin) == name else { return nil }
        return sqlite3_column_database_name(handle, Int32(column)).map { String(cString: $0) }
    }

    /// A column of a view as a field, its type by what its expression was declared as.
    func field(_ column: Int) -> Field {
        let name = sqlite3_column_name(handle, Int32(column)).map { String(cString: $0) } ?? "COLUMN\(column + 1)"
        let declared = sqlite3_column_decltype(handle, Int32(column)).map { String(cString: $0).uppercased() } ?? ""
        return Field(name, declared == "INTEGER" ? .integer : declared == "NUMERIC" ? .number : .str4000)
    }
}

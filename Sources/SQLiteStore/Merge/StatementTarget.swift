import ConnectModel
import GRDBSQLite
import StoreAPI

/// Merges by statements in a transaction of the table's own file: for loads that touch a small part of it, and for previews.
final class StatementTarget: MergeTarget {
    let isEmpty: Bool
    let firstNewRowID: Int64

    private let connection: SQLiteConnection
    private let table: TableLayout
    private let writes: Bool
    private let fetch: SQLiteStatement
    private let insertion: SQLiteStatement?
    private var updates: [[Int]: SQLiteStatement] = [:]
    private let numbers: UnsafeMutableRawPointer

    /// The caller has begun a transaction; without `writes` nothing but looking happens in it.
    /// With `replacing` the rows that are there count as gone.
    init(_ table: TableLayout, _ connection: SQLiteConnection, writes: Bool, replacing: Bool) throws {
        self.table = table
        self.connection = connection
        self.writes = writes
        isEmpty = replacing
        firstNewRowID = try TableFile.nextRowID(table, connection)
        let columns = table.columns
        let names = columns.map { quoted($0.name) }.joined(separator: ", ")
        fetch = try connection.prepare("SELECT \(names) FROM \(table.name) WHERE \(quoted(table.idName)) = ?")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        insertion = writes ? try connection.prepare("INSERT INTO \(table.name) (\(names)) VALUES (\(marks))") : nil
        numbers = .allocate(byteCount: 8 * columns.count, alignment: 8)
    }

    deinit { numbers.deallocate() }

    func willInsert(_ item: SortItem, rowID: Int64) {}

    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws {
        while let item = try updates.next() {
            let rowID = MatchKey.number(item.key)
            fetch.reset()
            fetch.bind(1, rowID)
            guard try !isEmpty && fetch.step() else {
                if try step.decideMissing(item.payload, rowID, connection.path) { try insert(rowID, step.workspace) }
                continue
            }
            for column in 0..<step.workspace.tableCount { step.workspace.table[column] = cell(fetch, column) }
            let changes = try step.decide(item.payload, rowID)
            if changes, writes { try write(rowID, step.workspace) }
        }
        fetch.reset()
    }

    func insert(_ rowID: Int64, _ workspace: RowWorkspace) throws {
        guard let insertion else { return }
        insertion.bind(1, rowID)
        for column in 1..<workspace.tableCount { StatementTarget.bind(workspace.table[column], insertion, column + 1) }
        try insertion.run()
    }

    /// Names only what changed, so that an index is left alone when its column did not.
    private func write(_ rowID: Int64, _ workspace: RowWorkspace) throws {
        let statement: SQLiteStatement
        if let known = updates[workspace.changed] {
            statement = known
        } else {
            let settings = workspace.changed.map { quoted(table.columns[$0].name) + " = ?" }.joined(separator: ", ")
            statement = try connection.prepare("UPDATE \(table.name) SET \(settings) WHERE \(quoted(table.idName)) = ?")
            if updates.count >= 256 { updates.removeAll() }
            updates[workspace.changed] = statement
        }
        for (index, column) in workspace.changed.enumerated() { StatementTarget.bind(workspace.table[column], statement, index + 1) }
        statement.bind(workspace.changed.count + 1, rowID)
        try statement.run()
    }

    private func cell(_ statement: SQLiteStatement, _ column: Int) -> Cell {
        switch statement.type(column) {
        case SQLITE_INTEGER: NumberForm.cell(statement.integer(column), numbers + 8 * column)
        case SQLITE_FLOAT: NumberForm.cell(statement.double(column), numbers + 8 * column)
        case SQLITE_TEXT: .text(statement.bytes(column))
        case SQLITE_BLOB: .blob(statement.bytes(column))
        default: .null
        }
    }

    private static func bind(_ cell: Cell, _ statement: SQLiteStatement, _ index: Int) {
        if cell.isNull { return statement.bindNull(index) }
        if let number = NumberForm.integer(cell) { return statement.bind(index, number) }
        if let number = NumberForm.double(cell) { return statement.bind(index, number) }
        if cell.type & 1 == 1 { statement.bindText(index, cell.buffer) } else { statement.bindBlob(index, cell.buffer) }
    }
}

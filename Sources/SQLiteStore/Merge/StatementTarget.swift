import ConnectModel
import GRDBSQLite
import StoreAPI

/// Merges by statements in a transaction of the list's own file: for loads that touch a small part of the list, and for previews.
final class StatementTarget: MergeTarget {
    let isEmpty = false
    let firstNewRowID: Int64

    private let connection: SQLiteConnection
    private let layout: MergeLayout
    private let key: MatchKey
    private let writes: Bool
    private let lookUp: SQLiteStatement
    private let fetch: SQLiteStatement
    private let insertion: SQLiteStatement?
    private var updates: [[Int]: SQLiteStatement] = [:]
    private let numbers: UnsafeMutableRawPointer

    /// The caller has begun a transaction; without `writes` nothing but looking happens in it.
    init(_ layout: MergeLayout, _ connection: SQLiteConnection, writes: Bool) throws {
        self.layout = layout
        self.connection = connection
        self.writes = writes
        key = MatchKey(layout)
        firstNewRowID = try ListFile.nextRowID(connection)
        lookUp = try StatementTarget.lookUp(layout, connection)
        let columns = layout.table.columns
        let names = columns.map { quoted($0.name) }.joined(separator: ", ")
        fetch = try connection.prepare("SELECT \(names) FROM \(ListTable.name) WHERE RIID_ = ?")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        insertion = writes ? try connection.prepare("INSERT INTO \(ListTable.name) (\(names)) VALUES (\(marks))") : nil
        numbers = .allocate(byteCount: 8 * columns.count, alignment: 8)
    }

    deinit { numbers.deallocate() }

    /// Hashes have no index of their own in the list: one is made beside it, for this load.
    private static func lookUp(_ layout: MergeLayout, _ connection: SQLiteConnection) throws -> SQLiteStatement {
        if layout.keys.count == 1, case .hash = layout.keys[0].part {
            let column = quoted(layout.keys[0].field)
            try connection.execute(
                """
                DROP TABLE IF EXISTS temp.hash_key;
                CREATE TEMP TABLE hash_key AS SELECT \(column) AS value, RIID_ AS id FROM \(ListTable.name) WHERE \(column) IS NOT NULL;
                CREATE INDEX temp.hash_key_by_value ON hash_key (value, id);
                """)
            return try connection.prepare("SELECT id FROM temp.hash_key WHERE value = ? LIMIT 2")
        }
        let condition = layout.keys.map { quoted($0.field) + " = ?" }.joined(separator: " AND ")
        return try connection.prepare("SELECT RIID_ FROM \(ListTable.name) WHERE \(condition) LIMIT 2")
    }

    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch {
        defer { lookUp.reset() }
        for (index, part) in self.key.split(key).enumerated() {
            switch self.key.parts[index] {
            case .number: lookUp.bind(index + 1, MatchKey.number(part))
            case .hash: lookUp.bindBlob(index + 1, part)
            case .folded, .bytes: lookUp.bindText(index + 1, part)
            }
        }
        guard try lookUp.step() else { return .none }
        let id = lookUp.integer(0)
        return try lookUp.step() ? .several : .one(id)
    }

    func willInsert(_ item: SortItem, rowID: Int64) {}

    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws {
        while let item = try updates.next() {
            let rowID = MatchKey.number(item.key)
            fetch.reset()
            fetch.bind(1, rowID)
            guard try fetch.step() else { throw AudienceStoreError.corrupt(connection.path, "an index names a row that is not there") }
            for column in 0..<step.workspace.tableCount { step.workspace.table[column] = cell(fetch, column) }
            let changes = try step.decide(item.payload)
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
            let settings = workspace.changed.map { quoted(layout.table.columns[$0].name) + " = ?" }.joined(separator: ", ")
            statement = try connection.prepare("UPDATE \(ListTable.name) SET \(settings) WHERE RIID_ = ?")
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

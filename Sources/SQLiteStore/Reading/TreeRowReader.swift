import ConnectModel
import RecordEngine
import StoreAPI

/// Every row of a table, or every one changed after a mark, straight from the pages of its file: what SQLite's machinery would do for each value is left out.
///
/// The snapshot's transaction has begun and no log stands beside the file (`DatabaseFile.isWhole`), so the transaction reads the file alone; and while
/// such a reader is there, SQLite lets nobody write to the file itself, only to its log.
final class TreeRowReader: RowReader {
    let fields: [Field]
    let mark: ChangeMark
    private let tree: TreeReader
    private let path: String
    /// In the row's record; 0 is the id.
    private let places: [Int]
    private let changePlace: Int
    private let after: Int64?
    private let cells: UnsafeMutablePointer<Cell>
    private let cellCount: Int
    private let doubles: SQLiteStatement
    private var left: Int

    /// Nil when the table cannot be read so.
    init?(_ selection: RowSelection, _ snapshot: TableSnapshot) throws {
        guard case .table = selection.source, selection.loadSet == nil, selection.changedThrough == nil, let member = snapshot.members.first else {
            return nil
        }
        let file = try DatabaseFile(snapshot.connection)
        guard file.isWhole else { return nil }
        fields =
            try selection.fields.isEmpty
            ? member.table.fields
            : selection.fields.map { name in
                guard let field = member.table.field(name) else { throw AudienceStoreError.fieldMissing(name, member.table.name) }
                return field
            }
        let layout = member.layout
        places = fields.compactMap { layout.place(of: $0.name) }
        changePlace = layout.place(of: TableLayout.change.name) ?? 1
        after = selection.changedSince.map { SelectionStatement.change(of: member, in: $0) }
        cellCount = layout.columns.count
        cells = .allocate(capacity: cellCount)
        cells.initialize(repeating: .null, count: cellCount)
        doubles = try snapshot.connection.prepare("SELECT CAST(? AS TEXT)")
        tree = try TreeRoots(snapshot.connection).reader(file, layout.name, isIndex: false)
        path = file.path
        mark = snapshot.mark
        left = selection.limit ?? .max
    }

    deinit { cells.deallocate() }

    func read(into batch: RecordBatch) throws -> Bool {
        batch.removeAll()
        var (rows, bytes) = (0, 0)
        let columns = batch.columns
        while rows < StatementRowReader.rowLimit, bytes < StatementRowReader.byteLimit, left > 0, let entry = try tree.next() {
            guard RecordFormat.decode(entry.record, into: cells, capacity: cellCount) != nil else {
                throw AudienceStoreError.corrupt(path, "a row cannot be read")
            }
            if let after, NumberForm.integer(cells[changePlace]) ?? 0 <= after { continue }
            for index in 0..<places.count {
                let place = places[index]
                if place == 0 { ValueText.append(entry.rowID, to: columns[index]) } else { try append(cells[place], to: columns[index]) }
            }
            bytes += entry.record.count
            rows += 1
            left -= 1
        }
        batch.rowCount = rows
        return rows > 0
    }

    @inline(__always)
    private func append(_ cell: Cell, to target: TextColumn) throws {
        if cell.type == 0 || (cell.type >= 13 && cell.type & 1 == 1) {
            // Text, or nothing at all.
            return target.append(cell.isNull ? UnsafeRawBufferPointer(start: nil, count: 0) : cell.buffer)
        }
        if cell.type >= 12 { return ValueText.appendHex(cell.buffer, to: target) }
        if let number = NumberForm.integer(cell) { return ValueText.append(number, to: target) }
        try appendDouble(NumberForm.double(cell) ?? 0, to: target)
    }

    /// By SQLite itself, so that a number is the same text however it is read.
    private func appendDouble(_ value: Double, to target: TextColumn) throws {
        doubles.reset()
        doubles.bind(1, value)
        _ = try doubles.step()
        target.append(doubles.bytes(0))
    }
}

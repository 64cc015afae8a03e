import ConnectModel
import RecordEngine
import StoreAPI

/// Takes accepted rows: each goes to a work file in file order as a record of the plan's columns, its key to a sorter.
/// Used by one thread at a time.
final class RowStage {
    private let layout: MergeLayout
    private let key: MatchKey
    private let spool: ScratchFile
    private(set) var keys: ExternalSorter
    private(set) var rows = 0
    private var cells: UnsafeMutableBufferPointer<Cell>
    /// Eight bytes a column for numbers, 32 for hashes given as text.
    private let forms: UnsafeMutableRawPointer
    private var record: UnsafeMutableRawBufferPointer

    private enum Kind {
        case text
        case number
        case hash(Int)
    }
    private let kinds: [Kind]

    /// Ahead of each record in the spool: its length (4 bytes) and line number (8).
    static let headLength = 12

    init(_ layout: MergeLayout, directory: String, memoryLimit: Int) throws {
        self.layout = layout
        key = layout.key
        spool = try ScratchFile(directory: directory, bufferSize: 1 << 20)
        keys = ExternalSorter(directory: directory, memoryLimit: memoryLimit)
        // A file of no columns leaves one cell that nothing is read from.
        cells = .allocate(capacity: max(layout.columns.count, 1))
        cells.initialize(repeating: .null)
        forms = .allocate(byteCount: 32 * max(layout.columns.count, 1), alignment: 8)
        record = .allocate(byteCount: 1 << 16, alignment: 8)
        kinds = layout.columns.map { field in
            if let length = TableLayout.hashLengths[field.name] { return .hash(length) }
            return field.type == .integer || field.type == .number ? .number : .text
        }
    }

    deinit {
        cells.deallocate()
        forms.deallocate()
        record.deallocate()
    }

    var bytes: Int { spool.count }

    func add(_ batch: RecordBatch, accepted: [Bool]) throws {
        guard batch.columnCount == layout.columns.count, accepted.count == batch.rowCount else {
            throw ConnectError("stage.shape", .internal, "A batch of \(batch.columnCount) columns came for a plan of \(layout.columns.count).")
        }
        let columns = batch.columns
        for row in 0..<batch.rowCount where accepted[row] {
            for column in columns.indices { cells[column] = try cell(columns[column][row], column) }
            try addKey()
            try addRecord(line: batch.lineNumbers[row])
            rows += 1
        }
    }

    /// The rows in file order, as often as asked for.
    func reader() throws -> StagedRows {
        try spool.flush()
        return StagedRows(ScratchReader(spool, range: 0..<spool.count, bufferSize: 1 << 18), columns: layout.columns.count)
    }

    @inline(__always)
    private func cell(_ value: UnsafeRawBufferPointer, _ column: Int) throws -> Cell {
        if value.count == 0 { return .null }
        switch kinds[column] {
        case .text: return .text(value)
        case .number:
            if let cell = NumberForm.cell(text: value, forms + 32 * column) { return cell }
        case .hash(let length):
            if value.count == length { return .blob(value) }
            if let cell = hash(hexadecimal: value, length: length, forms + 32 * column) { return cell }
        }
        throw ConnectError("stage.value", .internal, "A value of \(layout.columns[column].name) came to the store unchecked.")
    }

    private func hash(hexadecimal text: UnsafeRawBufferPointer, length: Int, _ target: UnsafeMutableRawPointer) -> Cell? {
        guard text.count == 2 * length else { return nil }
        for index in 0..<length {
            guard let high = Character(UnicodeScalar(text[2 * index])).hexDigitValue,
                let low = Character(UnicodeScalar(text[2 * index + 1])).hexDigitValue
            else { return nil }
            target.storeBytes(of: UInt8(high << 4 | low), toByteOffset: index, as: UInt8.self)
        }
        return .blob(UnsafeRawBufferPointer(start: target, count: length))
    }

    /// The payload is the e-mail address as written, where folding changed it and the key's index needs it.
    @inline(__always)
    private func addKey() throws {
        let value = { (index: Int) in self.cells[self.layout.keys[index].staged] }
        guard !key.parts.isEmpty, let length = key.length(value) else { return }
        guard layout.keysAreIndexEntries, case .folded = key.parts[0] else {
            return key.write(value, to: try keys.add(ordinal: UInt64(rows), keyLength: length, payloadLength: 0))
        }
        let written = value(0).buffer
        let folds = written.contains { $0 &- UInt8(ascii: "A") < 26 }
        let place = try keys.add(ordinal: UInt64(rows), keyLength: length, payloadLength: folds ? length : 0)
        key.write(value, to: place)
        if folds, let base = written.baseAddress { (place + length).copyMemory(from: base, byteCount: length) }
    }

    @inline(__always)
    private func addRecord(line: Int64) throws {
        guard let first = cells.baseAddress else { return }
        let (header, total) = RecordFormat.encodedLength(first, count: layout.columns.count)
        let length = RowStage.headLength + total
        if length > record.count {
            record.deallocate()
            record = .allocate(byteCount: length * 2, alignment: 8)
        }
        guard let base = record.baseAddress else { return }
        base.storeBytes(of: UInt32(total), as: UInt32.self)
        base.storeBytes(of: line, toByteOffset: 4, as: Int64.self)
        RecordFormat.encode(first, count: layout.columns.count, header: header, to: base + RowStage.headLength)
        try spool.append(UnsafeRawBufferPointer(start: base, count: length))
    }
}

/// Staged rows in file order. Used by one thread.
final class StagedRows {
    private let reader: ScratchReader
    private let columns: Int
    private(set) var line: Int64 = 0
    /// The present row's record, valid until `next`.
    private(set) var record = UnsafeRawBufferPointer(start: nil, count: 0)

    fileprivate init(_ reader: ScratchReader, columns: Int) {
        self.reader = reader
        self.columns = columns
    }

    /// False at the end.
    func next() throws -> Bool {
        guard let head = try reader.take(RowStage.headLength) else { return false }
        let total = Int(head.loadUnaligned(as: UInt32.self))
        line = head.loadUnaligned(fromByteOffset: 4, as: Int64.self)
        guard let start = try reader.take(total) else { return false }
        record = UnsafeRawBufferPointer(start: start, count: total)
        return true
    }
}

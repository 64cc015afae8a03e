import ConnectModel

/// Keys of a table's rows in ascending order, each valid until the next is asked for.
protocol KeyStream: AnyObject {
    func next() throws -> (key: UnsafeRawBufferPointer, rowID: Int64)?
}

/// From the index whose order is that of the keys.
final class IndexKeyStream: KeyStream {
    private let entries: TreeReader
    private let form: MatchKey
    private let isPlainText: Bool
    private var made = GrowingBytes()
    private let cells: UnsafeMutablePointer<Cell>
    private let count: Int

    /// `form` has a part for each column of the index.
    init(_ entries: TreeReader, _ form: MatchKey) {
        self.entries = entries
        self.form = form
        isPlainText = form.parts == [.bytes]
        count = form.parts.count + 1
        cells = .allocate(capacity: count)
        cells.initialize(repeating: .null, count: count)
    }

    deinit { cells.deallocate() }

    /// The entry's record as it stands in the index; valid like the key.
    private(set) var record = UnsafeRawBufferPointer(start: nil, count: 0)

    @inline(__always)
    func next() throws -> (key: UnsafeRawBufferPointer, rowID: Int64)? {
        guard let entry = try entries.next() else { return nil }
        record = entry.record
        guard RecordFormat.decode(entry.record, into: cells, capacity: count) == count, let rowID = NumberForm.integer(cells[count - 1]) else {
            throw AudienceStoreError.corrupt("of the table", "an index entry cannot be read")
        }
        if isPlainText { return (cells[0].buffer, rowID) }
        let value = { [cells] (index: Int) in cells[index] }
        guard let length = form.length(value) else { throw AudienceStoreError.corrupt("of the table", "an index holds an empty value") }
        let target = made.reserve(length)
        form.write(value, to: target)
        return (UnsafeRawBufferPointer(start: target, count: length), rowID)
    }
}

/// From the rows themselves, for a key that is their id.
final class RowIDKeyStream: KeyStream {
    private let rows: TreeReader
    private let key = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)

    init(_ rows: TreeReader) { self.rows = rows }
    deinit { key.deallocate() }

    func next() throws -> (key: UnsafeRawBufferPointer, rowID: Int64)? {
        guard let entry = try rows.next() else { return nil }
        MatchKey.write(entry.rowID, to: key)
        return (UnsafeRawBufferPointer(start: key, count: 8), entry.rowID)
    }
}

/// From all rows, sorted: for keys that no index orders.
final class SortedKeyStream: KeyStream {
    private let items: SortedItems

    init(_ rows: TreeReader, _ layout: MergeLayout, directory: String, memoryLimit: Int) throws {
        let sorter = ExternalSorter(directory: directory, memoryLimit: memoryLimit)
        let key = layout.key
        let count = layout.keyed.columns.count
        let cells = UnsafeMutablePointer<Cell>.allocate(capacity: count)
        cells.initialize(repeating: .null, count: count)
        defer { cells.deallocate() }
        let number = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        defer { number.deallocate() }
        while let entry = try rows.next() {
            guard RecordFormat.decode(entry.record, into: cells, capacity: count) != nil else {
                throw AudienceStoreError.corrupt("of the table", "row \(entry.rowID) cannot be read")
            }
            // The record has NULL where the row's id belongs.
            cells[0] = NumberForm.cell(entry.rowID, number)
            let value = { (index: Int) in cells[layout.keys[index].place] }
            guard let length = key.length(value) else { continue }
            key.write(value, to: try sorter.add(ordinal: UInt64(bitPattern: entry.rowID), keyLength: length, payloadLength: 0))
        }
        items = try sorter.sorted()
    }

    func next() throws -> (key: UnsafeRawBufferPointer, rowID: Int64)? {
        try items.next().map { ($0.key, Int64(bitPattern: $0.ordinal)) }
    }
}

/// Memory that grows and is used again.
struct GrowingBytes: ~Copyable {
    private var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 8)

    deinit { bytes.deallocate() }

    /// Valid until the next call; what was there is gone.
    @inline(__always)
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if count > bytes.count {
            bytes.deallocate()
            bytes = .allocate(byteCount: count * 2, alignment: 8)
        }
        return bytes.baseAddress.unsafelyUnwrapped
    }
}

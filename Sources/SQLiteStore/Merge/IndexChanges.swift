import ConnectModel

/// What a merge adds to and takes from one index, sorted as the index is; then the index written anew from the old one and these.
/// Used by one thread at a time.
final class IndexChanges {
    let place: Int
    private let isFolded: Bool
    private let sorter: ExternalSorter

    /// `place` is the column's place in the table.
    init(_ column: String, place: Int, directory: String, memoryLimit: Int) {
        self.place = place
        isFolded = column == "EMAIL_ADDRESS_"
        sorter = ExternalSorter(directory: directory, memoryLimit: memoryLimit)
    }

    @inline(__always)
    func add(_ cell: Cell, rowID: Int64) throws { try note(cell, rowID, 1) }

    @inline(__always)
    func remove(_ cell: Cell, rowID: Int64) throws { try note(cell, rowID, 0) }

    /// A new row by its key and, where folding changed it, the value itself.
    func add(_ item: SortItem, rowID: Int64) throws {
        let payload = item.payload
        let place = try sorter.add(ordinal: ordinal(rowID, 1), keyLength: item.keyLength, payloadLength: payload.count)
        if let base = item.key.baseAddress { place.copyMemory(from: base, byteCount: item.keyLength) }
        if let base = payload.baseAddress, payload.count > 0 { (place + item.keyLength).copyMemory(from: base, byteCount: payload.count) }
    }

    /// With one key and id, what goes comes before what is new.
    private func ordinal(_ rowID: Int64, _ new: UInt64) -> UInt64 { UInt64(bitPattern: rowID) << 1 | new }

    @inline(__always)
    private func note(_ cell: Cell, _ rowID: Int64, _ new: UInt64) throws {
        guard !cell.isNull, let base = cell.bytes else { return }
        let value = cell.buffer
        guard isFolded else {
            try sorter.add(ordinal: ordinal(rowID, new), keyLength: value.count, payloadLength: 0).copyMemory(from: base, byteCount: value.count)
            return
        }
        let folds = value.contains { $0 &- UInt8(ascii: "A") < 26 }
        let place = try sorter.add(ordinal: ordinal(rowID, new), keyLength: value.count, payloadLength: folds ? value.count : 0)
        copyFolded(value, to: place)
        if folds { (place + value.count).copyMemory(from: base, byteCount: value.count) }
    }

    /// Writes the index. `old` is nil where there was nothing.
    func write(old: TreeReader?, to writer: TreeWriter, isCancelled: () -> Bool) throws {
        let changes = try sorter.sorted()
        let stream = old.map { IndexKeyStream($0, isFolded: isFolded) }
        let entry = IndexEntry()
        var change = try changes.next()
        var tick = 0
        var present = try stream?.next()
        while present != nil || change != nil {
            tick += 1
            if tick & 0x3fff == 0, isCancelled() { throw AudienceStoreError.cancelled() }
            if let kept = present, let stream {
                let order = change.map { IndexChanges.order(kept.key, kept.rowID, $0) } ?? -1
                if order < 0 {
                    try writer.append(indexRecord: stream.record)
                    present = try stream.next()
                    continue
                }
                if order == 0 { present = try stream.next() }
            }
            guard let item = change else { continue }
            if item.ordinal & 1 == 1 {
                try writer.append(indexRecord: entry.record(item.payloadLength > 0 ? item.payload : item.key, Int64(bitPattern: item.ordinal >> 1)))
            }
            change = try changes.next()
        }
        try writer.finish()
    }

    @inline(__always)
    private static func order(_ key: UnsafeRawBufferPointer, _ rowID: Int64, _ item: SortItem) -> Int {
        let order = compareBytes(key, item.key)
        if order != 0 { return order }
        let other = Int64(bitPattern: item.ordinal >> 1)
        return rowID < other ? -1 : rowID == other ? 0 : 1
    }
}

/// Room for one entry of an index: value and row id.
private final class IndexEntry {
    private var bytes = GrowingBytes()
    private let cells = UnsafeMutablePointer<Cell>.allocate(capacity: 2)
    private let number = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)

    deinit {
        cells.deallocate()
        number.deallocate()
    }

    @inline(__always)
    func record(_ value: UnsafeRawBufferPointer, _ rowID: Int64) -> UnsafeRawBufferPointer {
        cells.initialize(to: .text(value))
        (cells + 1).initialize(to: NumberForm.cell(rowID, number))
        let (header, total) = RecordFormat.encodedLength(cells, count: 2)
        let target = bytes.reserve(total)
        RecordFormat.encode(cells, count: 2, header: header, to: target)
        return UnsafeRawBufferPointer(start: target, count: total)
    }
}

import ConnectModel

/// What a merge adds to and takes from one index, sorted as the index is; then the index written anew from the old one and these.
/// Used by one thread at a time.
///
/// An item is a key; its payload is what the entry says where the key does not give it back: the text as written where folding
/// changed it, the whole entry where the index is of more columns or of numbers.
final class IndexChanges {
    /// The columns' places in the table.
    let places: [Int]
    private let form: MatchKey
    private let content: Content
    private let sorter: ExternalSorter
    private let entry: IndexEntry

    private enum Content {
        case text
        case foldedText
        case entry
    }

    init(_ index: TableLayout.Index, _ table: TableLayout, directory: String, memoryLimit: Int) throws {
        places = try index.columns.map { column in
            guard let place = table.place(of: column) else { throw AudienceStoreError.fieldMissing(column, table.name) }
            return place
        }
        form = MatchKey(places.map { MatchKey.Part(table.columns[$0]) })
        content = form.parts == [.bytes] ? .text : form.parts == [.folded] ? .foldedText : .entry
        entry = IndexEntry(columns: places.count)
        sorter = ExternalSorter(directory: directory, memoryLimit: memoryLimit)
    }

    /// `row` holds the values of the table's columns.
    @inline(__always)
    func add(_ row: UnsafePointer<Cell>, rowID: Int64) throws { try note(row, rowID, 1) }

    @inline(__always)
    func remove(_ row: UnsafePointer<Cell>, rowID: Int64) throws { try note(row, rowID, 0) }

    /// A new row of an index of one text, by its key and, where folding changed it, the value itself.
    func add(_ item: SortItem, rowID: Int64) throws {
        let payload = item.payload
        let place = try sorter.add(ordinal: ordinal(rowID, 1), keyLength: item.keyLength, payloadLength: payload.count)
        if let base = item.key.baseAddress { place.copyMemory(from: base, byteCount: item.keyLength) }
        if let base = payload.baseAddress, payload.count > 0 { (place + item.keyLength).copyMemory(from: base, byteCount: payload.count) }
    }

    /// With one key and id, what goes comes before what is new.
    private func ordinal(_ rowID: Int64, _ new: UInt64) -> UInt64 { UInt64(bitPattern: rowID) << 1 | new }

    @inline(__always)
    private func note(_ row: UnsafePointer<Cell>, _ rowID: Int64, _ new: UInt64) throws {
        let first = row[places[0]]
        guard !first.isNull else { return }
        switch content {
        case .text:
            let value = first.buffer
            let place = try sorter.add(ordinal: ordinal(rowID, new), keyLength: value.count, payloadLength: 0)
            if let base = value.baseAddress { place.copyMemory(from: base, byteCount: value.count) }
        case .foldedText:
            let value = first.buffer
            let folds = value.contains { $0 &- UInt8(ascii: "A") < 26 }
            let place = try sorter.add(ordinal: ordinal(rowID, new), keyLength: value.count, payloadLength: folds ? value.count : 0)
            copyFolded(value, to: place)
            if folds, let base = value.baseAddress { (place + value.count).copyMemory(from: base, byteCount: value.count) }
        case .entry: try noteEntry(row, rowID, new)
        }
    }

    private func noteEntry(_ row: UnsafePointer<Cell>, _ rowID: Int64, _ new: UInt64) throws {
        let value = { [places] (index: Int) in row[places[index]] }
        guard let length = form.length(value) else { return }
        let record = new == 1 ? entry.record(value, rowID) : UnsafeRawBufferPointer(start: nil, count: 0)
        let place = try sorter.add(ordinal: ordinal(rowID, new), keyLength: length, payloadLength: record.count)
        form.write(value, to: place)
        if let base = record.baseAddress { (place + length).copyMemory(from: base, byteCount: record.count) }
    }

    /// Writes the index. `old` is nil where there was nothing.
    func write(old: TreeReader?, to writer: TreeWriter, isCancelled: () -> Bool) throws {
        let changes = try sorter.sorted()
        let stream = old.map { IndexKeyStream($0, form) }
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
            if item.ordinal & 1 == 1 { try writer.append(indexRecord: record(of: item)) }
            change = try changes.next()
        }
        try writer.finish()
    }

    @inline(__always)
    private func record(of item: SortItem) -> UnsafeRawBufferPointer {
        if case .entry = content { return item.payload }
        let text = Cell.text(item.payloadLength > 0 ? item.payload : item.key)
        return entry.record({ _ in text }, Int64(bitPattern: item.ordinal >> 1))
    }

    @inline(__always)
    private static func order(_ key: UnsafeRawBufferPointer, _ rowID: Int64, _ item: SortItem) -> Int {
        let order = compareBytes(key, item.key)
        if order != 0 { return order }
        let other = Int64(bitPattern: item.ordinal >> 1)
        return rowID < other ? -1 : rowID == other ? 0 : 1
    }
}

/// Room for one entry of an index: its values and the row's id.
private final class IndexEntry {
    private var bytes = GrowingBytes()
    private let columns: Int
    private let cells: UnsafeMutablePointer<Cell>
    private let number = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)

    init(columns: Int) {
        self.columns = columns
        cells = .allocate(capacity: columns + 1)
        cells.initialize(repeating: .null, count: columns + 1)
    }

    deinit {
        cells.deallocate()
        number.deallocate()
    }

    /// Valid until the next.
    @inline(__always)
    func record(_ value: (Int) -> Cell, _ rowID: Int64) -> UnsafeRawBufferPointer {
        for index in 0..<columns { cells[index] = value(index) }
        cells[columns] = NumberForm.cell(rowID, number)
        let (header, total) = RecordFormat.encodedLength(cells, count: columns + 1)
        let target = bytes.reserve(total)
        RecordFormat.encode(cells, count: columns + 1, header: header, to: target)
        return UnsafeRawBufferPointer(start: target, count: total)
    }
}

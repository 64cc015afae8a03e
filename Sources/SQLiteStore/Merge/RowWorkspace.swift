import ConnectModel

/// The two rows a decision looks at and room for the one it makes. Used by one thread.
final class RowWorkspace {
    let table: UnsafeMutablePointer<Cell>
    let tableCount: Int
    let staged: UnsafeMutablePointer<Cell>
    let stagedCount: Int
    var changed: [Int] = []
    private var buffer: UnsafeMutableRawBufferPointer

    init(_ layout: MergeLayout) {
        tableCount = layout.table.columns.count
        stagedCount = layout.columns.count
        table = .allocate(capacity: tableCount)
        table.initialize(repeating: .null, count: tableCount)
        staged = .allocate(capacity: max(stagedCount, 1))
        staged.initialize(repeating: .null, count: max(stagedCount, 1))
        buffer = .allocate(byteCount: 1 << 14, alignment: 8)
    }

    deinit {
        table.deallocate()
        staged.deallocate()
        buffer.deallocate()
    }

    /// Sets `staged` from a record of the plan's columns, whose bytes it goes on to use.
    @inline(__always)
    func readStaged(_ record: UnsafeRawBufferPointer) throws {
        guard RecordFormat.decode(record, into: staged, capacity: stagedCount) == stagedCount else {
            throw AudienceStoreError.corrupt("of the load's work", "a staged row cannot be read back")
        }
    }

    func clearTable() { table.update(repeating: .null, count: tableCount) }

    /// `table` as a record, valid until the next. The row's id is not in it.
    @inline(__always)
    func record() -> UnsafeRawBufferPointer {
        let (header, total) = RecordFormat.encodedLength(table, count: tableCount)
        if total > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: total * 2, alignment: 8)
        }
        let base = buffer.baseAddress.unsafelyUnwrapped
        RecordFormat.encode(table, count: tableCount, header: header, to: base)
        return UnsafeRawBufferPointer(start: base, count: total)
    }
}

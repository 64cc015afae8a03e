/// Writes one b-tree from entries in ascending order, every page once and in order (file format §1.6).
///
/// The root's number was given by SQLite when it made the schema; its page is written last.
final class TreeWriter {
    enum Kind {
        case table
        case index
    }

    private let kind: Kind
    private let root: UInt32
    private let stream: PageStream
    private var leaf: PageBuilder
    private var levels: [InteriorLevel] = []
    private var lastRowID: Int64 = 0
    private var cell: UnsafeMutableRawPointer
    private(set) var entries: Int64 = 0

    init(_ kind: Kind, root: UInt32, file: PageFile) {
        self.kind = kind
        self.root = root
        stream = PageStream(file)
        leaf = PageBuilder(kind == .table ? .tableLeaf : .indexLeaf)
        cell = .allocate(byteCount: PageFile.pageSize, alignment: 8)
    }

    deinit {
        leaf.page.deallocate()
        cell.deallocate()
        for level in levels { level.deallocate() }
    }

    /// Adds a row of a table; its id is above all before it.
    @inline(__always)
    func append(rowID: Int64, record: UnsafeRawBufferPointer) throws {
        let local = PayloadSplit.local(record.count, maximum: PayloadSplit.tableMaximum)
        let head = RecordFormat.varintLength(UInt64(record.count)) + RecordFormat.varintLength(UInt64(bitPattern: rowID))
        let length = head + local + (local < record.count ? 4 : 0)
        if !leaf.fits(length) { try completeTableLeaf() }
        let place = leaf.add(length)
        var at = RecordFormat.writeVarint(UInt64(record.count), to: place)
        at += RecordFormat.writeVarint(UInt64(bitPattern: rowID), to: place + at)
        try writePayload(record, local: local, to: place + at)
        lastRowID = rowID
        entries += 1
    }

    /// Adds an entry of an index: the key's value and the row's id, as a record.
    @inline(__always)
    func append(indexRecord record: UnsafeRawBufferPointer) throws {
        let local = PayloadSplit.local(record.count, maximum: PayloadSplit.indexMaximum)
        let head = RecordFormat.varintLength(UInt64(record.count))
        let length = max(head + local + (local < record.count ? 4 : 0), 4)
        if !leaf.fits(length) { try completeIndexLeaf() }
        let place = leaf.add(length)
        let at = RecordFormat.writeVarint(UInt64(record.count), to: place)
        try writePayload(record, local: local, to: place + at)
        entries += 1
    }

    /// Writes what is open and the root.
    func finish() throws {
        leaf.finish()
        guard !levels.isEmpty else { return try complete(leaf.page) }
        var child = try stream.append(leaf.page)
        for index in levels.indices {
            let page = levels[index].close(rightmost: child)
            guard index + 1 < levels.count else { return try complete(page) }
            child = try stream.append(page)
        }
    }

    private func complete(_ page: UnsafeRawPointer) throws {
        try stream.finish()
        try stream.writeRoot(page, at: root)
    }

    private func completeTableLeaf() throws {
        leaf.finish()
        let child = try stream.append(leaf.page)
        leaf.clear()
        let length = RecordFormat.writeVarint(UInt64(bitPattern: lastRowID), to: cell)
        try push(child, UnsafeRawBufferPointer(start: cell, count: length), level: 0)
    }

    /// The leaf's last entry moves up: an index keeps each entry once, in a leaf or above.
    private func completeIndexLeaf() throws {
        let last = leaf.last()
        cell.copyMemory(from: last.baseAddress ?? UnsafeRawPointer(cell), byteCount: last.count)
        leaf.removeLast()
        leaf.finish()
        let child = try stream.append(leaf.page)
        leaf.clear()
        try push(child, UnsafeRawBufferPointer(start: cell, count: last.count), level: 0)
    }

    private func push(_ child: UInt32, _ divider: UnsafeRawBufferPointer, level: Int) throws {
        if level == levels.count { levels.append(InteriorLevel(kind == .table ? .tableInterior : .indexInterior)) }
        if levels[level].add(child, divider) { return }
        // The page is full: its last child becomes its rightmost, and that child's divider moves up.
        let (page, moved) = levels[level].closeFull()
        let number = try stream.append(page)
        try push(number, moved, level: level + 1)
        levels[level].clear()
        _ = levels[level].add(child, divider)
    }

    @inline(__always)
    private func writePayload(_ record: UnsafeRawBufferPointer, local: Int, to place: UnsafeMutableRawPointer) throws {
        guard let base = record.baseAddress else { return }
        place.copyMemory(from: base, byteCount: local)
        guard local < record.count else { return }
        let first = try writeOverflow(UnsafeRawBufferPointer(rebasing: record[local...]))
        (place + local).storeBytes(of: first.bigEndian, as: UInt32.self)
    }

    /// A chain of overflow pages, written last to first so that each knows the next. Returns the first.
    private func writeOverflow(_ bytes: UnsafeRawBufferPointer) throws -> UInt32 {
        let room = PageFile.pageSize - 4
        var next: UInt32 = 0
        var start = (bytes.count - 1) / room * room
        let page = UnsafeMutableRawPointer.allocate(byteCount: PageFile.pageSize, alignment: 8)
        defer { page.deallocate() }
        while start >= 0 {
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + room, bytes.count)])
            page.storeBytes(of: next.bigEndian, as: UInt32.self)
            if let base = part.baseAddress { (page + 4).copyMemory(from: base, byteCount: part.count) }
            (page + 4 + part.count).initializeMemory(as: UInt8.self, repeating: 0, count: room - part.count)
            next = try stream.append(page)
            start -= room
        }
        return next
    }
}

/// How much of a payload stays on its page (file format §1.6, "U" is the page size here).
enum PayloadSplit {
    static let tableMaximum = PageFile.pageSize - 35
    static let indexMaximum = (PageFile.pageSize - 12) * 64 / 255 - 23

    @inline(__always)
    static func local(_ payload: Int, maximum: Int) -> Int {
        if payload <= maximum { return payload }
        let minimum = (PageFile.pageSize - 12) * 32 / 255 - 23
        let kept = minimum + (payload - minimum) % (PageFile.pageSize - 4)
        return kept <= maximum ? kept : minimum
    }
}

/// The open page of one level above the leaves.
private struct InteriorLevel {
    private var builder: PageBuilder
    private let moved: UnsafeMutableRawPointer

    init(_ kind: PageBuilder.Kind) {
        builder = PageBuilder(kind)
        moved = .allocate(byteCount: PageFile.pageSize, alignment: 8)
    }

    func deallocate() {
        builder.page.deallocate()
        moved.deallocate()
    }

    /// False when the page has no room.
    mutating func add(_ child: UInt32, _ divider: UnsafeRawBufferPointer) -> Bool {
        guard builder.fits(4 + divider.count) else { return false }
        let place = builder.add(4 + divider.count)
        place.storeBytes(of: child.bigEndian, as: UInt32.self)
        if let base = divider.baseAddress { (place + 4).copyMemory(from: base, byteCount: divider.count) }
        return true
    }

    /// The divider stays until the level is used again.
    mutating func closeFull() -> (page: UnsafeRawPointer, divider: UnsafeRawBufferPointer) {
        let last = builder.last()
        if let base = last.baseAddress { moved.copyMemory(from: base, byteCount: last.count) }
        let child = UInt32(bigEndian: moved.loadUnaligned(as: UInt32.self))
        builder.removeLast()
        builder.finish(rightmost: child)
        return (UnsafeRawPointer(builder.page), UnsafeRawBufferPointer(start: moved + 4, count: last.count - 4))
    }

    mutating func close(rightmost: UInt32) -> UnsafeRawPointer {
        builder.finish(rightmost: rightmost)
        return UnsafeRawPointer(builder.page)
    }

    mutating func clear() { builder.clear() }
}

import ConnectModel

/// Reads a b-tree of a database file from first entry to last, past SQLite.
///
/// Whoever makes one holds the file's write lock and has checked that no log (WAL) stands beside the file: then the file is all there is
/// and nobody changes it. What is read is checked; a damaged file is `store.corrupt`, never a crash. Used by one thread.
final class TreeReader {
    struct Entry {
        /// The row's id in a table; 0 in an index.
        var rowID: Int64
        /// The whole record, valid until the next entry is asked for.
        var record: UnsafeRawBufferPointer
    }

    private struct Position {
        var page: UnsafeMutableRawPointer
        var kind: PageBuilder.Kind
        var cells: Int
        var next: Int
        /// The child before `next` has been walked (index trees keep an entry between two children).
        var descended: Bool
    }

    private let file: DatabaseFile
    private let isIndex: Bool
    private var stack: [Position] = []
    private var depth = 0
    private var assembled: UnsafeMutableRawBufferPointer

    init(_ file: DatabaseFile, root: UInt32, isIndex: Bool) throws {
        self.file = file
        self.isIndex = isIndex
        assembled = .allocate(byteCount: 8192, alignment: 8)
        try enter(root)
    }

    deinit {
        assembled.deallocate()
        for position in stack { position.page.deallocate() }
    }

    func next() throws -> Entry? {
        while depth > 0 {
            let top = depth - 1
            switch stack[top].kind {
            case .tableLeaf, .indexLeaf:
                if stack[top].next < stack[top].cells {
                    stack[top].next += 1
                    return try entry(stack[top].page, stack[top].next - 1, headerLength: 8, skip: 0)
                }
                depth -= 1
            case .tableInterior:
                guard stack[top].next <= stack[top].cells else { depth -= 1; continue }
                stack[top].next += 1
                try enter(try child(stack[top], stack[top].next - 1))
            case .indexInterior:
                if !stack[top].descended {
                    stack[top].descended = true
                    try enter(try child(stack[top], stack[top].next))
                } else if stack[top].next < stack[top].cells {
                    stack[top].descended = false
                    stack[top].next += 1
                    return try entry(stack[top].page, stack[top].next - 1, headerLength: 12, skip: 4)
                } else {
                    depth -= 1
                }
            }
        }
        return nil
    }

    private func enter(_ number: UInt32) throws {
        guard depth < 24 else { throw corrupt("a tree is too deep") }
        if depth == stack.count {
            let page = UnsafeMutableRawPointer.allocate(byteCount: PageFile.pageSize, alignment: 4096)
            stack.append(Position(page: page, kind: .tableLeaf, cells: 0, next: 0, descended: false))
        }
        let page = stack[depth].page
        try file.read(page: number, into: page)
        guard number > 1, let kind = PageBuilder.Kind(rawValue: page.load(as: UInt8.self)),
            (kind == .indexLeaf || kind == .indexInterior) == isIndex
        else { throw corrupt("page \(number) is of the wrong kind") }
        let cells = Int(UInt16(bigEndian: page.loadUnaligned(fromByteOffset: 3, as: UInt16.self)))
        guard cells * 2 + 12 <= PageFile.pageSize else { throw corrupt("page \(number) has too many cells") }
        stack[depth] = Position(page: page, kind: kind, cells: cells, next: 0, descended: false)
        depth += 1
    }

    private func child(_ position: Position, _ index: Int) throws -> UInt32 {
        guard index < position.cells else { return UInt32(bigEndian: position.page.load(fromByteOffset: 8, as: UInt32.self)) }
        let offset = Int(UInt16(bigEndian: position.page.load(fromByteOffset: 12 + 2 * index, as: UInt16.self)))
        guard offset + 4 <= PageFile.pageSize else { throw corrupt("a cell lies outside its page") }
        return UInt32(bigEndian: position.page.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    private func entry(_ page: UnsafeMutableRawPointer, _ index: Int, headerLength: Int, skip: Int) throws -> Entry {
        var offset = Int(UInt16(bigEndian: page.load(fromByteOffset: headerLength + 2 * index, as: UInt16.self))) + skip
        let (payload, length) = RecordFormat.readVarint(page + offset, limit: PageFile.pageSize - offset)
        guard length > 0, payload < 1 << 31 else { throw corrupt("a cell has no length") }
        offset += length
        var rowID: Int64 = 0
        if !isIndex {
            let (value, length) = RecordFormat.readVarint(page + offset, limit: PageFile.pageSize - offset)
            guard length > 0 else { throw corrupt("a row has no id") }
            rowID = Int64(bitPattern: value)
            offset += length
        }
        let total = Int(payload)
        let local = PayloadSplit.local(total, maximum: isIndex ? PayloadSplit.indexMaximum : PayloadSplit.tableMaximum)
        guard offset + local + (local < total ? 4 : 0) <= PageFile.pageSize else { throw corrupt("a cell lies outside its page") }
        if local == total { return Entry(rowID: rowID, record: UnsafeRawBufferPointer(start: page + offset, count: total)) }
        return Entry(rowID: rowID, record: try assemble(page + offset, local: local, total: total))
    }

    private func assemble(_ start: UnsafeMutableRawPointer, local: Int, total: Int) throws -> UnsafeRawBufferPointer {
        if assembled.count < total + PageFile.pageSize {
            assembled.deallocate()
            assembled = .allocate(byteCount: total + PageFile.pageSize, alignment: 8)
        }
        guard let base = assembled.baseAddress else { throw corrupt("no memory") }
        base.copyMemory(from: start, byteCount: local)
        var next = UInt32(bigEndian: start.loadUnaligned(fromByteOffset: local, as: UInt32.self))
        var filled = local
        let page = UnsafeMutableRawPointer.allocate(byteCount: PageFile.pageSize, alignment: 8)
        defer { page.deallocate() }
        while filled < total {
            try file.read(page: next, into: page)
            let part = min(PageFile.pageSize - 4, total - filled)
            (base + filled).copyMemory(from: page + 4, byteCount: part)
            filled += part
            next = UInt32(bigEndian: page.load(as: UInt32.self))
        }
        return UnsafeRawBufferPointer(start: base, count: total)
    }

    private func corrupt(_ what: String) -> ConnectError { AudienceStoreError.corrupt(file.path, what) }
}

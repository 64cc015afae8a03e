/// One b-tree page under construction (file format §1.6): pointers grow from the front, cells from the back.
struct PageBuilder {
    enum Kind: UInt8 {
        case indexInterior = 2
        case tableInterior = 5
        case indexLeaf = 10
        case tableLeaf = 13
    }

    let kind: Kind
    let page: UnsafeMutableRawPointer
    private(set) var count = 0
    private var contentStart = PageFile.pageSize
    private let headerLength: Int

    /// The caller frees `page`.
    init(_ kind: Kind) {
        self.kind = kind
        headerLength = kind == .indexInterior || kind == .tableInterior ? 12 : 8
        page = .allocate(byteCount: PageFile.pageSize, alignment: 8)
    }

    @inline(__always)
    func fits(_ cellLength: Int) -> Bool {
        cellLength + 2 <= contentStart - headerLength - 2 * count
    }

    /// Room for a cell of this length, which fits.
    @inline(__always)
    mutating func add(_ cellLength: Int) -> UnsafeMutableRawPointer {
        contentStart -= cellLength
        page.storeBytes(of: UInt16(truncatingIfNeeded: contentStart).bigEndian, toByteOffset: headerLength + 2 * count, as: UInt16.self)
        count += 1
        return page + contentStart
    }

    /// Where the cell added last lies; it goes away with `removeLast`.
    func last() -> UnsafeRawBufferPointer {
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let end = count == 1 ? PageFile.pageSize : offset(count - 2)
        return UnsafeRawBufferPointer(start: page + contentStart, count: end - contentStart)
    }

    mutating func removeLast() {
        guard count > 0 else { return }
        contentStart = count == 1 ? PageFile.pageSize : offset(count - 2)
        count -= 1
    }

    /// Completes the header. `rightmost` is the last child of an interior page.
    mutating func finish(rightmost: UInt32 = 0) {
        page.storeBytes(of: kind.rawValue, as: UInt8.self)
        page.storeBytes(of: 0, toByteOffset: 1, as: UInt8.self)
        page.storeBytes(of: 0, toByteOffset: 2, as: UInt8.self)
        page.storeBytes(of: UInt16(truncatingIfNeeded: count).bigEndian, toByteOffset: 3, as: UInt16.self)
        page.storeBytes(of: UInt16(truncatingIfNeeded: contentStart).bigEndian, toByteOffset: 5, as: UInt16.self)
        page.storeBytes(of: 0, toByteOffset: 7, as: UInt8.self)
        if headerLength == 12 { page.storeBytes(of: rightmost.bigEndian, toByteOffset: 8, as: UInt32.self) }
        let gap = headerLength + 2 * count
        (page + gap).initializeMemory(as: UInt8.self, repeating: 0, count: contentStart - gap)
    }

    mutating func clear() {
        count = 0
        contentStart = PageFile.pageSize
    }

    private func offset(_ index: Int) -> Int {
        Int(UInt16(bigEndian: page.load(fromByteOffset: headerLength + 2 * index, as: UInt16.self)))
    }
}

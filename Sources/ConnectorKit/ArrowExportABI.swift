import PluginABI

/// Columns and rows as Arrow structs that own themselves: `release` frees what is behind them, once. The only place that allocates for Arrow.
enum ArrowExport {
    /// `out` is the host's and uninitialised.
    static func fill(_ out: UnsafeMutablePointer<ArrowSchema>, _ columns: [StreamColumn]) {
        let memory = ArrowMemory<ArrowSchema>(children: columns.count)
        for (index, column) in columns.enumerated() { memory.children.initializeElement(at: index, to: schema(of: column)) }
        out.initialize(to: schema("", "+s", flags: 0, memory))
    }

    static func fill(_ out: UnsafeMutablePointer<ArrowArray>, _ batch: RowBatch) {
        let memory = ArrowMemory<ArrowArray>(children: batch.columns.count)
        for (index, column) in batch.storage.enumerated() { memory.children.initializeElement(at: index, to: array(of: column)) }
        out.initialize(to: array(length: batch.count, nulls: 0, buffers: [nil], memory))
    }

    private static func schema(of column: StreamColumn) -> ArrowSchema {
        let format =
            switch column.kind {
            case .text: "u"
            case .integer: "l"
            case .double: "g"
            case .boolean: "b"
            }
        return schema(column.name, format, flags: column.isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0, ArrowMemory(children: 0))
    }

    private static func schema(_ name: String, _ format: String, flags: Int64, _ memory: ArrowMemory<ArrowSchema>) -> ArrowSchema {
        var schema = ArrowSchema()
        schema.format = UnsafePointer(memory.copy(Array(format.utf8CString)).assumingMemoryBound(to: CChar.self))
        schema.name = UnsafePointer(memory.copy(Array(name.utf8CString)).assumingMemoryBound(to: CChar.self))
        schema.flags = flags
        schema.n_children = Int64(memory.children.count)
        schema.children = memory.pointers
        schema.private_data = Unmanaged.passRetained(memory).toOpaque()
        schema.release = { schema in
            guard let schema, let data = schema.pointee.private_data else { return }
            let memory = Unmanaged<ArrowMemory<ArrowSchema>>.fromOpaque(data).takeRetainedValue()
            // A child that the host has taken out has no release any more.
            for index in memory.children.indices { memory.children[index].release?(memory.child(index)) }
            schema.pointee.release = nil
        }
        return schema
    }

    private static func array(of column: ColumnStorage) -> ArrowArray {
        let memory = ArrowMemory<ArrowArray>(children: 0)
        let validity = column.nullCount == 0 ? nil : memory.copy(column.validity)
        let values: [UnsafeMutableRawPointer?] =
            switch column.kind {
            case .integer: [memory.copy(column.integers)]
            case .double: [memory.copy(column.doubles)]
            case .boolean: [memory.copy(column.bits)]
            case .text: [memory.copy(column.offsets), memory.copy(column.bytes)]
            }
        return array(length: column.count, nulls: column.nullCount, buffers: [validity] + values, memory)
    }

    private static func array(length: Int, nulls: Int, buffers: [UnsafeMutableRawPointer?], _ memory: ArrowMemory<ArrowArray>) -> ArrowArray {
        var array = ArrowArray()
        array.length = Int64(length)
        array.null_count = Int64(nulls)
        array.n_buffers = Int64(buffers.count)
        array.n_children = Int64(memory.children.count)
        array.buffers = memory.copy(buffers.map { UnsafeRawPointer($0) }).assumingMemoryBound(to: UnsafeRawPointer?.self)
        array.children = memory.pointers
        array.private_data = Unmanaged.passRetained(memory).toOpaque()
        array.release = { array in
            guard let array, let data = array.pointee.private_data else { return }
            let memory = Unmanaged<ArrowMemory<ArrowArray>>.fromOpaque(data).takeRetainedValue()
            for index in memory.children.indices { memory.children[index].release?(memory.child(index)) }
            array.pointee.release = nil
        }
        return array
    }
}

/// What one Arrow struct owns: copies of buffers, and its children. Freed with the last reference, which the struct holds.
private final class ArrowMemory<Child> {
    /// Arrow recommends buffers on 64-byte boundaries.
    private static var alignment: Int { 64 }
    private var blocks: [UnsafeMutableRawPointer] = []
    let children: UnsafeMutableBufferPointer<Child>
    /// What C calls `children`: a pointer to each.
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Child>?>?

    /// The caller initialises every child before the memory is used.
    init(children count: Int) {
        children = .allocate(capacity: count)
        pointers = count == 0 ? nil : .allocate(capacity: count)
        for index in 0..<count { pointers.map { $0 + index }?.initialize(to: children.baseAddress.map { $0 + index }) }
    }

    deinit {
        for block in blocks { block.deallocate() }
        children.deallocate()
        pointers?.deallocate()
    }

    func child(_ index: Int) -> UnsafeMutablePointer<Child>? { children.baseAddress.map { $0 + index } }

    /// A copy that lives as long as this; never NULL, also of nothing.
    func copy<Element>(_ elements: [Element]) -> UnsafeMutableRawPointer {
        let size = elements.count * MemoryLayout<Element>.stride
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(size, 1), alignment: Self.alignment)
        elements.withUnsafeBytes { bytes in if let start = bytes.baseAddress { block.copyMemory(from: start, byteCount: size) } }
        blocks.append(block)
        return block
    }
}

import ConnectModel
import PluginABI

/// One column of a batch laid open, after a look that it has the buffers of its type: what a connector says about lengths is not believed.
/// Good for as long as the batch is held by somebody.
struct ArrowColumn {
    let kind: SourceColumn.Kind
    private let name: String
    private let validity: UnsafeRawPointer?
    private let values: UnsafeRawPointer?
    private let bytes: UnsafeRawPointer?
    private let first: Int

    /// Every column of a batch. Throws `connector.defect` when the batch does not fit its schema or itself.
    static func all(of batch: ArrowArray, _ columns: [SourceColumn]) throws -> [ArrowColumn] {
        guard isSize(batch.length), isSize(batch.offset), batch.n_children == Int64(columns.count), let children = batch.children else {
            throw ArrowRows.defect("A batch has \(batch.n_children) columns where its schema has \(columns.count).")
        }
        return try columns.enumerated().map { index, column in
            guard let child = children[index]?.pointee, child.length >= batch.offset + batch.length, isSize(child.offset) else {
                throw ArrowRows.defect("Column \"\(column.name)\" is shorter than its batch.")
            }
            return try ArrowColumn(child, column, from: Int(batch.offset), count: Int(batch.length))
        }
    }

    private init(_ array: ArrowArray, _ column: SourceColumn, from start: Int, count: Int) throws {
        guard array.n_buffers == (column.kind == .text ? 3 : 2), let buffers = array.buffers else {
            throw ArrowRows.defect("Column \"\(column.name)\" has \(array.n_buffers) buffers, which is not what its type has.")
        }
        guard count == 0 || buffers[1] != nil else { throw ArrowRows.defect("Column \"\(column.name)\" has no values.") }
        kind = column.kind
        name = column.name
        validity = buffers[0]
        values = buffers[1]
        bytes = column.kind == .text ? buffers[2] : nil
        first = start + Int(array.offset)
    }

    /// Rows are counted from the first of the batch.
    func isNull(_ row: Int) -> Bool { !Self.isBitSet(validity, first + row) }

    func integer(_ row: Int) -> Int64 { values?.loadUnaligned(fromByteOffset: (first + row) * 8, as: Int64.self) ?? 0 }
    func double(_ row: Int) -> Double { values?.loadUnaligned(fromByteOffset: (first + row) * 8, as: Double.self) ?? 0 }
    func boolean(_ row: Int) -> Bool { Self.isBitSet(values, first + row) }

    /// Bytes that may not be UTF-8. Throws where the value ends before it begins, or has no bytes to stand in.
    func text(_ row: Int) throws -> UnsafeRawBufferPointer {
        let start = Int(values?.loadUnaligned(fromByteOffset: (first + row) * 4, as: Int32.self) ?? 0)
        let end = Int(values?.loadUnaligned(fromByteOffset: (first + row) * 4 + 4, as: Int32.self) ?? 0)
        guard start >= 0, end >= start else { throw ArrowRows.defect("A text of column \"\(name)\" ends before it begins.") }
        guard end > start else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let bytes else { throw notText }
        return UnsafeRawBufferPointer(start: bytes + start, count: end - start)
    }

    var notText: ConnectError { ArrowRows.defect("A text of column \"\(name)\" is not UTF-8.") }

    /// Sizes stay far from where sums of them overflow.
    private static func isSize(_ number: Int64) -> Bool { (0...Int64(Int32.max)).contains(number) }

    /// A missing bitmap means all of them.
    static func isBitSet(_ bitmap: UnsafeRawPointer?, _ index: Int) -> Bool {
        guard let bitmap else { return true }
        return bitmap.load(fromByteOffset: index / 8, as: UInt8.self) & (1 << UInt8(index % 8)) != 0
    }
}

/// Rows of text in Arrow layout (utf8 columns: 32-bit offsets, one data buffer a column), in file order.
///
/// An empty value is a value of length 0; text files know no other absence, and the store keeps it as NULL.
/// Beside the columns a batch holds each record's line number and raw bytes, so that a reject can be written
/// as it came (IMP-15). A batch is filled by one thread and then only read; whoever holds it last frees it.
public final class RecordBatch {
    public let columnCount: Int
    public internal(set) var rowCount: Int = 0
    public internal(set) var columns: [TextColumn]
    /// Line of the file on which each record begins, from 1.
    public internal(set) var lineNumbers: [Int64] = []
    /// Where each record's raw bytes end in `raw`; they begin where the one before ends.
    public internal(set) var rawEnds: [Int32] = []
    public internal(set) var raw: ByteBuffer

    public init(columnCount: Int, rowCapacity: Int = 8192, byteCapacity: Int = 1 << 20) {
        self.columnCount = columnCount
        columns = (0..<columnCount).map { _ in TextColumn(rowCapacity: rowCapacity, byteCapacity: byteCapacity / max(columnCount, 1)) }
        raw = ByteBuffer(capacity: byteCapacity)
        lineNumbers.reserveCapacity(rowCapacity)
        rawEnds.reserveCapacity(rowCapacity)
    }
}

/// One utf8 column: value `i` is `data[offsets[i] ..< offsets[i + 1]]`.
public final class TextColumn {
    public internal(set) var offsets: Int32Buffer
    public internal(set) var data: ByteBuffer

    public init(rowCapacity: Int, byteCapacity: Int) {
        offsets = Int32Buffer(capacity: rowCapacity + 1)
        data = ByteBuffer(capacity: byteCapacity)
        offsets.append(0)
    }

    /// Valid while the column lives and nothing is appended.
    @inlinable
    public subscript(row: Int) -> UnsafeRawBufferPointer {
        let start = Int(offsets[row])
        let end = Int(offsets[row + 1])
        return UnsafeRawBufferPointer(start: data.base + start, count: end - start)
    }

    @inlinable
    public func append(_ bytes: UnsafeRawBufferPointer) {
        data.append(bytes)
        offsets.append(Int32(truncatingIfNeeded: data.count))
    }
}

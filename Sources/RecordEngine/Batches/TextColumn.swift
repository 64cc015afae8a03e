/// One utf8 column: value `i` is `data[offsets[i] ..< offsets[i + 1]]`. `@unchecked Sendable` for the reason given at `ByteBuffer`.
public final class TextColumn: @unchecked Sendable {
    public let offsets: Int32Buffer
    public let data: ByteBuffer

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
        endValue()
    }

    /// Closes the value whose bytes have been appended to `data`.
    @inlinable internal func endValue() { offsets.append(Int32(truncatingIfNeeded: data.count)) }

    internal func removeAll() {
        offsets.removeAll()
        data.removeAll()
        offsets.append(0)
    }
}

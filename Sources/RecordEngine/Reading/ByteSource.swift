/// Bytes to be pulled, in order, by one thread.
public protocol ByteSource: AnyObject {
    /// Waits for at least one byte and writes at most `buffer.count` of them to the start of `buffer`.
    /// Returns how many were written; 0 only at the end. Throws what made reading impossible (`ConnectError` in the host).
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Bytes that are in memory already.
public final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0
    private let largestRead: Int

    /// `largestRead` bounds what one read gives.
    public init(_ bytes: [UInt8], largestRead: Int = .max) {
        self.bytes = bytes
        self.largestRead = max(largestRead, 1)
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position, largestRead)
        guard count > 0 else { return 0 }
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
        position += count
        return count
    }
}

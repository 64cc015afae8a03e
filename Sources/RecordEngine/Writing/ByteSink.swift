/// Bytes to be pushed, in order, by one thread: what `ByteSource` is for reading. Sinks are stacked, each writing to the next.
public protocol ByteSink: AnyObject {
    /// Takes all of `bytes` before it returns. Throws what made writing impossible (`ConnectError` in the host).
    func write(_ bytes: UnsafeRawBufferPointer) throws
    /// Writes what is still held back, here and in the sinks below. Once, after the last `write`.
    func finish() throws
}

/// Bytes kept in memory.
public final class MemorySink: ByteSink {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public func write(_ bytes: UnsafeRawBufferPointer) throws { self.bytes += bytes }
    public func finish() throws {}
}

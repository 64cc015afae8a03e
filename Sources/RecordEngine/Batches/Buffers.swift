/// A growing run of bytes that the hot path writes and reads in place. Owned by whoever holds the object; freed with it.
///
/// `slack` bytes behind the capacity are always allocated, so that wide loads and stores near the end stay inside the allocation.
/// Exclusivity is not checked at run time, since a check would cost more than what it guards: no access calls out while it lasts.
/// `@unchecked Sendable`: filled by one thread, then only read; it changes threads through a queue whose lock orders the memory.
public final class ByteBuffer: @unchecked Sendable {
    @exclusivity(unchecked) @usableFromInline internal var storage: UnsafeMutableRawPointer
    @exclusivity(unchecked) @usableFromInline internal private(set) var capacity: Int
    @exclusivity(unchecked) @usableFromInline internal var length: Int = 0

    /// Bytes that may be read or written beyond the capacity without harm.
    @usableFromInline internal static let slack = 64

    public init(capacity: Int) {
        self.capacity = max(capacity, 64)
        storage = .allocate(byteCount: self.capacity + Self.slack, alignment: 64)
    }

    deinit { storage.deallocate() }

    @inlinable public var count: Int { length }
    /// Valid until the next append.
    @inlinable public var base: UnsafeRawPointer { UnsafeRawPointer(storage) }
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: length) }

    @inlinable
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (storage + length).copyMemory(from: source, byteCount: bytes.count)
        length += bytes.count
    }

    @inlinable
    public func append(_ byte: UInt8) {
        reserve(1)
        storage.storeBytes(of: byte, toByteOffset: length, as: UInt8.self)
        length += 1
    }

    @inlinable public func removeAll() { length = 0 }

    /// Forgets what was appended after the first `count` bytes.
    @inlinable public func truncate(to count: Int) { length = min(length, count) }

    /// Makes room for `more` bytes behind those that are there.
    @inlinable
    public func reserve(_ more: Int) {
        if length + more > capacity { grow(more) }
    }

    /// Where the next byte goes; at least `reserve`d bytes may be written there, then counted with `advance`.
    @inlinable internal var tail: UnsafeMutableRawPointer { storage + length }
    @inlinable internal func advance(_ written: Int) { length += written }

    internal var free: Int { capacity - length }

    /// Drops the first `start` bytes.
    internal func moveToFront(from start: Int) {
        guard start > 0 else { return }
        length -= start
        storage.copyMemory(from: storage + start, byteCount: length)
    }

    @usableFromInline
    internal func grow(_ more: Int) {
        let grown = max(capacity * 2, length + more)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: grown + Self.slack, alignment: 64)
        fresh.copyMemory(from: storage, byteCount: length)
        storage.deallocate()
        storage = fresh
        capacity = grown
    }
}

/// Arrow's offsets: a growing run of 32-bit numbers. `@unchecked Sendable` for the reason given at `ByteBuffer`.
public final class Int32Buffer: @unchecked Sendable {
    @exclusivity(unchecked) @usableFromInline internal var storage: UnsafeMutablePointer<Int32>
    @exclusivity(unchecked) @usableFromInline internal private(set) var capacity: Int
    @exclusivity(unchecked) @usableFromInline internal var length: Int = 0

    public init(capacity: Int) {
        self.capacity = max(capacity, 16)
        storage = .allocate(capacity: self.capacity)
    }

    deinit { storage.deallocate() }

    @inlinable public var count: Int { length }
    /// Valid until the next append.
    @inlinable public var base: UnsafePointer<Int32> { UnsafePointer(storage) }
    @inlinable public subscript(index: Int) -> Int32 { storage[index] }

    @inlinable
    public func append(_ value: Int32) {
        if length == capacity { grow(to: capacity * 2) }
        storage[length] = value
        length += 1
    }

    @inlinable public func removeAll() { length = 0 }

    /// Makes room for `total` numbers in all.
    internal func reserve(_ total: Int) {
        if total > capacity { grow(to: total) }
    }

    @usableFromInline
    internal func grow(to grown: Int) {
        let fresh = UnsafeMutablePointer<Int32>.allocate(capacity: grown)
        fresh.update(from: storage, count: length)
        storage.deallocate()
        storage = fresh
        capacity = grown
    }
}

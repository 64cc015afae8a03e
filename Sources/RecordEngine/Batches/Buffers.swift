/// A growing run of bytes that the hot path writes and reads in place. Owned by whoever holds the object; freed with it.
public final class ByteBuffer {
    @usableFromInline internal var storage: UnsafeMutableRawPointer
    @usableFromInline internal var capacity: Int
    public private(set) var count: Int = 0

    public init(capacity: Int) {
        self.capacity = max(capacity, 64)
        storage = .allocate(byteCount: self.capacity, alignment: 64)
    }

    deinit { storage.deallocate() }

    /// Valid until the next append.
    @inlinable public var base: UnsafeRawPointer { UnsafeRawPointer(storage) }
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: count) }

    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (storage + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    public func removeAll() { count = 0 }

    public func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let grown = max(capacity * 2, count + more)
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 64)
        fresh.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = fresh
        capacity = grown
    }
}

/// Arrow's offsets: a growing run of 32-bit numbers.
public final class Int32Buffer {
    @usableFromInline internal var storage: UnsafeMutablePointer<Int32>
    private var capacity: Int
    public private(set) var count: Int = 0

    public init(capacity: Int) {
        self.capacity = max(capacity, 16)
        storage = .allocate(capacity: self.capacity)
    }

    deinit { storage.deallocate() }

    @inlinable public subscript(index: Int) -> Int32 { storage[index] }

    public func append(_ value: Int32) {
        if count == capacity {
            let fresh = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2)
            fresh.update(from: storage, count: count)
            storage.deallocate()
            storage = fresh
            capacity *= 2
        }
        storage[count] = value
        count += 1
    }

    public func removeAll() { count = 0 }
}

import Synchronization

/// Batches and slabs that have been read and may be filled again, so that memory stays flat and pages stay mapped.
///
/// Oversized ones are let go instead of kept. Any thread.
final class BatchPool: Sendable {
    private struct Free {
        var batches: [RecordBatch] = []
        var slabs: [ByteBuffer] = []
    }

    private let free = Mutex(Free())
    private let slabBytes: Int
    private static let most = 16

    init(slabBytes: Int) { self.slabBytes = slabBytes }

    func takeBatch(columnCount: Int) -> RecordBatch {
        if let batch = free.withLock({ $0.batches.popLast() }), batch.columnCount == columnCount { return batch }
        return RecordBatch(columnCount: columnCount, byteCapacity: slabBytes)
    }

    /// Takes the slab with it when no other batch and no reader shares it.
    func give(_ batch: RecordBatch) {
        var slab = batch.raw
        batch.removeAll()
        if slab != nil, isKnownUniquelyReferenced(&slab), let slab { give(slab) }
        guard batch.columns.allSatisfy({ $0.data.capacity <= 4 * slabBytes }) else { return }
        free.withLock { if $0.batches.count < Self.most { $0.batches.append(batch) } }
    }

    func takeSlab(atLeast bytes: Int) -> ByteBuffer {
        if bytes <= slabBytes, let slab = free.withLock({ $0.slabs.popLast() }) {
            slab.removeAll()
            return slab
        }
        return ByteBuffer(capacity: max(bytes, slabBytes))
    }

    func give(_ slab: ByteBuffer) {
        guard slab.capacity <= slabBytes else { return }
        free.withLock { if $0.slabs.count < Self.most { $0.slabs.append(slab) } }
    }
}

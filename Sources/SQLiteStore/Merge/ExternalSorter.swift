import ConnectModel

/// Sorts any number of items by key, then ordinal, in bounded memory: full arenas are sorted and written to a work file as runs.
/// Used by one thread at a time.
final class ExternalSorter {
    private let directory: String
    private let memoryLimit: Int
    private var arena: UnsafeMutableRawBufferPointer
    private var used = 0
    private var entries: UnsafeMutableBufferPointer<SortEntry>
    private(set) var count = 0
    private var inArena = 0
    private var runs: [Range<Int>] = []
    private var file: ScratchFile?

    /// `memoryLimit` is in bytes, at most 4 GiB; memory is taken as items come.
    init(directory: String, memoryLimit: Int) {
        self.directory = directory
        self.memoryLimit = max(memoryLimit, 1 << 16)
        arena = .allocate(byteCount: min(1 << 20, self.memoryLimit), alignment: 64)
        entries = .allocate(capacity: 4096)
    }

    deinit {
        arena.deallocate()
        entries.deallocate()
    }

    /// Room for an item's key and payload, which the caller writes at once.
    @inline(__always)
    func add(ordinal: UInt64, keyLength: Int, payloadLength: Int) throws -> UnsafeMutableRawPointer {
        let length = (SortItem.headLength + keyLength + payloadLength + 7) & ~7
        if used + length > arena.count || inArena == entries.count { try makeRoom(length) }
        let place = arena.baseAddress.unsafelyUnwrapped + used
        place.storeBytes(of: ordinal, as: UInt64.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: keyLength), toByteOffset: 8, as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: payloadLength), toByteOffset: 12, as: UInt32.self)
        entries[inArena] = SortEntry(prefix: 0, offset: UInt32(truncatingIfNeeded: used / 8))
        used += length
        inArena += 1
        count += 1
        return place + SortItem.headLength
    }

    /// The items in order. May be called again for another pass; adding in between invalidates what was returned.
    func sorted() throws -> SortedItems {
        sortArena()
        guard let file else { return SortedItems(arena: self) }
        try spill()
        arena.deallocate()
        arena = .allocate(byteCount: 64, alignment: 64)
        entries.deallocate()
        entries = .allocate(capacity: 1)
        try file.flush()
        let buffer = min(max(memoryLimit / runs.count, 1 << 14), 1 << 18)
        return try SortedItems(runs.map { ScratchReader(file, range: $0, bufferSize: buffer) })
    }

    fileprivate var arenaItems: (UnsafeRawPointer?, UnsafeMutableBufferPointer<SortEntry>) {
        (UnsafeRawPointer(arena.baseAddress), UnsafeMutableBufferPointer(rebasing: entries[..<inArena]))
    }

    private func makeRoom(_ length: Int) throws {
        let size = MemoryLayout<SortEntry>.stride
        if used + length + (inArena + 1) * size > memoryLimit, inArena > 0 {
            sortArena()
            try spill()
        }
        if used + length > arena.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(arena.count * 2, used + length), alignment: 64)
            if let target = larger.baseAddress, let source = arena.baseAddress { target.copyMemory(from: source, byteCount: used) }
            arena.deallocate()
            arena = larger
        }
        if inArena == entries.count {
            let larger = UnsafeMutableBufferPointer<SortEntry>.allocate(capacity: entries.count * 2)
            _ = larger.initialize(from: entries[..<inArena])
            entries.deallocate()
            entries = larger
        }
    }

    private func sortArena() {
        guard let base = arena.baseAddress else { return }
        let present = UnsafeMutableBufferPointer(rebasing: entries[..<inArena])
        for index in present.indices { present[index].prefix = SortItem(base, present[index]).prefix(at: 0) }
        KeySort(arena: base).sort(present)
    }

    private func spill() throws {
        guard inArena > 0, let base = arena.baseAddress else { return }
        let target = try file ?? ScratchFile(directory: directory)
        file = target
        let start = target.count
        for index in 0..<inArena {
            let item = SortItem(base, entries[index])
            try target.append(UnsafeRawBufferPointer(start: item.start, count: item.length))
        }
        runs.append(start..<target.count)
        used = 0
        inArena = 0
    }
}

/// Items in ascending order, each valid until the next is asked for. Used by one thread.
final class SortedItems {
    private let arena: ExternalSorter?
    private let base: UnsafeRawPointer?
    private let entries: UnsafeMutableBufferPointer<SortEntry>
    private var index = 0
    private var runs: [Run] = []
    /// Runs by their present item, the smallest first: a binary heap.
    private var heap: [Int] = []
    private var moved: Int?

    private struct Run {
        var reader: ScratchReader
        var item: SortItem
        var prefix: UInt64
    }

    fileprivate init(arena: ExternalSorter) {
        self.arena = arena
        (base, entries) = arena.arenaItems
    }

    fileprivate init(_ readers: [ScratchReader]) throws {
        arena = nil
        base = nil
        entries = UnsafeMutableBufferPointer(start: nil, count: 0)
        for reader in readers {
            guard let item = try SortedItems.read(reader) else { continue }
            runs.append(Run(reader: reader, item: item, prefix: item.prefix(at: 0)))
        }
        heap = Array(runs.indices)
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    func next() throws -> SortItem? {
        if let base {
            guard index < entries.count else { return nil }
            index += 1
            return SortItem(base, entries[index - 1])
        }
        if let moved {
            if let item = try SortedItems.read(runs[moved].reader) {
                runs[moved].item = item
                runs[moved].prefix = item.prefix(at: 0)
            } else {
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
            }
            sink(0)
        }
        moved = heap.first
        return moved.map { runs[$0].item }
    }

    private func sink(_ start: Int) {
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
            guard isBefore(heap[child], heap[place]) else { return }
            heap.swapAt(child, place)
            place = child
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let (a, b) = (runs[left].prefix, runs[right].prefix)
        return a != b ? a < b : runs[left].item.isBefore(runs[right].item)
    }

    private static func read(_ reader: ScratchReader) throws -> SortItem? {
        guard let head = try reader.take(SortItem.headLength) else { return nil }
        let length = SortItem(start: head).length
        reader.back(SortItem.headLength)
        return try reader.take(length).map { SortItem(start: $0) }
    }
}

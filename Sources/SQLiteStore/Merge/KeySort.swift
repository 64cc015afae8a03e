/// A place in a sorter's arena with eight bytes of its key, so that most comparisons touch no other memory.
struct SortEntry {
    var prefix: UInt64
    var offset: UInt32
}

/// Sorts entries by key, eight bytes at a time: equal prefixes are sorted again by the eight bytes after them.
/// Long common beginnings, which e-mail addresses and customer numbers have, so cost one more load each instead of a comparison each time.
struct KeySort {
    /// Items as `ExternalSorter` lays them out.
    let arena: UnsafeRawPointer

    func sort(_ entries: UnsafeMutableBufferPointer<SortEntry>) { sort(entries, depth: 0) }

    private func sort(_ entries: UnsafeMutableBufferPointer<SortEntry>, depth: Int) {
        quicksort(entries, limit: 2 * (Int.bitWidth - entries.count.leadingZeroBitCount))
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].prefix == entries[start].prefix { end += 1 }
            if end - start > 1 { sortEqual(UnsafeMutableBufferPointer(rebasing: entries[start..<end]), depth: depth + 8) }
            start = end
        }
    }

    /// Entries whose keys agree before `depth`.
    private func sortEqual(_ entries: UnsafeMutableBufferPointer<SortEntry>, depth: Int) {
        if entries.count <= 8 { return insertionSortWhole(entries) }
        for index in entries.indices where SortItem(arena, entries[index]).keyLength <= depth {
            var equal = entries
            return equal.sort { SortItem(arena, $0).isBefore(SortItem(arena, $1)) }
        }
        for index in entries.indices { entries[index].prefix = SortItem(arena, entries[index]).prefix(at: depth) }
        sort(entries, depth: depth)
    }

    private func quicksort(_ whole: UnsafeMutableBufferPointer<SortEntry>, limit: Int) {
        var entries = whole
        var limit = limit
        while entries.count > 24 {
            if limit == 0 { return entries.sort { $0.prefix < $1.prefix } }
            limit -= 1
            let pivot = median(
                entries[entries.count / 8].prefix, entries[entries.count / 2].prefix, entries[entries.count - 1 - entries.count / 8].prefix)
            var low = 0
            var high = entries.count - 1
            while low <= high {
                while entries[low].prefix < pivot { low += 1 }
                while entries[high].prefix > pivot { high -= 1 }
                if low <= high {
                    entries.swapAt(low, high)
                    low += 1
                    high -= 1
                }
            }
            let left = UnsafeMutableBufferPointer(rebasing: entries[..<(high + 1)])
            let right = UnsafeMutableBufferPointer(rebasing: entries[low...])
            quicksort(left.count < right.count ? left : right, limit: limit)
            entries = left.count < right.count ? right : left
        }
        insertionSort(entries)
    }

    private func insertionSort(_ entries: UnsafeMutableBufferPointer<SortEntry>) {
        var index = 1
        while index < entries.count {
            let entry = entries[index]
            var place = index
            while place > 0, entries[place - 1].prefix > entry.prefix {
                entries[place] = entries[place - 1]
                place -= 1
            }
            entries[place] = entry
            index += 1
        }
    }

    private func insertionSortWhole(_ entries: UnsafeMutableBufferPointer<SortEntry>) {
        var index = 1
        while index < entries.count {
            let entry = entries[index]
            var place = index
            while place > 0, SortItem(arena, entry).isBefore(SortItem(arena, entries[place - 1])) {
                entries[place] = entries[place - 1]
                place -= 1
            }
            entries[place] = entry
            index += 1
        }
    }

    private func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 { max(min(a, b), min(max(a, b), c)) }
}

/// One item: ordinal (8 bytes), lengths of key and payload (4 each), key, payload.
struct SortItem {
    static let headLength = 16
    let start: UnsafeRawPointer

    @inline(__always)
    init(_ arena: UnsafeRawPointer, _ entry: SortEntry) { start = arena + Int(entry.offset) * 8 }

    @inline(__always)
    init(start: UnsafeRawPointer) { self.start = start }

    @inline(__always) var ordinal: UInt64 { start.loadUnaligned(as: UInt64.self) }
    @inline(__always) var keyLength: Int { Int(start.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }
    @inline(__always) var payloadLength: Int { Int(start.loadUnaligned(fromByteOffset: 12, as: UInt32.self)) }
    @inline(__always) var length: Int { SortItem.headLength + keyLength + payloadLength }
    @inline(__always) var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start + SortItem.headLength, count: keyLength) }
    @inline(__always)
    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start + SortItem.headLength + keyLength, count: payloadLength) }

    /// Eight bytes of the key as a number that orders like them; zeros after its end.
    @inline(__always)
    func prefix(at depth: Int) -> UInt64 {
        let rest = keyLength - depth
        let place = start + SortItem.headLength + depth
        if rest >= 8 { return UInt64(bigEndian: place.loadUnaligned(as: UInt64.self)) }
        var value: UInt64 = 0
        var index = 0
        while index < rest {
            value |= UInt64(place.load(fromByteOffset: index, as: UInt8.self)) << UInt64(56 - 8 * index)
            index += 1
        }
        return value
    }

    /// By key, then by ordinal.
    @inline(__always)
    func isBefore(_ other: SortItem) -> Bool {
        let order = compareBytes(key, other.key)
        return order != 0 ? order < 0 : ordinal < other.ordinal
    }
}

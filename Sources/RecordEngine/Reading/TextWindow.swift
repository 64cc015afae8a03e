/// The piece of the text that is in memory: a slab that the source writes into and that batches keep as their rows' raw bytes.
///
/// Text is never moved within a slab that a batch holds; what is left of it goes to the front of a fresh one.
struct TextWindow {
    private(set) var slab: ByteBuffer
    /// Where the next record begins.
    private(set) var position = 0
    /// Nothing follows what is in the slab.
    private(set) var isLast = false
    /// Everything in the slab is well-formed UTF-8, but for a character cut off at its end.
    private(set) var isValidText = true
    /// Bytes of text passed since the beginning.
    private(set) var consumed: Int64 = 0

    private let source: any ByteSource
    private let pool: BatchPool
    private let slabBytes: Int
    private let recordLimit: Int

    init(source: any ByteSource, pool: BatchPool, slabBytes: Int, recordLimit: Int) {
        self.source = source
        self.pool = pool
        self.slabBytes = slabBytes
        self.recordLimit = recordLimit
        slab = pool.takeSlab(atLeast: slabBytes)
    }

    var base: UnsafeRawPointer { slab.base }
    var end: Int { slab.count }

    mutating func consume(to next: Int) {
        consumed += Int64(next - position)
        position = next
    }

    /// Text from the position up to `end`, cut at the limit for raw text.
    func raw(to end: Int, recordLimit: Int) -> [UInt8] {
        let count = min(end - position, recordLimit, MalformedRecord.rawLimit)
        return Array(UnsafeRawBufferPointer(start: base + position, count: count))
    }

    /// Brings more text behind what is left: as much as the slab holds, or the rest of the source.
    mutating func refill() throws {
        let rest = end - position
        // Doubling keeps the cost of looking again at a long record linear; more than the limit is never wanted.
        let enough = min(2 * rest, recordLimit + slabBytes) + 8 * RecordScanner.lookahead
        if enough <= slab.capacity && isKnownUniquelyReferenced(&slab) {
            slab.moveToFront(from: position)
        } else {
            let fresh = pool.takeSlab(atLeast: max(enough, slabBytes))
            fresh.append(UnsafeRawBufferPointer(start: base + position, count: rest))
            if isKnownUniquelyReferenced(&slab) { pool.give(slab) }
            slab = fresh
        }
        position = 0
        while !isLast && slab.free > 0 {
            let count = try source.read(into: UnsafeMutableRawBufferPointer(start: slab.tail, count: slab.free))
            if count == 0 { isLast = true } else { slab.advance(count) }
        }
        checkText()
    }

    private mutating func checkText() {
        let valid = UTF8Validation.validPrefix(base, count: end)
        isValidText = valid == end || (!isLast && UTF8Validation.isCutOff(base + valid, count: end - valid))
    }

    /// Passes everything up to and including the first line end at or after `from`, keeping none of it.
    mutating func skipLine(from: Int) throws {
        var index = from
        while true {
            if let lineEnd = firstLineEnd(from: index) {
                consume(to: lineEnd)
                return try passLineEnd()
            }
            consume(to: end)
            if isLast { return }
            try refill()
            index = 0
        }
    }

    private func firstLineEnd(from start: Int) -> Int? {
        guard start < end else { return nil }
        for index in start..<end {
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            if byte == 0x0A || byte == 0x0D { return index }
        }
        return nil
    }

    private mutating func passLineEnd() throws {
        if position + 1 == end && !isLast { try refill() }
        let isPair =
            base.load(fromByteOffset: position, as: UInt8.self) == 0x0D && position + 1 < end
            && base.load(fromByteOffset: position + 1, as: UInt8.self) == 0x0A
        consume(to: position + (isPair ? 2 : 1))
    }
}

/// Weighs text looked at twice because of faulty enclosures against the text passed, so that no file costs quadratic time.
struct RescanBudget {
    private var rescanned: Int64 = 0
    private static let free: Int64 = 16 << 20

    mutating func note(_ bytes: Int) { rescanned += Int64(max(bytes, 0)) }

    func isSpent(after consumed: Int64) -> Bool { rescanned > Self.free + 8 * consumed }
}

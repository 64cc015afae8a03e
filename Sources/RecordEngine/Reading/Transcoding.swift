/// UTF-8 as it is, without a byte order mark at the start.
final class UTF8Source: ByteSource {
    private let source: any ByteSource
    private var isStarted = false
    /// Bytes read while looking for a mark that the first buffer could not hold.
    private var held: [UInt8] = []

    init(_ source: any ByteSource) { self.source = source }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if isStarted && held.isEmpty { return try source.read(into: buffer) }
        if !isStarted { try start() }
        guard !held.isEmpty else { return try source.read(into: buffer) }
        let count = min(held.count, buffer.count)
        buffer.copyBytes(from: held[..<count])
        held.removeFirst(count)
        return count
    }

    /// Reads up to three bytes, and drops them if they are a mark.
    private func start() throws {
        isStarted = true
        var first = [UInt8](repeating: 0, count: 3)
        var count = 0
        while count < 3 {
            let more = try first.withUnsafeMutableBytes { try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...])) }
            if more == 0 { break }
            count += more
        }
        if first != [0xEF, 0xBB, 0xBF] { held = Array(first[..<count]) }
    }
}

/// Turns bytes of one character set into UTF-8, keeping what a piece leaves unfinished for the next.
protocol Transcoder {
    /// Takes from `input` and writes to `output`, which has room for at least 4 bytes more than 2 for each byte taken.
    /// Returns the bytes taken and written. `isLast`: nothing follows `input`, so all of it must be taken if there is room.
    mutating func transcode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool
    ) -> (taken: Int, written: Int)
}

/// A source in another character set, as UTF-8.
final class TranscodedSource<Coder: Transcoder>: ByteSource {
    private let source: any ByteSource
    private var coder: Coder
    private let input: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isLast = false
    /// Text that did not fit a small buffer.
    private var spare: [UInt8] = []

    init(_ source: any ByteSource, _ coder: Coder) {
        self.source = source
        self.coder = coder
        input = .allocate(byteCount: 64 << 10, alignment: 64)
    }

    deinit { input.deallocate() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if buffer.count < 16 { return try readSmall(into: buffer) }
        while true {
            if !spare.isEmpty { return takeSpare(into: buffer) }
            if start < end || isLast {
                let (taken, written) = coder.transcode(UnsafeRawBufferPointer(rebasing: input[start..<end]), into: buffer, isLast: isLast)
                start += taken
                if written > 0 { return written }
                if isLast && start == end { return 0 }
            }
            try fill()
        }
    }

    private func fill() throws {
        input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[start..<end]))
        end -= start
        start = 0
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: input[end...]))
        if count == 0 { isLast = true }
        end += count
    }

    private func readSmall(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        if spare.isEmpty {
            var piece = [UInt8](repeating: 0, count: 64)
            let count = try piece.withUnsafeMutableBytes { try read(into: $0) }
            spare = Array(piece[..<count])
        }
        return takeSpare(into: buffer)
    }

    private func takeSpare(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(spare.count, buffer.count)
        buffer.copyBytes(from: spare[..<count])
        spare.removeFirst(count)
        return count
    }
}

/// Stands in the text for what could not be decoded.
let undecodableByte: UInt8 = 0xFF

extension UnsafeMutableRawBufferPointer {
    /// Writes a scalar in UTF-8 at `index`, where 4 bytes are free; returns its length.
    @inline(__always)
    func storeScalar(_ scalar: UInt32, at index: Int) -> Int {
        if scalar < 0x80 {
            self[index] = UInt8(truncatingIfNeeded: scalar)
            return 1
        }
        if scalar < 0x800 {
            self[index] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
            self[index + 1] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
            return 2
        }
        if scalar < 0x10000 {
            self[index] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
            self[index + 1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
            self[index + 2] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
            return 3
        }
        self[index] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
        self[index + 1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F)
        self[index + 2] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
        self[index + 3] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
        return 4
    }
}

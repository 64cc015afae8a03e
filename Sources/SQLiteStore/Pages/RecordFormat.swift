/// A value as SQLite's record format holds it (https://www.sqlite.org/fileformat2.html, §2.1): a serial type and a body.
///
/// `bytes` points into memory somebody else owns; who hands out a cell says how long it stays.
struct Cell {
    /// 0 NULL, 1–6 whole numbers, 7 a double, 8 and 9 the numbers 0 and 1, from 12 on a BLOB (even) or text (odd).
    var type: UInt64
    var bytes: UnsafeRawPointer?

    static var null: Cell { Cell(type: 0, bytes: nil) }

    static func text(_ bytes: UnsafeRawBufferPointer) -> Cell { Cell(type: UInt64(bytes.count) * 2 + 13, bytes: bytes.baseAddress) }
    static func blob(_ bytes: UnsafeRawBufferPointer) -> Cell { Cell(type: UInt64(bytes.count) * 2 + 12, bytes: bytes.baseAddress) }

    @inline(__always) var count: Int { RecordFormat.bodyLength(type) }
    @inline(__always) var isNull: Bool { type == 0 }
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

    /// Equal as stored: numbers have one form (see `NumberForm`), the rest is bytes.
    @inline(__always)
    func isSame(as other: Cell) -> Bool {
        guard type == other.type else { return false }
        let count = self.count
        guard count > 0, let bytes, let otherBytes = other.bytes else { return true }
        return compareBytes(bytes, otherBytes, count) == 0
    }
}

/// Variable-length integers and records of SQLite's file format.
enum RecordFormat {
    @inline(__always)
    static func bodyLength(_ type: UInt64) -> Int {
        if type >= 12 { return Int(truncatingIfNeeded: (type - 12) >> 1) }
        switch type {
        case 1: return 1
        case 2: return 2
        case 3: return 3
        case 4: return 4
        case 5: return 6
        case 6, 7: return 8
        default: return 0
        }
    }

    @inline(__always)
    static func varintLength(_ value: UInt64) -> Int {
        if value < 0x80 { return 1 }
        if value < 0x4000 { return 2 }
        var length = 3
        var rest = value >> 21
        while rest != 0 {
            length += 1
            rest >>= 7
        }
        return min(length, 9)
    }

    /// Returns the bytes written (1 to 9).
    @inline(__always)
    static func writeVarint(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        if value < 0x80 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
            return 1
        }
        if value < 0x4000 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value >> 7) | 0x80, as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: value & 0x7f), toByteOffset: 1, as: UInt8.self)
            return 2
        }
        return writeLongVarint(value, to: target)
    }

    private static func writeLongVarint(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        let length = varintLength(value)
        var rest = value
        var index = length - 1
        if length == 9 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: 8, as: UInt8.self)
            rest >>= 8
            index = 7
            while index >= 0 {
                target.storeBytes(of: UInt8(truncatingIfNeeded: rest & 0x7f) | 0x80, toByteOffset: index, as: UInt8.self)
                rest >>= 7
                index -= 1
            }
            return 9
        }
        var mark: UInt8 = 0
        while index >= 0 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: rest & 0x7f) | mark, toByteOffset: index, as: UInt8.self)
            mark = 0x80
            rest >>= 7
            index -= 1
        }
        return length
    }

    /// The value and its length, or a length of 0 when `limit` bytes do not hold it.
    @inline(__always)
    static func readVarint(_ source: UnsafeRawPointer, limit: Int) -> (value: UInt64, length: Int) {
        guard limit > 0 else { return (0, 0) }
        let first = source.load(as: UInt8.self)
        if first < 0x80 { return (UInt64(first), 1) }
        var value = UInt64(first & 0x7f)
        var index = 1
        while index < 8 {
            guard index < limit else { return (0, 0) }
            let byte = source.load(fromByteOffset: index, as: UInt8.self)
            value = value << 7 | UInt64(byte & 0x7f)
            index += 1
            if byte < 0x80 { return (value, index) }
        }
        guard limit > 8 else { return (0, 0) }
        return (value << 8 | UInt64(source.load(fromByteOffset: 8, as: UInt8.self)), 9)
    }

    /// Sets `cells` from a record and returns how many columns it has; the rest become NULL. The cells point into the record.
    /// Returns nil when the record is not one.
    @inline(__always)
    static func decode(_ record: UnsafeRawBufferPointer, into cells: UnsafeMutablePointer<Cell>, capacity: Int) -> Int? {
        guard let base = record.baseAddress else { return nil }
        let (headerLength, first) = readVarint(base, limit: record.count)
        guard first > 0, headerLength <= UInt64(record.count) else { return nil }
        var header = first
        var body = Int(headerLength)
        var column = 0
        while header < Int(headerLength), column < capacity {
            let (type, length) = readVarint(base + header, limit: Int(headerLength) - header)
            guard length > 0 else { return nil }
            header += length
            let bytes = bodyLength(type)
            guard bytes >= 0, bytes <= record.count - body else { return nil }
            cells[column] = Cell(type: type, bytes: base + body)
            body += bytes
            column += 1
        }
        for rest in column..<max(capacity, column) { cells[rest] = .null }
        return column
    }

    @inline(__always)
    static func encodedLength(_ cells: UnsafePointer<Cell>, count: Int) -> (header: Int, total: Int) {
        var header = 0
        var body = 0
        for index in 0..<count {
            let type = cells[index].type
            header += varintLength(type)
            body += bodyLength(type)
        }
        var whole = header + 1
        if whole >= 0x80 { whole = header + varintLength(UInt64(header + 2)) }
        return (whole, whole + body)
    }

    /// Writes the record; `target` has room for `encodedLength(…).total`.
    @inline(__always)
    static func encode(_ cells: UnsafePointer<Cell>, count: Int, header: Int, to target: UnsafeMutableRawPointer) {
        var at = writeVarint(UInt64(header), to: target)
        for index in 0..<count { at += writeVarint(cells[index].type, to: target + at) }
        for index in 0..<count {
            let length = cells[index].count
            guard length > 0, let bytes = cells[index].bytes else { continue }
            (target + at).copyMemory(from: bytes, byteCount: length)
            at += length
        }
    }
}

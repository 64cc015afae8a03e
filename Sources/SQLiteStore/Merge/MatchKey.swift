import ConnectModel

/// Makes keys that compare byte by byte as SQLite compares the values: e-mail with ASCII letters folded, numbers big-endian, parts joined
/// by a NUL, which no text holds. Indexes and loads make their keys alike, so that one can be merged with the other.
struct MatchKey {
    enum Part: Equatable {
        /// NOCASE text.
        case folded
        case bytes
        /// An INTEGER field.
        case number
        /// A NUMBER field: whole numbers and doubles in one order.
        case decimal
        case hash(length: Int)

        init(_ field: Field) {
            if field.name == "EMAIL_ADDRESS_" {
                self = .folded
            } else if let length = TableLayout.hashLengths[field.name] {
                self = .hash(length: length)
            } else {
                self =
                    switch field.type {
                    case .integer: .number
                    case .number: .decimal
                    default: .bytes
                    }
            }
        }

        var fixedLength: Int? {
            switch self {
            case .folded, .bytes: nil
            case .number: 8
            case .decimal: DecimalKey.length
            case .hash(let length): length
            }
        }
    }

    let parts: [Part]

    init(_ parts: [Part]) { self.parts = parts }

    /// Length of the key of these cells; nil when one is empty, and the row so has no key.
    @inline(__always)
    func length(_ cell: (Int) -> Cell) -> Int? {
        var length = parts.count - 1
        for index in parts.indices {
            let value = cell(index)
            if value.isNull { return nil }
            switch parts[index] {
            case .number: length += 8
            case .decimal: length += DecimalKey.length
            case .folded, .bytes, .hash: length += value.count
            }
        }
        return length
    }

    @inline(__always)
    func write(_ cell: (Int) -> Cell, to target: UnsafeMutableRawPointer) {
        var at = target
        for index in parts.indices {
            if index > 0 {
                at.storeBytes(of: 0, as: UInt8.self)
                at += 1
            }
            let value = cell(index)
            switch parts[index] {
            case .number:
                MatchKey.write(NumberForm.integer(value) ?? 0, to: at)
                at += 8
            case .decimal:
                DecimalKey.write(value, to: at)
                at += DecimalKey.length
            case .folded:
                copyFolded(value.buffer, to: at)
                at += value.count
            case .bytes, .hash:
                if let bytes = value.bytes { at.copyMemory(from: bytes, byteCount: value.count) }
                at += value.count
            }
        }
    }

    /// Orders like the number.
    static func write(_ value: Int64, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: (UInt64(bitPattern: value) ^ 1 << 63).bigEndian, as: UInt64.self)
    }

    static func number(_ key: UnsafeRawBufferPointer) -> Int64 {
        guard key.count == 8, let base = key.baseAddress else { return 0 }
        return Int64(bitPattern: UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)) ^ 1 << 63)
    }

    /// The key's parts again.
    func split(_ key: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var rest = key
        return parts.map { part in
            let end = min(part.fixedLength ?? rest.firstIndex(of: 0).map { rest.distance(from: rest.startIndex, to: $0) } ?? rest.count, rest.count)
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<end])
            rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.count)...])
            return piece
        }
    }
}

/// A number of any form as ten bytes that order like it: the nearest double, then how far the whole number is from that.
enum DecimalKey {
    static let length = 10

    static func write(_ cell: Cell, to target: UnsafeMutableRawPointer) {
        let whole = NumberForm.integer(cell)
        let nearest = whole.map { Double($0) } ?? NumberForm.double(cell) ?? 0
        let bits = nearest.bitPattern
        let ordered = bits >> 63 == 1 ? ~bits : bits | 1 << 63
        target.storeBytes(of: ordered.bigEndian, as: UInt64.self)
        let offset = whole.map { Int16(truncatingIfNeeded: distance($0, nearest)) } ?? 0
        target.storeBytes(of: (UInt16(bitPattern: offset) ^ 1 << 15).bigEndian, toByteOffset: 8, as: UInt16.self)
    }

    enum Value {
        case integer(Int64)
        case double(Double)
    }

    static func value(_ key: UnsafeRawBufferPointer) -> Value {
        guard key.count == length, let base = key.baseAddress else { return .integer(0) }
        let ordered = UInt64(bigEndian: base.loadUnaligned(as: UInt64.self))
        let nearest = Double(bitPattern: ordered >> 63 == 1 ? ordered & ~(1 << 63) : ~ordered)
        let offset = Int64(Int16(bitPattern: UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt16.self)) ^ 1 << 15))
        if nearest == 0x1p63 { return offset < 0 ? .integer(.max + (offset + 1)) : .double(nearest) }
        guard let whole = Int64(exactly: nearest) else { return .double(nearest) }
        return .integer(whole &+ offset)
    }

    /// At most half the distance between two doubles of this size: 512.
    private static func distance(_ whole: Int64, _ nearest: Double) -> Int64 {
        nearest == 0x1p63 ? whole - .max - 1 : whole - Int64(nearest)
    }
}

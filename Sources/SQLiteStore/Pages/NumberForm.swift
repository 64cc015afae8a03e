/// The one form in which a number is stored, the one SQLite itself gives a column of NUMERIC affinity:
/// a whole number in the fewest bytes, anything else a double.
enum NumberForm {
    /// Writes at most 8 bytes to `target`; the cell points there.
    static func cell(_ value: Int64, _ target: UnsafeMutableRawPointer) -> Cell {
        if value == 0 { return Cell(type: 8, bytes: nil) }
        if value == 1 { return Cell(type: 9, bytes: nil) }
        let magnitude = value < 0 ? ~value : value
        let (type, length): (UInt64, Int) =
            switch magnitude {
            case ...0x7f: (1, 1)
            case ...0x7fff: (2, 2)
            case ...0x7f_ffff: (3, 3)
            case ...0x7fff_ffff: (4, 4)
            case ...0x7fff_ffff_ffff: (5, 6)
            default: (6, 8)
            }
        for index in 0..<length {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value >> Int64((length - 1 - index) * 8)), toByteOffset: index, as: UInt8.self)
        }
        return Cell(type: type, bytes: UnsafeRawPointer(target))
    }

    static func cell(_ value: Double, _ target: UnsafeMutableRawPointer) -> Cell {
        // SQLite's own bound for turning a double into a whole number.
        if value.rounded(.towardZero) == value, abs(value) < 0x1p51 { return cell(Int64(value), target) }
        target.storeBytes(of: value.bitPattern.bigEndian, as: UInt64.self)
        return Cell(type: 7, bytes: UnsafeRawPointer(target))
    }

    /// Text of a checked INTEGER or NUMBER field; nil when it is no number.
    static func cell(text: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer) -> Cell? {
        if let whole = integer(text) { return cell(whole, target) }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return cell(value, target)
    }

    /// The whole number a cell of type 1–6, 8 or 9 holds.
    static func integer(_ cell: Cell) -> Int64? {
        switch cell.type {
        case 8: return 0
        case 9: return 1
        case 1...6:
            guard let bytes = cell.bytes else { return nil }
            var value = Int64(bytes.load(as: Int8.self))
            for index in 1..<max(cell.count, 1) { value = value << 8 | Int64(bytes.load(fromByteOffset: index, as: UInt8.self)) }
            return value
        default: return nil
        }
    }

    static func double(_ cell: Cell) -> Double? {
        guard cell.type == 7, let bytes = cell.bytes else { return nil }
        return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }

    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        var index = 0
        var negative = false
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            negative = first == UInt8(ascii: "-")
            index = 1
        }
        guard index < text.count else { return nil }
        var value: Int64 = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, overflowed) = negative ? scaled.subtractingReportingOverflow(Int64(digit)) : scaled.addingReportingOverflow(Int64(digit))
            guard !overflow, !overflowed else { return nil }
            value = next
            index += 1
        }
        return value
    }
}

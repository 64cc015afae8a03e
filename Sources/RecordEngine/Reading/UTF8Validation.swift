/// Well-formedness of UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
package enum UTF8Validation {
    /// How many bytes from the start are well-formed. Less than `count` where something is wrong, or where the last character is cut off.
    static func validPrefix(_ text: UnsafeRawPointer, count: Int) -> Int {
        var index = 0
        while index < count {
            index = skipASCII(text, from: index, count: count)
            guard index < count else { break }
            let length = characterLength(text + index, available: count - index)
            guard length > 0 else { return index }
            index += length
        }
        return index
    }

    package static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let base = text.baseAddress else { return true }
        return validPrefix(base, count: text.count) == text.count
    }

    /// Whether the rest, where `validPrefix` stopped, may still become a character when more bytes come.
    static func isCutOff(_ text: UnsafeRawPointer, count: Int) -> Bool {
        guard count > 0, count < 4 else { return false }
        let wanted = expectedLength(text.load(as: UInt8.self))
        guard wanted > count else { return false }
        guard count > 1 else { return true }
        let second = text.load(fromByteOffset: 1, as: UInt8.self)
        guard secondByteFits(text.load(as: UInt8.self), second) else { return false }
        return count < 3 || text.load(fromByteOffset: 2, as: UInt8.self) & 0xC0 == 0x80
    }

    @inline(__always)
    private static func skipASCII(_ text: UnsafeRawPointer, from start: Int, count: Int) -> Int {
        var index = start
        while index + 32 <= count {
            let words = text.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
            if (words[0] | words[1] | words[2] | words[3]) & 0x8080_8080_8080_8080 != 0 { break }
            index += 32
        }
        while index + 8 <= count {
            let high = text.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080
            if high != 0 { return index + high.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, text.load(fromByteOffset: index, as: UInt8.self) < 0x80 { index += 1 }
        return index
    }

    @inline(__always)
    private static func expectedLength(_ first: UInt8) -> Int {
        switch first {
        case 0x00...0x7F: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    @inline(__always)
    private static func secondByteFits(_ first: UInt8, _ second: UInt8) -> Bool {
        switch first {
        case 0xE0: (0xA0...0xBF).contains(second)
        case 0xED: (0x80...0x9F).contains(second)
        case 0xF0: (0x90...0xBF).contains(second)
        case 0xF4: (0x80...0x8F).contains(second)
        default: second & 0xC0 == 0x80
        }
    }

    /// Length of the well-formed character at `text`, or 0.
    @inline(__always)
    private static func characterLength(_ text: UnsafeRawPointer, available: Int) -> Int {
        let first = text.load(as: UInt8.self)
        let length = expectedLength(first)
        guard length > 0, length <= available else { return 0 }
        if length == 1 { return 1 }
        guard secondByteFits(first, text.load(fromByteOffset: 1, as: UInt8.self)) else { return 0 }
        for offset in 2..<max(length, 2) where text.load(fromByteOffset: offset, as: UInt8.self) & 0xC0 != 0x80 { return 0 }
        return length
    }
}

/// Character sets of one byte a character whose lower half is ASCII.
struct SingleByteTranscoder: Transcoder {
    /// The scalars of bytes 80 to FF; 0 where a byte is no character.
    private let upper: [UInt32]

    enum Table {
        case latin1, windows1252, ascii
        /// The scalars of bytes 80 to FF; 0 where a byte is no character.
        case custom([UInt32])

        /// The scalars of bytes 80 to FF; 0 where a byte is no character.
        var upper: [UInt32] {
            switch self {
            case .latin1: Array(0x80...0xFF)
            case .windows1252: windows1252Block + Array(0xA0...0xFF)
            case .ascii: Array(repeating: 0, count: 128)
            case .custom(let scalars): scalars
            }
        }
    }

    init(_ table: Table) { upper = table.upper }

    /// 80 to 9F, after Microsoft's table cp1252.
    private static let windows1252Block: [UInt32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]

    mutating func transcode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool
    ) -> (taken: Int, written: Int) {
        var taken = 0
        var written = 0
        while taken < input.count && written + 8 <= output.count {
            while taken + 8 <= input.count && written + 8 <= output.count {
                let word = input.loadUnaligned(fromByteOffset: taken, as: UInt64.self)
                guard word & 0x8080_8080_8080_8080 == 0 else { break }
                output.storeBytes(of: word, toByteOffset: written, as: UInt64.self)
                taken += 8
                written += 8
            }
            guard taken < input.count && written + 8 <= output.count else { break }
            let byte = input[taken]
            taken += 1
            if byte < 0x80 {
                output[written] = byte
                written += 1
            } else if upper[Int(byte & 0x7F)] == 0 {
                output[written] = undecodableByte
                written += 1
            } else {
                written += output.storeScalar(upper[Int(byte & 0x7F)], at: written)
            }
        }
        return (taken, written)
    }
}

/// UTF-16 in either byte order. Lone surrogates and a single byte at the end are undecodable.
struct UTF16Transcoder: Transcoder {
    enum Order { case byMark, little, big }

    private var order: Order
    private var isAtStart = true

    init(_ order: Order) { self.order = order }

    mutating func transcode(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool
    ) -> (taken: Int, written: Int) {
        var taken = 0
        var written = 0
        if isAtStart && input.count >= 2 { taken = passMark(input) }
        while taken + 2 <= input.count && written + 4 <= output.count {
            let unit = self.unit(input, taken)
            if unit & 0xF800 != 0xD800 {
                written += output.storeScalar(UInt32(unit), at: written)
                taken += 2
                continue
            }
            guard unit < 0xDC00 else {
                output[written] = undecodableByte
                written += 1
                taken += 2
                continue
            }
            guard taken + 4 <= input.count else {
                if !isLast { break }
                output[written] = undecodableByte
                return (input.count, written + 1)
            }
            let second = self.unit(input, taken + 2)
            if second & 0xFC00 == 0xDC00 {
                written += output.storeScalar(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(second & 0x3FF)), at: written)
                taken += 4
            } else {
                output[written] = undecodableByte
                written += 1
                taken += 2
            }
        }
        if isLast && taken + 1 == input.count && written < output.count {
            output[written] = undecodableByte
            return (input.count, written + 1)
        }
        return (taken, written)
    }

    /// Settles the byte order; returns the mark's length.
    private mutating func passMark(_ input: UnsafeRawBufferPointer) -> Int {
        isAtStart = false
        let isLittle = input[0] == 0xFF && input[1] == 0xFE
        let isBig = input[0] == 0xFE && input[1] == 0xFF
        switch order {
        case .byMark:
            order = isLittle ? .little : .big
            return isLittle || isBig ? 2 : 0
        case .little: return isLittle ? 2 : 0
        case .big: return isBig ? 2 : 0
        }
    }

    @inline(__always)
    private func unit(_ input: UnsafeRawBufferPointer, _ index: Int) -> UInt16 {
        let raw = input.loadUnaligned(fromByteOffset: index, as: UInt16.self)
        return order == .little ? UInt16(littleEndian: raw) : UInt16(bigEndian: raw)
    }
}

/// Turns UTF-8 into bytes of one character set. Characters that the set cannot hold are replaced and counted, never dropped (EXP-4).
protocol CharacterEncoder {
    /// Takes whole characters from `input`, which begins with one, and appends what they are to `output`. Returns the bytes taken; what is left is
    /// an unfinished character at the end.
    mutating func encode(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int
    /// Appends what the set's state still holds back.
    mutating func finish(into output: ByteBuffer)
    /// Characters replaced so far.
    var replaced: Int64 { get }
}

/// Character sets of one byte a character whose lower half is ASCII.
struct SingleByteEncoder: CharacterEncoder {
    private(set) var replaced: Int64 = 0
    private let replacement: UInt8
    /// Byte of each character of the basic plane, 0 where there is none.
    private let bytes: [UInt8]

    /// `upper`: the scalars of bytes 80 to FF; 0 where a byte is no character.
    init(upper: [UInt32], replacement: UInt8) {
        self.replacement = replacement
        var bytes = [UInt8](repeating: 0, count: 0x10000)
        for (index, scalar) in upper.enumerated() where scalar >= 0x80 && scalar < 0x10000 && bytes[Int(scalar)] == 0 {
            bytes[Int(scalar)] = UInt8(truncatingIfNeeded: 0x80 + index)
        }
        self.bytes = bytes
    }

    mutating func encode(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int {
        output.reserve(input.count + 8)
        var place = 0
        while place < input.count {
            while place + 8 <= input.count {
                let word = input.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                guard word & 0x8080_8080_8080_8080 == 0 else { break }
                output.tail.storeBytes(of: word, as: UInt64.self)
                output.advance(8)
                place += 8
            }
            guard place < input.count else { break }
            let first = input[place]
            guard first >= 0x80 else {
                output.append(first)
                place += 1
                continue
            }
            let length = UTF8Form.length(first)
            guard place + length <= input.count else { break }
            let scalar = UTF8Form.scalar(input, place, length)
            place += length
            let byte = scalar < 0x10000 ? bytes[Int(scalar)] : 0
            if byte == 0 { replaced += 1 }
            output.append(byte == 0 ? replacement : byte)
        }
        return place
    }

    mutating func finish(into output: ByteBuffer) {}
}

/// UTF-16, which holds every character.
struct UTF16Encoder: CharacterEncoder {
    let isLittle: Bool
    var replaced: Int64 { 0 }

    mutating func encode(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int {
        output.reserve(2 * input.count + 8)
        var place = 0
        while place < input.count {
            let length = UTF8Form.length(input[place])
            guard place + length <= input.count else { break }
            let scalar = UTF8Form.scalar(input, place, length)
            place += length
            if scalar < 0x10000 {
                put(UInt16(truncatingIfNeeded: scalar), output)
            } else {
                put(UInt16(truncatingIfNeeded: 0xD800 + (scalar - 0x10000) >> 10), output)
                put(UInt16(truncatingIfNeeded: 0xDC00 + (scalar - 0x10000) & 0x3FF), output)
            }
        }
        return place
    }

    mutating func finish(into output: ByteBuffer) {}

    @inline(__always)
    private func put(_ unit: UInt16, _ output: ByteBuffer) {
        output.tail.storeBytes(of: isLittle ? unit.littleEndian : unit.bigEndian, as: UInt16.self)
        output.advance(2)
    }
}

/// The form of UTF-8; its input is text of the store, which is well formed.
enum UTF8Form {
    @inline(__always)
    static func length(_ first: UInt8) -> Int { first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 }

    /// `length` bytes stand at `place`.
    @inline(__always)
    static func scalar(_ input: UnsafeRawBufferPointer, _ place: Int, _ length: Int) -> UInt32 {
        func tail(_ index: Int) -> UInt32 { UInt32(input[place + index] & 0x3F) }
        let first = UInt32(input[place])
        switch length {
        case 1: return first
        case 2: return (first & 0x1F) << 6 | tail(1)
        case 3: return (first & 0x0F) << 12 | tail(1) << 6 | tail(2)
        default: return min((first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 0x10FFFF)
        }
    }
}

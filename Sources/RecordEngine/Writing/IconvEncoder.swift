/// Any character set of the C library's iconv, the other way.
struct IconvEncoder: CharacterEncoder {
    private(set) var replaced: Int64 = 0
    private let converter: IconvDescriptor
    private let replacement: UInt8
    /// Characters of ASCII that would be read back as others: the backslash and the tilde in Shift_JIS, whose bytes mean ¥ and ‾ there.
    private let lossy: [UInt8]

    /// nil when this machine's C library lacks the character set.
    init?(_ name: String, replacement: UInt8) {
        guard let converter = IconvDescriptor(from: "UTF-8", to: name) else { return nil }
        self.converter = converter
        self.replacement = replacement
        lossy = Self.lossyCharacters(name)
    }

    mutating func encode(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int {
        guard !lossy.isEmpty else { return encodeHeld(input, into: output) }
        var place = 0
        while let next = input[place...].firstIndex(where: lossy.contains) {
            _ = encodeHeld(UnsafeRawBufferPointer(rebasing: input[place..<next]), into: output)
            replace(output)
            place = next + 1
        }
        return place + encodeHeld(UnsafeRawBufferPointer(rebasing: input[place...]), into: output)
    }

    private mutating func encodeHeld(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int {
        var taken = 0
        while taken < input.count {
            switch step(input, &taken, output) {
            case .done, .outputFull: break
            case .cutOff: return taken
            case .invalid:
                // One character that the set does not have.
                taken = min(taken + UTF8Form.length(input[taken]), input.count)
                replace(output)
            }
        }
        return taken
    }

    private mutating func replace(_ output: ByteBuffer) {
        replaced += 1
        withUnsafeBytes(of: replacement) { mark in
            var place = 0
            _ = step(mark, &place, output)
        }
    }

    private static func lossyCharacters(_ name: String) -> [UInt8] {
        (UInt8(0x20)...0x7E).filter { character in
            guard let there = IconvDescriptor(from: "UTF-8", to: name), let back = IconvDescriptor(from: name) else { return false }
            let encoded = converted([character], there)
            return !encoded.isEmpty && converted(encoded, back) != [character]
        }
    }

    private static func converted(_ bytes: [UInt8], _ converter: IconvDescriptor) -> [UInt8] {
        bytes.withUnsafeBytes { input in
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { output in
                var (taken, written) = (0, 0)
                guard converter.convert(input, &taken, output, &written) == .done else { return [] }
                converter.finish(output, &written)
                return Array(output[..<written])
            }
        }
    }

    mutating func finish(into output: ByteBuffer) {
        output.reserve(64)
        var written = 0
        converter.finish(UnsafeMutableRawBufferPointer(start: output.tail, count: 64), &written)
        output.advance(written)
    }

    private func step(_ input: UnsafeRawBufferPointer, _ taken: inout Int, _ output: ByteBuffer) -> IconvDescriptor.Outcome {
        let room = 2 * (input.count - taken) + 64
        output.reserve(room)
        var written = 0
        let outcome = converter.convert(input, &taken, UnsafeMutableRawBufferPointer(start: output.tail, count: room), &written)
        output.advance(written)
        return outcome
    }
}

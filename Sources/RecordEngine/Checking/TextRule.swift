import ConnectModel

/// Text of at most so many characters, counted as Unicode scalars. Longer text is refused, or cut where the job says so.
struct TextRule: ValueRule {
    let maximumLength: Int

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        guard fits(value) else { return .tooLong }
        output.append(value)
        return nil
    }

    @inline(__always)
    func fits(_ value: UnsafeRawBufferPointer) -> Bool {
        value.count <= maximumLength || (value.count <= 4 * maximumLength && Self.scalarCount(value) <= maximumLength)
    }

    /// As much of the text as fits, without half a character at its end; a letter keeps the accents that follow it, or goes with them.
    func cut(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard !fits(value) else { return value }
        let text = String(decoding: value, as: UTF8.self)
        var scalars = 0
        var bytes = 0
        for character in text {
            scalars += character.unicodeScalars.count
            guard scalars <= maximumLength else { break }
            bytes += character.utf8.count
        }
        return UnsafeRawBufferPointer(rebasing: value[..<min(bytes, value.count)])
    }

    /// Unicode scalars in well-formed UTF-8.
    static func scalarCount(_ text: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in text where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}

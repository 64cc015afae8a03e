import ConnectModel

/// Text of at most so many characters, counted as Unicode scalars. Longer text is refused, never cut.
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

    /// Unicode scalars in well-formed UTF-8.
    static func scalarCount(_ text: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for byte in text where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}

import ConnectModel

/// What one value must be to be stored.
protocol ValueRule {
    /// Appends the stored form of `value`, which is not empty and has no blanks around it, to `output`; or returns why it cannot be
    /// stored and appends nothing.
    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason?
}

/// Blanks around a value are no part of it (domain facts §2.1). A blank is a space or a tab.
enum Trimming {
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    @inline(__always)
    static func trimmed(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let first = value.first, let last = value.last, isBlank(first) || isBlank(last) else { return value }
        var start = 0
        var end = value.count
        while start < end && isBlank(value[start]) { start += 1 }
        while end > start && isBlank(value[end - 1]) { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: value[start..<end])
    }
}

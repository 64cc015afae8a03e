import ConnectModel

/// A hash in hexadecimal digits of either case, stored as raw bytes: 16 for MD5, 32 for SHA-256 (IMP-8).
struct HashRule: ValueRule {
    let byteCount: Int

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        guard value.count == 2 * byteCount else { return .badHash }
        let start = output.count
        for index in 0..<byteCount {
            guard let high = digit(value[2 * index]), let low = digit(value[2 * index + 1]) else {
                output.truncate(to: start)
                return .badHash
            }
            output.append(high << 4 | low)
        }
        return nil
    }

    @inline(__always)
    private func digit(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 <= 9 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}

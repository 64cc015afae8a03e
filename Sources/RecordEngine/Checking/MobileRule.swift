import ConnectModel

/// A mobile number with its country code, stored as E.164 without the plus (IMP-9).
///
/// Blanks and `( ) - . /` between digits are dropped. 6 to 15 digits must be left, the first not 0, since no country code begins
/// with 0: national numbers and the `00` prefix are refused rather than stored as numbers that nobody can be reached by.
struct MobileRule: ValueRule {
    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        let start = output.count
        var index = value[0] == 0x2B ? 1 : 0
        while index < value.count {
            let byte = value[index]
            if byte &- 0x30 <= 9 {
                output.append(byte)
            } else if !isSeparator(byte) {
                output.truncate(to: start)
                return .badMobile
            }
            index += 1
        }
        let digits = output.count - start
        guard (6...15).contains(digits), output.bytes[start] != 0x30 else {
            output.truncate(to: start)
            return .badMobile
        }
        return nil
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x28, 0x29, 0x2D, 0x2E, 0x2F: true
        default: false
        }
    }
}

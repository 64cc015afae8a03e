import ConnectModel

/// A whole number of 64 bits with an optional sign. Stored without plus and leading zeros; minus zero is zero.
struct IntegerRule: ValueRule {
    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        var index = 0
        let isNegative = value[0] == 0x2D
        if isNegative || value[0] == 0x2B { index = 1 }
        guard index < value.count else { return .badInteger }
        while index < value.count - 1 && value[index] == 0x30 { index += 1 }
        guard value.count - index <= 19 else { return .badInteger }
        var magnitude: UInt64 = 0
        for place in index..<value.count {
            let digit = value[place] &- 0x30
            guard digit <= 9 else { return .badInteger }
            magnitude = magnitude * 10 + UInt64(digit)
        }
        guard magnitude <= UInt64(Int64.max) + (isNegative ? 1 : 0) else { return .badInteger }
        if isNegative && magnitude > 0 { output.append(0x2D) }
        output.append(UnsafeRawBufferPointer(rebasing: value[index...]))
        return nil
    }
}

import ConnectModel

/// A decimal number: sign, digits, a decimal point, a power of ten (`1.5e3`), each optional but one digit.
///
/// Stored as plain decimal text: no plus, no power, no leading zeros but one before the point, no trailing zeros behind it, no
/// point without digits behind it; zero has no sign. At most 38 significant digits and 40 digits in all; beyond that it is refused, never
/// rounded. A decimal comma and thousands marks are refused: what they mean depends on the country.
struct NumberRule: ValueRule {
    private static let mostSignificant = 38
    private static let mostDigits = 40

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        var index = 0
        let isNegative = value[0] == 0x2D
        if isNegative || value[0] == 0x2B { index = 1 }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.mostSignificant) { digits in
            var number = Digits(digits: digits)
            guard number.scan(value, &index), number.scanPower(value, &index), index == value.count else { return .badNumber }
            return number.write(isNegative: isNegative, to: output, mostDigits: Self.mostDigits) ? nil : .badNumber
        }
    }

    /// Significant digits without zeros in front, and where the point stands among them.
    private struct Digits {
        let digits: UnsafeMutableBufferPointer<UInt8>
        var count = 0
        /// Digits before the point; negative for zeros between the point and the first digit.
        var point = 0
        /// Zeros that count only if another digit follows.
        private var pendingZeros = 0

        init(digits: UnsafeMutableBufferPointer<UInt8>) { self.digits = digits }

        mutating func scan(_ value: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
            var hasDigit = false
            var isFraction = false
            while index < value.count {
                let byte = value[index]
                if byte == 0x2E && !isFraction {
                    isFraction = true
                } else if byte &- 0x30 <= 9 {
                    hasDigit = true
                    guard take(byte, isFraction) else { return false }
                } else {
                    break
                }
                index += 1
            }
            return hasDigit
        }

        private mutating func take(_ byte: UInt8, _ isFraction: Bool) -> Bool {
            if byte == 0x30 {
                if count > 0 { pendingZeros += 1 }
                if isFraction { if count == 0 { point -= 1 } } else if count > 0 { point += 1 }
                return true
            }
            guard count + pendingZeros < digits.count else { return false }
            for _ in 0..<pendingZeros {
                digits[count] = 0x30
                count += 1
            }
            pendingZeros = 0
            digits[count] = byte
            count += 1
            if !isFraction { point += 1 }
            return true
        }

        mutating func scanPower(_ value: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
            guard index < value.count, value[index] | 0x20 == 0x65 else { return true }
            index += 1
            var isNegative = false
            if index < value.count, value[index] == 0x2D || value[index] == 0x2B {
                isNegative = value[index] == 0x2D
                index += 1
            }
            var power = 0
            let start = index
            while index < value.count, value[index] &- 0x30 <= 9, power < 10_000 {
                power = power * 10 + Int(value[index] - 0x30)
                index += 1
            }
            point += isNegative ? -power : power
            return index > start
        }

        func write(isNegative: Bool, to output: ByteBuffer, mostDigits: Int) -> Bool {
            guard count > 0 else {
                output.append(0x30)
                return true
            }
            guard max(count, point) + max(-point, 0) <= mostDigits else { return false }
            if isNegative { output.append(0x2D) }
            if point <= 0 {
                output.append(0x30)
                output.append(0x2E)
                for _ in point..<0 { output.append(0x30) }
            }
            for index in 0..<count {
                if index == point && index > 0 { output.append(0x2E) }
                output.append(digits[index])
            }
            for _ in count..<max(point, count) { output.append(0x30) }
            return true
        }
    }
}

import Testing

@testable import SQLiteStore

@Suite("Keys that compare byte by byte")
struct MatchKeyTests {
    private func key(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { bytes in
            withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { number in
                guard let base = number.baseAddress, let cell = NumberForm.cell(text: UnsafeRawBufferPointer(bytes), base) else { return [] }
                return withUnsafeTemporaryAllocation(byteCount: DecimalKey.length, alignment: 8) { target in
                    guard let start = target.baseAddress else { return [] }
                    DecimalKey.write(cell, to: start)
                    return Array(target)
                }
            }
        }
    }

    @Test("IMP-12: numbers of any size and form order as numbers do, and equal ones are one key")
    func decimals() {
        let ascending = [
            "-1e300", "-9223372036854775808", "-9223372036854775807", "-9007199254740993", "-9007199254740992", "-2.5", "-2", "-0.5", "0", "1e-300",
            "0.5", "1",
            "1.5", "2251799813685248", "9007199254740992", "9007199254740993", "9007199254740994", "9223372036854774784", "9223372036854775296",
            "9223372036854775806", "9223372036854775807", "1e19", "1e300",
        ]
        let keys = ascending.map(key)
        for (left, right) in zip(keys, keys.dropFirst()) { #expect(left.lexicographicallyPrecedes(right)) }
        for (one, other) in [("7", "07"), ("7", "7.0"), ("1e3", "1000"), ("2251799813685248", "2251799813685248.0"), ("0", "-0.0")] {
            #expect(key(one) == key(other))
        }
    }

    @Test("IMP-8: a number is got back from its key")
    func values() {
        for text in ["-9223372036854775808", "9223372036854775807", "9007199254740993", "0", "-1"] {
            let bytes = key(text)
            let value = bytes.withUnsafeBytes(DecimalKey.value)
            guard case .integer(let whole) = value else {
                Issue.record("\(text) is no whole number")
                continue
            }
            #expect(String(whole) == text)
        }
        guard case .double(let value) = key("-2.25").withUnsafeBytes(DecimalKey.value) else {
            Issue.record("no double")
            return
        }
        #expect(value == -2.25)
    }
}

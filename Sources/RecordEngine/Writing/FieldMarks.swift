/// The characters that make a value need care when it is written, looked for eight bytes at a time.
struct FieldMarks {
    private let delimiter: UInt64
    private let enclosure: UInt64
    private let escape: UInt64

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080
    private static let lf: UInt64 = 0x0A0A_0A0A_0A0A_0A0A
    private static let cr: UInt64 = 0x0D0D_0D0D_0D0D_0D0D

    /// `delimiter` is its first byte, which is enough to look closer.
    init(delimiter: UInt8, enclosure: UInt8?, escape: Bool) {
        self.delimiter = Self.ones &* UInt64(delimiter)
        self.enclosure = Self.ones &* UInt64(enclosure ?? 0x0A)
        self.escape = Self.ones &* UInt64(escape && enclosure == nil ? 0x5C : 0x0A)
    }

    /// Whether one is among the first `first` bytes of the word (of its eight when it is more).
    @inline(__always)
    func found(in word: UInt64, first: Int) -> Bool {
        let others =
            Self.nonZeroBytes(word ^ delimiter) & Self.nonZeroBytes(word ^ enclosure) & Self.nonZeroBytes(word ^ Self.lf)
            & Self.nonZeroBytes(word ^ Self.cr) & Self.nonZeroBytes(word ^ escape)
        let hits = ~others & Self.tops
        return first >= 8 ? hits != 0 : UInt64(littleEndian: hits) << (64 &- 8 &* UInt64(truncatingIfNeeded: first)) != 0
    }

    func stand(in value: UnsafeRawBufferPointer) -> Bool {
        value.contains { byte in
            let word = Self.ones &* UInt64(byte)
            return word == delimiter || word == enclosure || word == escape || byte == 0x0A || byte == 0x0D
        }
    }

    /// After OWASP: what makes a spreadsheet take a cell for a formula.
    static func beginsFormula(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let first = value.first else { return false }
        return [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D].contains(first)
    }

    /// The top bit of each byte is set where the byte is not zero; the other bits mean nothing.
    @inline(__always)
    private static func nonZeroBytes(_ word: UInt64) -> UInt64 { ((word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F) | word }
}

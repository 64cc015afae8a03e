/// One line of a server's answer (RFC 959 section 4.2).
struct FTPReply: Equatable {
    /// The three digits, nil for a line in the middle of an answer.
    var code: Int?
    /// More lines follow.
    var isBeginning: Bool
    /// Without code and line end; control characters made visible.
    var text: String

    init(_ line: some Collection<UInt8>) {
        let bytes = Array(line).suffix(from: 0)
        let trimmed = Array(bytes.prefix { $0 != 0x0D && $0 != 0x0A })
        let isNumbered = trimmed.count >= 3 && trimmed[0..<3].allSatisfy { (0x30...0x39).contains($0) }
        let separator = trimmed.count > 3 ? trimmed[3] : 0x20
        if isNumbered, separator == 0x20 || separator == 0x2D {
            code = trimmed[0..<3].reduce(0) { $0 * 10 + Int($1) - 0x30 }
            isBeginning = separator == 0x2D
            text = Self.printable(trimmed.dropFirst(4))
        } else {
            code = nil
            isBeginning = false
            text = Self.printable(trimmed[...])
        }
    }

    /// What a log may show of bytes from a server.
    static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(String(decoding: bytes.prefix(400), as: UTF8.self).unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}

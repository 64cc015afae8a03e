/// What a shell at the far end answered: records, each ended by a zero byte, the last one with the token of the question. A value without I/O.
struct ShellReplyReader {
    /// How the commands of one question ended.
    struct Outcome: Equatable {
        var status: Int
        /// What they complained, cleaned of control characters.
        var message: String
    }

    private let token: [UInt8]
    private var record: [UInt8] = []
    /// A name, a few numbers and a complaint; more is no answer of ours.
    private static let longestRecord = 65536

    init(token: String) { self.token = Array(token.utf8) }

    /// Hands over each complete record. Returns the outcome once the last one is there; what follows is not looked at. nil in `isTooLong`'s case.
    mutating func receive(_ bytes: some Sequence<UInt8>, _ each: ([UInt8]) -> Void) throws(ShellNonsense) -> Outcome? {
        for byte in bytes {
            guard byte == 0 else {
                guard record.count < Self.longestRecord else { throw ShellNonsense() }
                record.append(byte)
                continue
            }
            defer { record.removeAll(keepingCapacity: true) }
            guard record.starts(with: token) else {
                each(record)
                continue
            }
            let rest = record.dropFirst(token.count).split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: true)
            guard let first = rest.first, let status = Int(String(decoding: first, as: UTF8.self)) else { throw ShellNonsense() }
            return Outcome(status: status, message: rest.count > 1 ? printableComplaint(rest[1]) : "")
        }
        return nil
    }
}

/// What came is not what a shell would have answered.
struct ShellNonsense: Error {}

/// One line about a file, from `find -printf`, `stat` or `ls`, whichever the server has.
struct ShellEntry: Equatable {
    var attributes: SFTPAttributes
    /// As the file system has it.
    var name: [UInt8]

    /// nil for what none of the scripts prints. A record is a letter for its origin, then fields with a space behind each, then the name.
    init?(_ record: [UInt8]) {
        let fields = record.split(separator: 0x20, maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count == 5, fields[0].count == 1 else { return nil }
        let texts = fields[1..<4].map { String(decoding: $0, as: UTF8.self) }
        let mode: UInt32? =
            switch fields[0].first {
            case UInt8(ascii: "x"): UInt32(texts[0], radix: 16)
            case UInt8(ascii: "o"): UInt32(texts[0], radix: 8)
            case UInt8(ascii: "l"): Self.mode(ofList: Array(texts[0].utf8))
            default: nil
            }
        guard let mode else { return nil }
        // A fraction of a second follows the time of some.
        let modified = texts[2].split(separator: ".").first.flatMap { UInt32($0) }
        attributes = SFTPAttributes(size: Int64(texts[1]).flatMap { $0 < 0 ? nil : $0 }, permissions: mode, modified: modified)
        name = Array(fields[4])
    }

    /// `-rw-r--r--` as `ls -l` shows it.
    private static func mode(ofList text: [UInt8]) -> UInt32? {
        guard text.count >= 10 else { return nil }
        let type: UInt32
        switch text[0] {
        case UInt8(ascii: "-"): type = 0o100000
        case UInt8(ascii: "d"): type = 0o040000
        case UInt8(ascii: "l"): type = 0o120000
        case UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "b"), UInt8(ascii: "c"): type = 0o010000
        default: return nil
        }
        return text[1...9].enumerated().reduce(type) { mode, letter in
            // Capital S and T stand for a special bit without the right to execute.
            let isSet = !"-ST".utf8.contains(letter.element)
            return isSet ? mode | (1 << UInt32(8 - letter.offset)) : mode
        }
    }
}

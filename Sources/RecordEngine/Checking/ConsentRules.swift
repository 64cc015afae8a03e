import ConnectModel

/// A value that the file calls by one of a few names, stored as one letter. Case of ASCII letters does not matter.
struct ChoiceRule: ValueRule {
    private let choices: [(name: [UInt8], stored: UInt8)]
    private let reason: RejectReason

    /// The job's opt-in and opt-out values, stored as I and O (IMP-9).
    static func permission(optIn: String, optOut: String) -> ChoiceRule {
        ChoiceRule([(optIn, "I"), (optOut, "O")], .badPermission)
    }

    /// The job's values for HTML and text and the letter for an unknown format, stored as H, T and U (IMP-9).
    static func emailFormat(html: String, text: String, unknown: String) -> ChoiceRule {
        ChoiceRule([(html, "H"), (text, "T"), (unknown, "U")], .badFormat)
    }

    private init(_ choices: [(String, Unicode.Scalar)], _ reason: RejectReason) {
        self.choices = choices.map { (Self.trimmedLower($0.0), UInt8(truncatingIfNeeded: $0.1.value)) }
        self.reason = reason
    }

    private static func trimmedLower(_ text: String) -> [UInt8] {
        Array(text.utf8.drop { Trimming.isBlank($0) }.reversed().drop { Trimming.isBlank($0) }.reversed()).map(ASCII.lower)
    }

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        for choice in choices where choice.name.count == value.count {
            var index = 0
            while index < value.count && ASCII.lower(value[index]) == choice.name[index] { index += 1 }
            guard index == value.count else { continue }
            output.append(choice.stored)
            return nil
        }
        return reason
    }
}

enum ASCII {
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

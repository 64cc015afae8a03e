import ConnectModel

/// How timestamps are written in a file: one of the field's names, or tokens as a person writes them: `DD.MM.YYYY HH24:MI` (IMP-9).
public struct DateFormat: Sendable, Equatable {
    /// Tokens and what stands between them.
    public let pattern: String

    /// Longest first, since one may begin with another. HH is the hour of a twelve-hour clock, MI the minute, MON a month's English name.
    static let tokens = ["YYYY", "RRRR", "HH24", "MON", "RR", "MM", "DD", "HH", "MI", "SS", "AM"]

    public init(_ named: NamedDateFormat) { pattern = named.pattern }

    /// Takes a name or a pattern. Throws `format.date` (configuration) for what is neither.
    public init(_ text: String) throws {
        if let named = NamedDateFormat(rawValue: text) {
            pattern = named.pattern
            return
        }
        pattern = text
        let used = try Self.tokens(in: text)
        let hasDay = used.contains("DD") && (used.contains("MM") || used.contains("MON")) && !used.isDisjoint(with: ["YYYY", "RRRR", "RR"])
        guard hasDay else { throw Self.error(text, "has no day, month and year") }
        guard used.contains("HH") == used.contains("AM") else {
            throw Self.error(text, "needs HH and AM together; the hour of a 24-hour clock is HH24")
        }
    }

    private static func tokens(in text: String) throws -> Set<String> {
        var used: Set<String> = []
        var rest = Substring(text)
        while let first = rest.first {
            if let token = tokens.first(where: { rest.hasPrefix($0) }) {
                guard used.insert(token).inserted else { throw error(text, "has \(token) twice") }
                rest = rest.dropFirst(token.count)
            } else {
                guard let byte = first.asciiValue, byte >= 0x20, !first.isNumber, !first.isLetter || first == "T" || first == "Z" else {
                    throw error(text, "has \"\(first)\", which is no token and nothing that stands between two")
                }
                rest = rest.dropFirst()
            }
        }
        return used
    }

    private static func error(_ text: String, _ what: String) -> ConnectError {
        ConnectError(
            "format.date", .configuration, "The date format \"\(text)\" \(what).",
            remedy:
                "Write it with \(tokens.joined(separator: ", ")), such as DD.MM.YYYY HH24:MI, or name one: \(NamedDateFormat.allCases.map(\.rawValue).joined(separator: ", "))."
        )
    }
}

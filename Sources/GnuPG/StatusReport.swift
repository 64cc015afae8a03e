import ConnectModel

/// What `gpg` wants a passphrase for.
struct PassphraseQuestion: Sendable {
    /// Ids of the key and of its primary key, 16 hexadecimal digits each; empty where a key is made.
    var keyIDs: [String]
}

/// Everything that one `gpg` reported (GnuPG's doc/DETAILS, "Format of the --status-fd output").
struct StatusReport: Sendable {
    struct Line: Sendable, Equatable {
        var keyword: String
        var arguments: [String]
    }

    private(set) var lines: [Line] = []
    /// End of what it wrote for people.
    private(set) var lastWords = ""
    var exitCode: Int32 = -1
    private var question = PassphraseQuestion(keyIDs: [])
    /// Many keys and packets are no reason to take memory without end.
    private static let mostLines = 10_000

    /// Takes one line; returns what is to be answered.
    mutating func take(_ text: String) -> PassphraseQuestion? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count > 1, words[0] == "[GNUPG:]" else { return nil }
        let line = Line(keyword: words[1], arguments: Array(words[2...]))
        if lines.count < Self.mostLines { lines.append(line) }
        switch line.keyword {
        case "NEED_PASSPHRASE": question.keyIDs = Array(line.arguments.prefix(2))
        case "GET_HIDDEN", "GET_LINE", "GET_BOOL": return question
        default: break
        }
        return nil
    }

    mutating func heard(_ text: [UInt8]) { lastWords = String((lastWords + String(decoding: text, as: UTF8.self)).suffix(2048)) }

    func has(_ keyword: String) -> Bool { lines.contains { $0.keyword == keyword } }
    func all(_ keyword: String) -> [[String]] { lines.filter { $0.keyword == keyword }.map(\.arguments) }
    func count(_ keyword: String) -> Int { lines.count { $0.keyword == keyword } }

    /// The last thing said to people, for failures that have no status of their own.
    var reason: String {
        lastWords.split(separator: "\n").last.map { $0.hasPrefix("gpg: ") ? String($0.dropFirst(5)) : String($0) } ?? "exit code \(exitCode)"
    }
}

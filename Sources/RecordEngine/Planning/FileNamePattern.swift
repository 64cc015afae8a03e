public import ConnectModel

/// A date and time as a calendar shows them, in the job's time zone. The caller does the zone.
public struct CalendarTime: Sendable, Equatable {
    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }
}

/// The name of an inbound file (IMP-2): text with `{…}` for parts of the run's date, and `*` and `?` for any text and any one character.
///
/// Between braces stand one or more of YYYY YY MM DD HH24 MI SS, which `-`, `_` and `.` may part: `{YYYYMMDD}`, `{YYYY-MM-DD_HH24MISS}`.
public struct FileNamePattern: Sendable, Equatable {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// Whether more than one name may fit.
    public var isGlob: Bool { text.contains("*") || text.contains("?") }

    /// The name at `time`; `*` and `?` stay. Throws `file.name` (configuration) with the first problem.
    public func resolved(at time: CalendarTime) throws -> String { try resolved(Self.parse(text), at: time) }

    /// The name of a file that belongs to the file `name`, at `time`: `{NAME}` stands for that name up to its first dot, whatever is in it.
    public func resolved(at time: CalendarTime, beside name: String) throws -> String {
        let stem = name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return try resolved(Self.parse(text, stem: stem), at: time)
    }

    private func resolved(_ parsed: (parts: [Part], problems: [String]), at time: CalendarTime) throws -> String {
        if let problem = parsed.problems.first { throw ConnectError("file.name", .configuration, problem) }
        return parsed.parts.map { $0.text(at: time) }.joined()
    }

    /// Everything that is wrong with a pattern; `path` of each is empty.
    public static func problems(in text: String) -> [Problem] { parse(text).problems.map { Problem(path: "", message: $0) } }

    /// The same of a name that belongs to another file, `what` being how to call it: `{NAME}` may stand in it, and it fits one name only.
    public static func problems(in text: String, of what: String) -> [Problem] {
        let guess = "One \(what) file belongs to one data file: write {NAME} instead of * and ?."
        let messages = parse(text, stem: "NAME").problems + (FileNamePattern(text).isGlob ? [guess] : [])
        return messages.map { Problem(path: "", message: $0) }
    }

    /// Whether `name` fits a resolved pattern: `*` is any text, also none, `?` any one character, all else itself.
    public static func matches(_ name: String, glob: String) -> Bool {
        let name = Array(name.unicodeScalars)
        let glob = Array(glob.unicodeScalars)
        var (at, place) = (0, 0)
        var lastStar: (place: Int, at: Int)?
        while at < name.count {
            if place < glob.count && glob[place] == "*" {
                lastStar = (place, at)
                place += 1
            } else if place < glob.count && (glob[place] == "?" || glob[place] == name[at]) {
                place += 1
                at += 1
            } else if let star = lastStar {
                lastStar = (star.place, star.at + 1)
                place = star.place + 1
                at = star.at + 1
            } else {
                return false
            }
        }
        return glob[place...].allSatisfy { $0 == "*" }
    }

    private enum Part {
        case literal(String)
        case token(Token)

        func text(at time: CalendarTime) -> String {
            switch self {
            case .literal(let text): text
            case .token(let token): token.text(at: time)
            }
        }
    }

    private enum Token: String, CaseIterable {
        case year = "YYYY"
        case shortYear = "YY"
        case hour = "HH24"
        case month = "MM"
        case day = "DD"
        case minute = "MI"
        case second = "SS"

        func text(at time: CalendarTime) -> String {
            switch self {
            case .year: Self.digits(time.year, 4)
            case .shortYear: Self.digits(time.year % 100, 2)
            case .month: Self.digits(time.month, 2)
            case .day: Self.digits(time.day, 2)
            case .hour: Self.digits(time.hour, 2)
            case .minute: Self.digits(time.minute, 2)
            case .second: Self.digits(time.second, 2)
            }
        }

        private static func digits(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(width - text.count, 0)) + text
        }
    }

    /// `stem` is what `{NAME}` stands for, where it may stand.
    private static func parse(_ text: String, stem: String? = nil) -> (parts: [Part], problems: [String]) {
        var parts: [Part] = []
        var problems: [String] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            parts.append(.literal(String(rest[..<open])))
            guard rest[open] == "{" else {
                problems.append("\"\(text)\" has a } without a { before it.")
                rest = rest[rest.index(after: open)...]
                continue
            }
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: "}") else {
                problems.append("\"\(text)\" has a { without a } after it.")
                rest = ""
                break
            }
            if let stem, inside[..<close] == "NAME" {
                parts.append(.literal(stem))
            } else if let tokens = tokens(in: inside[..<close]) {
                parts += tokens
            } else {
                problems.append("{\(inside[..<close])} is no date: between braces stand YYYY, YY, MM, DD, HH24, MI and SS, as in {YYYYMMDD}.")
            }
            rest = inside[inside.index(after: close)...]
        }
        parts.append(.literal(String(rest)))
        if text.isEmpty { problems.append("A file needs a name.") }
        if text.contains("/") { problems.append("\"\(text)\" holds a /; the directory is a setting of its own.") }
        if text == "." || text == ".." || text.utf8.contains(0) { problems.append("\"\(text)\" cannot be the name of a file.") }
        return (parts, problems)
    }

    /// nil when anything but tokens and separators is in it.
    private static func tokens(in text: Substring) -> [Part]? {
        var parts: [Part] = []
        var rest = text
        while let first = rest.first {
            if let token = Token.allCases.first(where: { rest.hasPrefix($0.rawValue) }) {
                parts.append(.token(token))
                rest = rest.dropFirst(token.rawValue.count)
            } else if "-_.".contains(first), !parts.isEmpty {
                parts.append(.literal(String(first)))
                rest = rest.dropFirst()
            } else {
                return nil
            }
        }
        return parts.isEmpty ? nil : parts
    }
}

/// A saved condition over a list, its extensions and supplemental tables (EXP-1): an expression of SQL.
public struct ListFilter: Sendable, Codable, Equatable {
    public var name: String
    public var list: String
    public var condition: String

    public init(name: String, list: String, condition: String) {
        self.name = name
        self.list = list
        self.condition = condition
    }
}

/// A saved combination of filters of one list (EXP-1): whoever is in all of `all`, in at least one of `any`, and in none of `except`.
public struct Audience: Sendable, Codable, Equatable {
    public var name: String
    public var list: String
    public var all: [String]
    public var any: [String]
    public var except: [String]

    public init(name: String, list: String, all: [String] = [], any: [String] = [], except: [String] = []) {
        self.name = name
        self.list = list
        self.all = all
        self.any = any
        self.except = except
    }

    /// Names of the filters it is made of, each once.
    public var filters: [String] { (all + any + except).reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }

    /// One expression of SQL, from the conditions of the filters by their names. A condition that is neither true nor false counts as false.
    public func condition(_ conditions: [String: String]) -> String {
        func text(_ filter: String) -> String { "coalesce((\n\(conditions[filter] ?? "0")\n), 0)" }
        var parts = all.map(text)
        if !any.isEmpty { parts.append("(" + any.map(text).joined(separator: " OR ") + ")") }
        parts += except.map { "NOT " + text($0) }
        return parts.isEmpty ? "1" : parts.joined(separator: " AND ")
    }
}

/// A saved SELECT over supplemental tables and others (EXP-1).
public struct SQLView: Sendable, Codable, Equatable {
    public var name: String
    public var sql: String

    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// What can be saved under a name to be exported.
public enum SavedSelection: Sendable, Codable, Equatable {
    case filter(ListFilter)
    case audience(Audience)
    case view(SQLView)

    public enum Kind: String, Sendable, Codable, CaseIterable {
        case filter, audience, view
    }

    public var kind: Kind {
        switch self {
        case .filter: .filter
        case .audience: .audience
        case .view: .view
        }
    }

    public var name: String {
        switch self {
        case .filter(let filter): filter.name
        case .audience(let audience): audience.name
        case .view(let view): view.name
        }
    }

    /// Whether it may read the table of this name: it is of that list, or the name stands in its SQL as a word of its own.
    public func reads(_ table: String) -> Bool {
        func names(_ sql: String) -> Bool {
            sql.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0.lowercased() == table.lowercased() }
        }
        return switch self {
        case .filter(let filter): filter.list == table || names(filter.condition)
        case .audience(let audience): audience.list == table
        case .view(let view): names(view.sql)
        }
    }

    /// Why a name cannot be one, or nil.
    public static func problem(withName name: String) -> String? {
        let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-"
        guard (1...100).contains(name.count), name.first != " ", name.last != " ", name.allSatisfy({ allowed.contains($0) }) else {
            return "\"\(name)\" cannot be a name; use 1 to 100 letters, digits, blanks, _ and -, with no blank at either end."
        }
        return nil
    }
}

public import ConnectModel

/// What applying a document would change; nothing else is changed (MGT-6). JSON keys are a contract.
public struct DocumentPlan: Sendable, Encodable {
    public enum Action: String, Sendable, Encodable {
        case create, update, unchanged
    }

    public struct Change: Sendable, Encodable {
        public var action: Action
        /// "server", "job", "group", "hook", "setting", the kind of a table ("list", "supplemental", "pet", "app", "app_pet") or of a selection ("filter",
        /// "audience", "view").
        public var kind: String
        public var name: String
        /// "file.name: a.csv -> b.csv".
        public var details: [String]
    }

    public var changes: [Change]
    public var isEmpty: Bool { changes.allSatisfy { $0.action == .unchanged } }
}

/// Differences between two definitions, one line a value.
public enum DefinitionDifference {
    public static func lines(_ old: [String: JSONValue], _ new: [String: JSONValue]) -> [String] {
        let before = flattened(.object(old), "")
        let after = flattened(.object(new), "")
        return Set(before.keys).union(after.keys).sorted().compactMap { path in
            guard before[path] != after[path] else { return nil }
            return "\(path): \(before[path] ?? "(none)") -> \(after[path] ?? "(none)")"
        }
    }

    private static func flattened(_ value: JSONValue, _ path: String) -> [String: String] {
        switch value {
        case .object(let members) where !members.isEmpty:
            members.reduce(into: [:]) { flat, member in
                flat.merge(flattened(member.value, path.isEmpty ? member.key : "\(path).\(member.key)")) { first, _ in first }
            }
        default: [path: text(value)]
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): value
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .object: "{}"
        }
    }
}

import ConnectModel

extension JobKind {
    /// A commented job file to fill in: what is required stands there, what has a default stands as a comment.
    public var template: String {
        var lines = ["# \(summary)", "# Check it with `connecthost validate FILE`, make it so with `connecthost apply FILE`.", "jobs:"]
        lines += ["  - name: My job", "    kind: \(aliases.first ?? id)", "    description: What this job is for"]
        for (section, fields) in sections {
            let isRequired = fields.contains(where: \.isRequired)
            lines.append(isRequired ? "    \(section):" : "    # \(section):")
            var group = ""
            for field in fields {
                let parts = field.name.split(separator: ".").map(String.init)
                let parent = parts.dropLast().joined(separator: ".")
                if parent != group, !parent.isEmpty { lines.append("      # \(parent):") }
                group = parent
                lines += Self.wrapped(field.help).map { "      # \($0)" }
                let indent = parent.isEmpty ? "" : "  "
                let entry = "\(indent)\(parts.last ?? field.name): \(field.example)"
                lines.append(field.isRequired ? "      \(entry)" : "      # \(entry)")
            }
        }
        return (lines + ["    active: true", ""]).joined(separator: "\n")
    }

    /// The reference of this kind in Markdown.
    public var reference: String {
        var lines = ["## \(title) (`\(id)`)", "", summary, ""]
        for (section, fields) in sections {
            lines += ["### `\(section)`", "", "| field | type | default | meaning |", "|---|---|---|---|"]
            for field in fields {
                let standard = field.isRequired ? "required" : field.defaultValue.map { "`\(Self.text($0))`" } ?? "none"
                lines.append("| `\(field.path)` | \(field.kind.name) | \(standard) | \(field.help.replacing("|", with: "\\|")) |")
            }
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    private var sections: [(String, [JobField])] {
        var order: [String] = []
        for field in allFields where !order.contains(field.section) { order.append(field.section) }
        return order.map { section in (section, allFields.filter { $0.section == section }) }
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

    private static func wrapped(_ text: String) -> [String] {
        text.split(separator: " ").reduce(into: [""]) { lines, word in
            let last = lines.count - 1
            if lines[last].count + word.count > 110 { lines.append(String(word)) } else { lines[last] += (lines[last].isEmpty ? "" : " ") + word }
        }
    }
}

extension JobField.Kind {
    /// What people call it.
    public var name: String {
        switch self {
        case .string: "text"
        case .integer: "whole number"
        case .number: "number"
        case .boolean: "true or false"
        case .choice(let choices): choices.map { "`\($0)`" }.joined(separator: ", ")
        case .dayOfMonth: "1 to 31, or `last`"
        case .strings: "list of texts"
        case .choices(let choices): "list out of \(choices.map { "`\($0)`" }.joined(separator: ", "))"
        case .map: "names to texts"
        case .fieldTypes: "names to field types"
        }
    }
}

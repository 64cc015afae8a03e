import ConnectModel
import Yams

/// A YAML document as JSON values that remember their lines, so that every problem can name one.
struct DocumentNode {
    let value: JSONValue
    /// Line of each path ("jobs[0].file.name"), from 1.
    let lines: [String: Int]
    /// Names of each mapping in the order in which they stand.
    let order: [String: [String]]

    /// Deeper documents and longer alias chains than any job needs are refused before they cost memory.
    static let deepest = 12

    init(yaml text: String, file: String) throws {
        guard text.utf8.count <= 4 << 20 else {
            throw ConnectError("document.size", .configuration, "\(file) is larger than 4 MiB, which no job file is.")
        }
        do {
            guard let root = try Yams.compose(yaml: text) else {
                throw ConnectError("document.empty", .configuration, "\(file) is empty.")
            }
            var reading = Reading(file: file)
            value = try Self.convert(root, path: "", depth: 0, &reading)
            lines = reading.lines
            order = reading.order
        } catch let error as YamlError {
            throw ConnectError("document.syntax", .configuration, "\(file) is not YAML: \(Self.shortened("\(error)"))")
        }
    }

    /// The parser quotes the line at fault, which may be long and hold anything.
    private static func shortened(_ text: String) -> String {
        let printable = String(text.unicodeScalars.prefix(300).map { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F ? Character($0) : "?" })
        return text.unicodeScalars.count > 300 ? printable + "…" : printable
    }

    private struct Reading {
        let file: String
        var lines: [String: Int] = [:]
        var order: [String: [String]] = [:]
        /// Nodes that may still come: aliases can make few bytes into many nodes.
        var budget = 100_000
    }

    private static func convert(_ node: Node, path: String, depth: Int, _ reading: inout Reading) throws -> JSONValue {
        let file = reading.file
        reading.budget -= 1
        guard depth <= deepest, reading.budget > 0 else {
            throw ConnectError("document.depth", .configuration, "\(file) is nested too deeply or refers to itself too often.")
        }
        if let mark = node.mark { reading.lines[path] = mark.line }
        switch node {
        case .scalar(let scalar):
            return value(of: node, scalar)
        case .sequence(let sequence):
            return .array(
                try sequence.enumerated().map { try convert($1, path: "\(path)[\($0)]", depth: depth + 1, &reading) })
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, child) in mapping {
                guard let name = key.scalar?.string else {
                    throw ConnectError("document.key", .configuration, "\(file), line \(key.mark?.line ?? 0): a name is expected before the colon.")
                }
                guard members[name] == nil else {
                    throw ConnectError("document.twice", .configuration, "\(file), line \(key.mark?.line ?? 0): \"\(name)\" stands there twice.")
                }
                let childPath = path.isEmpty ? name : "\(path).\(name)"
                members[name] = try convert(child, path: childPath, depth: depth + 1, &reading)
                reading.order[path, default: []].append(name)
                if let mark = key.mark { reading.lines[childPath] = mark.line }
            }
            return .object(members)
        case .alias:
            throw ConnectError("document.alias", .configuration, "\(file) uses an alias that leads nowhere.")
        }
    }

    /// Plain scalars become numbers and truth values; quoted ones and everything else stay text.
    private static func value(of node: Node, _ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        if scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null" { return .null }
        if scalar.string == "true" { return .bool(true) }
        if scalar.string == "false" { return .bool(false) }
        if let number = Int64(scalar.string) { return .integer(number) }
        if scalar.string.contains("."), let number = Double(scalar.string), number.isFinite { return .number(number) }
        return .string(scalar.string)
    }

    /// The line of a path or of the nearest path above it.
    func line(of path: String) -> Int? {
        var rest = Substring(path)
        while true {
            if let line = lines[String(rest)] { return line }
            guard let cut = rest.lastIndex(where: { $0 == "." || $0 == "[" }) else { return lines[""] }
            rest = rest[..<cut]
        }
    }
}

public import ConnectModel
import Foundation

/// A connector's settings schema as checks, defaults and forms (CON-5): the subset of JSON Schema 2020-12 that Docs/connectors/abi.md names.
/// Whatever asks a person for settings asks through this; nothing here knows a connector.
public struct SettingsForm: Sendable {
    public struct Field: Sendable {
        public var name: String
        public var title: String
        public var help: String
        /// "string", "integer", "number", "boolean", "array".
        public var type: String
        public var choices: [JSONValue]
        public var defaultValue: JSONValue?
        public var isRequired: Bool
        public var isSecret: Bool
        public var isPin: Bool
        public var isAdvanced: Bool
        /// The account's, for job kinds: set by `connectors profile`, not by a job.
        public var isAccountWide: Bool
        /// Of a source: a job may have its own value in place of the server's.
        public var isJobs: Bool
        /// Wanted only while another setting has a value.
        public var dependsOn: [String: JSONValue]
        /// What must be on for the account before this may be true (FS-9).
        public var capability: String?
        var order: Int64
        var minimum: Double?
        var maximum: Double?
        var minimumLength: Int64?
        var maximumLength: Int64?
    }

    /// In the order in which a person is asked.
    public let fields: [Field]

    public init(_ fields: [Field]) { self.fields = fields }

    public init(_ info: ConnectorInfo) {
        let required = Set(info.schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        fields = (info.schema["properties"]?.objectValue ?? [:]).map { Field($0.key, $0.value, required.contains($0.key)) }
            .sorted { ($0.order, $0.name) < ($1.order, $1.name) }
    }

    /// The setting that holds the pinned identities of the peer (FS-7), if there is one.
    public var pinField: String? { fields.first(where: \.isPin)?.name }

    /// What the account must be allowed for a server with these settings.
    public func capabilities(neededBy values: [String: JSONValue]) -> [String] {
        let filled = filled(values)
        return fields.compactMap { field in filled[field.name] == .bool(true) && field.isWanted(filled) ? field.capability : nil }
    }

    public func filled(_ values: [String: JSONValue]) -> [String: JSONValue] {
        fields.reduce(into: values) { filled, field in
            if filled[field.name] == nil, let value = field.defaultValue { filled[field.name] = value }
        }
    }

    /// Everything that is wrong, at once. `secrets` are the names that come from elsewhere.
    public func problems(in values: [String: JSONValue], secrets: Set<String>) -> [Problem] {
        let names = fields.map(\.name)
        var found: [Problem] = []
        for name in Set(values.keys).union(secrets).sorted() where !names.contains(name) {
            let close = Similarity.closest(to: name, among: names)
            found.append(
                Problem(
                    path: "/\(name)",
                    message: "There is no setting \"\(name)\". "
                        + (close.map { "Did you mean \"\($0)\"?" } ?? "There are: \(names.joined(separator: ", "))."),
                    suggestions: close.map { [$0] }))
        }
        let filled = filled(values)
        for field in fields {
            if let value = values[field.name] {
                if field.isSecret {
                    found.append(
                        Problem(path: "/\(field.name)", message: "\"\(field.name)\" is a secret and stands only under secrets, by reference."))
                } else if let wrong = field.problem(with: value) {
                    found.append(Problem(path: "/\(field.name)", message: wrong))
                }
            } else if field.isRequired, !secrets.contains(field.name), field.defaultValue == nil, field.isWanted(filled) {
                found.append(Problem(path: "/\(field.name)", message: "\"\(field.name)\" is missing: \(field.help)"))
            }
            if secrets.contains(field.name), !field.isSecret {
                found.append(Problem(path: "/\(field.name)", message: "\"\(field.name)\" is no secret; set it under settings."))
            }
        }
        return found
    }

    /// Settings given as text, with the types of the schema. Lists are split at commas. Throws with every problem.
    public func values(fromText texts: [String: String]) throws -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        var wrong: [Problem] = []
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            guard let field = fields.first(where: { $0.name == name }) else {
                wrong += problems(in: [name: .string(text)], secrets: []).filter { $0.path == "/\(name)" }
                continue
            }
            if field.isSecret {
                wrong.append(
                    Problem(
                        path: "/\(name)",
                        message:
                            "\"\(name)\" is a secret: give it by --secret, --secret-file or --secret-from, so that it does not stand in the process list."
                    ))
            } else if let value = field.value(fromText: text) {
                values[name] = value
            } else {
                wrong.append(Problem(path: "/\(name)", message: "\"\(name)\" is \(field.typeName); \"\(text)\" is not."))
            }
        }
        guard wrong.isEmpty else { throw ProblemList("settings.invalid", "These settings cannot be taken", wrong).error }
        return values
    }

    /// Settings of a job in place of the server's own, with the types of the schema. Throws where one is not the job's to say.
    func jobValues(fromText texts: [String: String]) throws -> [String: JSONValue] {
        let values = try values(fromText: texts)
        let wrong = values.keys.sorted().filter { name in fields.first { $0.name == name }?.isJobs != true }
        guard wrong.isEmpty else {
            let free = fields.filter(\.isJobs).map(\.name)
            throw ConnectError(
                "settings.server", .configuration, "\(wrong.map { "\"\($0)\"" }.joined(separator: ", ")) can only be set for the server.",
                remedy: free.isEmpty ? "This connector leaves no setting to jobs." : "It leaves to jobs: \(free.joined(separator: ", ")).")
        }
        return values
    }
}

extension SettingsForm.Field {
    init(_ name: String, _ schema: JSONValue, _ isRequired: Bool) {
        func number(_ key: String) -> Double? {
            if case .number(let value)? = schema[key] { return value }
            return schema[key]?.integerValue.map(Double.init)
        }
        self.name = name
        self.isRequired = isRequired
        title = schema["title"]?.stringValue ?? name
        help = schema["description"]?.stringValue ?? title
        type = schema["type"]?.stringValue ?? "string"
        choices = schema["enum"]?.arrayValue ?? []
        defaultValue = schema["default"]
        isSecret = schema["writeOnly"]?.boolValue ?? false
        isPin = schema["x-pin"]?.boolValue ?? false
        isAdvanced = schema["x-advanced"]?.boolValue ?? false
        isAccountWide = schema["x-scope"]?.stringValue == "account"
        isJobs = schema["x-scope"]?.stringValue == "job"
        dependsOn = schema["x-depends"]?.objectValue ?? [:]
        capability = schema["x-capability"]?.stringValue
        order = schema["x-order"]?.integerValue ?? .max
        minimum = number("minimum")
        maximum = number("maximum")
        minimumLength = schema["minLength"]?.integerValue
        maximumLength = schema["maxLength"]?.integerValue
    }

    func isWanted(_ values: [String: JSONValue]) -> Bool { dependsOn.allSatisfy { values[$0.key] == $0.value } }

    var typeName: String {
        if !choices.isEmpty { return "one of \(choices.map(SettingsForm.text).joined(separator: ", "))" }
        return switch type {
        case "integer": "a whole number"
        case "number": "a number"
        case "boolean": "true or false"
        case "array": "a list"
        case "object": "pairs like a=b,c=d"
        default: "a text"
        }
    }

    func problem(with value: JSONValue) -> String? {
        if !choices.isEmpty { return choices.contains(value) ? nil : "\"\(name)\" is \(typeName)." }
        switch (type, value) {
        case ("string", .string(let text)):
            if let minimumLength, text.count < minimumLength { return "\"\(name)\" has at least \(minimumLength) characters." }
            if let maximumLength, text.count > maximumLength { return "\"\(name)\" has at most \(maximumLength) characters." }
            return nil
        case ("integer", .integer(let number)): return range(Double(number))
        case ("number", .integer(let number)): return range(Double(number))
        case ("number", .number(let number)): return range(number)
        case ("boolean", .bool), ("array", .array), ("object", .object): return nil
        default: return "\"\(name)\" is \(typeName)."
        }
    }

    private func range(_ number: Double) -> String? {
        if let minimum, number < minimum { return "\"\(name)\" is at least \(SettingsForm.text(minimum))." }
        if let maximum, number > maximum { return "\"\(name)\" is at most \(SettingsForm.text(maximum))." }
        return nil
    }

    func value(fromText text: String) -> JSONValue? {
        switch type {
        case "integer": Int64(text).map(JSONValue.integer)
        case "number": Double(text).map(JSONValue.number)
        case "boolean": ["true": true, "yes": true, "false": false, "no": false][text.lowercased()].map(JSONValue.bool)
        case "object": SettingsForm.pairs(text)
        case "array": .array(text.split(separator: ",").map { .string($0.trimmingCharacters(in: .whitespaces)) })
        default: .string(text)
        }
    }
}

extension SettingsForm {
    /// "a=b,c=d"; nil where a pair has no equals sign.
    fileprivate static func pairs(_ text: String) -> JSONValue? {
        var members: [String: JSONValue] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { return nil }
            members[parts[0]] = .string(parts[1])
        }
        return .object(members)
    }

    fileprivate static func text(_ value: JSONValue) -> String { value.stringValue ?? value.integerValue.map(String.init) ?? "?" }
    fileprivate static func text(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? String(number) }
}

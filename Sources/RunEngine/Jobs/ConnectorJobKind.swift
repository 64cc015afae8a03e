public import ConnectModel

/// A kind of job that a connector brings. Its fields are made from the schema of its settings; nothing here knows a connector.
///
/// Settings with `"x-scope": "account"` are the account's (`connectors profile`), and not the job's: they are the same for all its jobs. So is
/// every secret (`writeOnly`), since job files are no place for one.
public struct ConnectorJobKind: JobKind {
    private let info: ConnectorInfo
    public var connectorInfo: ConnectorInfo { info }

    public init(_ info: ConnectorInfo) { self.info = info }

    /// The section of the job file that holds the connector's settings.
    public static let section = "settings"
    /// The section of a run's frozen definition that holds the account's settings, so that every attempt of a run has the same.
    public static let accountSection = "account"

    public var id: String { info.id }
    public var aliases: [String] { info.aliases }
    public var title: String { info.name }
    public var summary: String { info.summary }
    public var connector: ConnectorInfo? { info }

    public var fields: [JobField] {
        Self.properties(info).filter { !Self.isAccountWide($0.schema) }.map { name, schema in
            JobField("\(Self.section).\(name)", setting: schema, required: isRequired(name))
        } + FollowUpFields.all + WorkerFields.all
    }

    /// By the feature bits `CH_JF_NO_RUN_NOW`, `CH_JF_NO_COPY` and `CH_JF_IMPORT`.
    public var allows: JobAllowances {
        let isImport = info.features & (1 << 6) != 0
        return JobAllowances(runNow: info.features & (1 << 4) == 0, copy: info.features & (1 << 5) == 0, group: isImport, monthEnd: !isImport)
    }

    /// Whether a run that was cut off may simply be begun again (`CH_JF_IDEMPOTENT`).
    public var isIdempotent: Bool { info.features & (1 << 1) != 0 }

    /// Whether the connector says beforehand what the host shall do (`connecthost.job_plan/1`).
    public var hasPlan: Bool { info.extensions.contains("connecthost.job_plan/1") }

    /// The connector's own words come from a worker process: `Installation.connectorProblems`.
    public func problems(in definition: [String: JSONValue]) -> [Problem] { [] }

    /// Settings whose values may stand in one active job of this kind only (`"x-exclusive": true`), as event types in feeds (EVT-3).
    public var exclusiveSettings: [String] { Self.properties(info).filter { $0.schema["x-exclusive"]?.boolValue == true }.map(\.name) }

    /// Settings that name something of the host, with what they name: "server", "list", "table", a key (`"x-ref"`).
    public var references: [(name: String, kind: String)] {
        Self.properties(info).compactMap { name, schema in schema["x-ref"]?.stringValue.map { (name, $0) } }
    }

    /// The types of events that it knows, and the channels that they belong to.
    public var eventTypes: [String] {
        Self.properties(info).filter { $0.schema["x-ref"]?.stringValue == "event-type" }.flatMap { Self.choices($0.schema) }
    }
    public var eventChannels: [String] {
        Self.properties(info).flatMap { $0.schema["x-event-channels"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    }

    private static func choices(_ schema: JSONValue) -> [String] { schema["items"]?["enum"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    /// What the connector gets: the account's settings, the job's over them, defaults where neither says anything.
    public func settings(_ definition: [String: JSONValue], account: [String: JSONValue]) -> [String: JSONValue] {
        let given = definition[Self.section]?.objectValue ?? [:]
        return Self.properties(info).reduce(into: [:]) { settings, property in
            let value = Self.isAccountWide(property.schema) ? account[property.name] : given[property.name]
            settings[property.name] = value ?? property.schema["default"]
        }
    }

    private func isRequired(_ name: String) -> Bool {
        info.schema["required"]?.arrayValue?.contains(.string(name)) ?? false
    }

    static func isAccountWide(_ schema: JSONValue) -> Bool { schema["x-scope"]?.stringValue == "account" || schema["writeOnly"]?.boolValue == true }

    /// In the account's settings: where each secret is, by the name of the setting. Never a secret itself.
    public static let secretsMember = "$secrets"

    /// Where the account's secrets of this kind are; only settings that the schema declares secret.
    public func secretReferences(_ account: [String: JSONValue]) -> [String: SecretReference] {
        let given = account[Self.secretsMember]?.objectValue ?? [:]
        return Self.properties(info).reduce(into: [:]) { found, property in
            guard property.schema["writeOnly"]?.boolValue == true else { return }
            found[property.name] = given[property.name]?.stringValue.flatMap(SecretReference.init)
        }
    }

    /// In the order in which a person is asked.
    static func properties(_ info: ConnectorInfo) -> [(name: String, schema: JSONValue)] {
        (info.schema["properties"]?.objectValue ?? [:]).map { (name: $0.key, schema: $0.value) }
            .sorted { ($0.schema["x-order"]?.integerValue ?? .max, $0.name) < ($1.schema["x-order"]?.integerValue ?? .max, $1.name) }
    }
}

extension JobField {
    /// A setting of a connector as a field of the job file.
    init(_ path: String, setting schema: JSONValue, required: Bool) {
        let help = schema["description"]?.stringValue ?? schema["title"]?.stringValue ?? ""
        let standard = schema["default"]
        let kind = Kind(setting: schema)
        self.init(path, kind, required: required && standard == nil, default: standard, example: Self.example(kind, standard), help)
    }

    private static func example(_ kind: Kind, _ standard: JSONValue?) -> String {
        if let standard, let text = YAMLText.flow(standard) { return text }
        return switch kind {
        case .string: "\"\""
        case .integer(let minimum, _): String(max(minimum, 1))
        case .number: "1.0"
        case .boolean: "true"
        case .choice(let choices): choices.first.map { "\"\($0)\"" } ?? "\"\""
        case .choices(let choices): choices.first.map { "[\"\($0)\"]" } ?? "[]"
        case .dayOfMonth: "1"
        case .strings: "[]"
        case .map, .fieldTypes: "{}"
        }
    }
}

extension JobField.Kind {
    /// By the subset of JSON Schema in Docs/connectors/abi.md.
    init(setting schema: JSONValue) {
        func bound(_ name: String) -> Double? {
            if case .number(let value)? = schema[name] { return value }
            return schema[name]?.integerValue.map(Double.init)
        }
        let choices = schema["enum"]?.arrayValue?.compactMap(\.stringValue) ?? []
        switch schema["type"]?.stringValue {
        case "integer":
            self = .integer(minimum: schema["minimum"]?.integerValue ?? .min, maximum: schema["maximum"]?.integerValue ?? .max)
        case "number":
            self = .number(minimum: bound("minimum") ?? -.greatestFiniteMagnitude, maximum: bound("maximum") ?? .greatestFiniteMagnitude)
        case "boolean": self = .boolean
        case "array":
            let items = schema["items"]?["enum"]?.arrayValue?.compactMap(\.stringValue) ?? []
            self = items.isEmpty ? .strings : .choices(items)
        case "object": self = .map
        default: self = choices.isEmpty ? .string : .choice(choices)
        }
    }
}

/// A value in YAML's flow style, for templates.
enum YAMLText {
    /// Nil for what has no short form.
    static func flow(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .bool(let truth): String(truth)
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .string(let text): "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\t", with: "\\t") + "\""
        case .array(let values): "[" + values.compactMap(flow).joined(separator: ", ") + "]"
        case .object(let members):
            "{ " + members.sorted { $0.key < $1.key }.compactMap { name, value in flow(value).map { "\(name): \($0)" } }.joined(separator: ", ")
                + " }"
        }
    }
}

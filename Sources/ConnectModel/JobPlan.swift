/// Work that a job kind of a connector has the host do: a definition for one of the host's own kinds.
public struct JobPlan: Sendable, Codable, Equatable {
    /// "import-list", say.
    public var kind: String
    public var definition: [String: JSONValue]
    /// Which setting of the job a place of the definition comes from ("target.list": "list").
    public var fields: [String: String]

    public init(kind: String, definition: [String: JSONValue], fields: [String: String] = [:]) {
        self.kind = kind
        self.definition = definition
        self.fields = fields
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(String.self, forKey: .kind)
        definition = try container.decode([String: JSONValue].self, forKey: .definition)
        fields = try container.decodeIfPresent([String: String].self, forKey: .fields) ?? [:]
    }

    /// The setting that a place of the definition comes from, by the longest path that leads there; nil when none does.
    public func setting(at path: String) -> String? {
        fields.filter { path == $0.key || path.hasPrefix($0.key + ".") || path.hasPrefix($0.key + "[") }.max { $0.key.count < $1.key.count }?.value
    }
}

/// How a worker reaches a job kind of a connector: its file, and the settings of the job and the account. Travels over a pipe only.
public struct JobConnection: Sendable, Codable {
    public var connectorFile: String
    public var connector: String
    public var settings: JSONValue
    /// Values of secret settings, which no line of a log or error may show.
    public var secrets: [String]
    /// Whether a run that was cut off may simply be begun again.
    public var isIdempotent: Bool

    public init(connectorFile: String, connector: String, settings: JSONValue, secrets: [String], isIdempotent: Bool) {
        self.connectorFile = connectorFile
        self.connector = connector
        self.settings = settings
        self.secrets = secrets
        self.isIdempotent = isIdempotent
    }
}

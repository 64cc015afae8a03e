/// A named place that files are read from and written to, through a transport connector, or that rows are read from, through a source.
public struct FileServer: Sendable, Codable, Equatable {
    public var name: String
    /// Id of the connector, not one of its aliases.
    public var connector: String
    /// Settings as given, without secrets and without defaults.
    public var settings: [String: JSONValue]
    /// Where each secret comes from; the value itself is never here.
    public var secrets: [String: SecretReference]

    public init(name: String, connector: String, settings: [String: JSONValue], secrets: [String: SecretReference] = [:]) {
        self.name = name
        self.connector = connector
        self.settings = settings
        self.secrets = secrets
    }

    /// The account's own file server on its embedded directories; jobs that name no server use it.
    public static let embeddedName = "files"
}

/// Where a secret is: in the host's encrypted store, in the environment of the host, or in a file that the host can read (OPS-3).
public enum SecretReference: Sendable, Hashable, Codable, LosslessStringConvertible {
    case vault
    case environment(String)
    case file(String)

    public init?(_ text: String) {
        if text == "vault" {
            self = .vault
        } else if text.hasPrefix("env:"), text.count > 4 {
            self = .environment(String(text.dropFirst(4)))
        } else if text.hasPrefix("file:/"), text.count > 6 {
            self = .file(String(text.dropFirst(5)))
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .vault: "vault"
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let reference = SecretReference(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a secret reference"))
        }
        self = reference
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

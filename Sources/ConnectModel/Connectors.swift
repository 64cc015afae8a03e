/// What one provider in a connector file says about itself, copied out of the library (CON-3).
public struct ConnectorInfo: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable {
        case transport, source, job
    }

    public var id: String
    public var kind: Kind
    public var name: String
    public var version: String
    public var vendor: String
    public var license: String
    public var documentation: String
    public var summary: String
    /// Names that stand for the id in job files ("sftp").
    public var aliases: [String]
    /// "stable", "beta", "experimental", "deprecated".
    public var maturity: String
    /// `CH_TF_*`, `CH_SF_*` or `CH_JF_*`, by kind.
    public var features: UInt64
    /// Ids of the extensions it answers to.
    public var extensions: [String]
    /// JSON Schema 2020-12 (CON-5).
    public var schema: JSONValue
    public var examples: JSONValue

    public init(
        id: String, kind: Kind, name: String, version: String, vendor: String, license: String, documentation: String, summary: String,
        aliases: [String], maturity: String, features: UInt64, extensions: [String], schema: JSONValue, examples: JSONValue
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.version = version
        self.vendor = vendor
        self.license = license
        self.documentation = documentation
        self.summary = summary
        self.aliases = aliases
        self.maturity = maturity
        self.features = features
        self.extensions = extensions
        self.schema = schema
        self.examples = examples
    }
}

/// One file of a connector directory: what it provides, or why it is refused (CON-2). JSON keys are a contract.
public struct ConnectorFile: Sendable, Codable, Equatable {
    public var path: String
    /// "1.0", or nil when refused before it could say.
    public var abi: String?
    /// What the file says it was built with.
    public var build: String?
    public var connectors: [ConnectorInfo]
    /// A sentence that says what is wrong and what to do; nil when loaded.
    public var refused: String?

    public init(path: String, abi: String? = nil, build: String? = nil, connectors: [ConnectorInfo] = [], refused: String? = nil) {
        self.path = path
        self.abi = abi
        self.build = build
        self.connectors = connectors
        self.refused = refused
    }
}

/// One finding about settings or a job file; all findings are reported at once.
public struct Problem: Sendable, Codable, Equatable {
    public enum Severity: String, Sendable, Codable {
        case error, warning
    }

    /// Where: a JSON pointer ("/host"), the field of a job ("file.name"), or for people the file and line ("jobs.yaml:12").
    public var path: String
    /// Of a problem whose path is a file and line: the field there, from the top of the file ("jobs[0].file.name").
    public var field: String?
    public var severity: Severity
    public var message: String
    /// Values that would do.
    public var suggestions: [String]?

    public init(path: String, field: String? = nil, severity: Severity = .error, message: String, suggestions: [String]? = nil) {
        self.path = path
        self.field = field
        self.severity = severity
        self.message = message
        self.suggestions = suggestions
    }
}

/// One step of a connection test (FS-6).
public struct ConnectionStep: Sendable, Codable, Equatable {
    public var name: String
    public var succeeded: Bool
    public var milliseconds: Double
    public var message: String

    public init(name: String, succeeded: Bool, milliseconds: Double, message: String) {
        self.name = name
        self.succeeded = succeeded
        self.milliseconds = milliseconds
        self.message = message
    }
}

/// How a peer identifies itself before any credential is sent (FS-7).
public struct PeerIdentity: Sendable, Codable, Equatable {
    public var type: String
    public var fingerprint: String
    /// What is stored in the pin setting once a person has agreed.
    public var pin: String

    public init(type: String, fingerprint: String, pin: String) {
        self.type = type
        self.fingerprint = fingerprint
        self.pin = pin
    }
}

/// Every setting of a connector, declared once: the JSON Schema that the host publishes, the defaults,
/// the checks and the forms all come from it (CON-5).
public struct SettingsSchema: Sendable {
    public var fields: [SettingField]
    public init(_ fields: [SettingField]) { self.fields = fields }
}

public struct SettingField: Sendable {
    public enum Kind: Sendable {
        case string(minLength: Int = 0, maxLength: Int? = nil, pattern: String? = nil)
        case integer(minimum: Int64? = nil, maximum: Int64? = nil)
        case boolean
        /// One of the values, with a title for each.
        case choice([(value: String, title: String)])
        /// A list of strings.
        case strings
        /// A list out of the values, with a title for each.
        case choices([(value: String, title: String)])
        /// Names to texts. Of job kinds only.
        case map
    }

    public enum Default: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)
        case strings([String])
        case map([String: String])
    }

    /// What a setting of a job kind names; the host checks that it is there.
    public enum Reference: String, Sendable {
        case server, list
        /// Any table of the audience store.
        case table
        /// Types of events: the values of the list are those that the host's event store takes in.
        case eventType = "event-type"
        /// OpenPGP keys of the host's ring that files are encrypted for, and the one of its own that they are signed with.
        case pgpRecipient = "pgp-recipient"
        case pgpSigner = "pgp-signer"
    }

    public var name: String
    public var title: String
    /// Help in a sentence or two, with the default in words.
    public var help: String
    public var kind: Kind
    public var isRequired: Bool
    public var defaultValue: Default?
    /// Stored encrypted, never shown; `writeOnly` in the schema.
    public var isSecret: Bool
    /// Filled by `servers trust` with the pins of `identify` (FS-7); `x-pin` in the schema. Kind `.strings`.
    public var isPin: Bool
    /// Shown only on demand; `x-advanced` in the schema.
    public var isAdvanced: Bool
    /// Asked for only while another setting has this value; `x-depends` in the schema.
    public var dependsOn: (name: String, value: String)?
    /// Of a boolean: what an administrator must have turned on for the account before this may be true; `x-capability` in the schema.
    public var capability: String?
    /// The account's, the same for all jobs of the kind, and not set by a job; `x-scope` in the schema. Of job kinds only.
    public var isAccountWide = false
    /// Each value may stand in one active job of the kind only; `x-exclusive` in the schema. Of job kinds only.
    public var isExclusive = false
    /// `x-ref` in the schema. Of job kinds only.
    public var reference: Reference?
    /// The channels that the event types belong to; `x-event-channels` in the schema. Of job kinds only.
    public var channels: [String] = []

    public init(
        _ name: String, title: String, help: String, kind: Kind, required isRequired: Bool = false, default defaultValue: Default? = nil,
        secret isSecret: Bool = false, pin isPin: Bool = false, advanced isAdvanced: Bool = false, dependsOn: (name: String, value: String)? = nil,
        capability: String? = nil
    ) {
        self.name = name
        self.title = title
        self.help = help
        self.kind = kind
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.isSecret = isSecret
        self.isPin = isPin
        self.isAdvanced = isAdvanced
        self.dependsOn = dependsOn
        self.capability = capability
    }

    /// The same setting as the account's (`x-scope`).
    public var accountWide: SettingField { with { $0.isAccountWide = true } }
    /// The same setting, its values taken by one active job at a time (`x-exclusive`).
    public var exclusive: SettingField { with { $0.isExclusive = true } }
    /// The same setting, the name of something that the host has (`x-ref`).
    public func naming(_ reference: Reference) -> SettingField { with { $0.reference = reference } }

    /// The same setting, a list of event types that belong to these channels.
    public func eventTypes(ofChannels channels: [String]) -> SettingField {
        with {
            $0.reference = .eventType
            $0.channels = channels
        }
    }

    private func with(_ change: (inout SettingField) -> Void) -> SettingField {
        var copy = self
        change(&copy)
        return copy
    }
}

/// Settings as they arrive, checked against the schema, defaults filled in.
public struct SettingValues: Sendable {
    public enum Value: Sendable, Equatable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)
        case strings([String])
        case map([String: String])
    }

    private let values: [String: Value]
    public init(_ values: [String: Value]) { self.values = values }

    public func string(_ name: String) -> String? {
        if case .string(let value)? = values[name] { value } else { nil }
    }
    public func integer(_ name: String) -> Int64? {
        if case .integer(let value)? = values[name] { value } else { nil }
    }
    public func boolean(_ name: String) -> Bool? {
        if case .boolean(let value)? = values[name] { value } else { nil }
    }
    public func strings(_ name: String) -> [String]? {
        if case .strings(let value)? = values[name] { value } else { nil }
    }
    public func map(_ name: String) -> [String: String]? {
        if case .map(let value)? = values[name] { value } else { nil }
    }
}

/// Settings that make a good beginning, shown to people. Never a secret.
public struct SettingsExample: Sendable {
    public var title: String
    public var settings: [(name: String, value: SettingField.Default)]

    public init(_ title: String, _ settings: KeyValuePairs<String, SettingField.Default>) {
        self.title = title
        self.settings = settings.map { ($0.key, $0.value) }
    }
}

/// Who a connector is. Text is shown to people; the id is how everything else names it.
public struct ConnectorDescription: Sendable {
    public enum Maturity: UInt32, Sendable {
        case stable = 0
        case beta = 1
        case experimental = 2
        case deprecated = 3
    }

    /// Reverse DNS, `[a-z0-9.-]`, never used again for another connector.
    public var id: String
    public var name: String
    /// SemVer of the connector, not of the ABI.
    public var version: String
    public var vendor: String
    /// SPDX.
    public var license: String
    public var documentationURL: String
    /// One line.
    public var summary: String
    /// Short names a job file may use instead of the id ("sftp").
    public var aliases: [String]
    public var maturity: Maturity
    public var examples: [SettingsExample]

    public init(
        id: String, name: String, version: String, vendor: String, license: String, documentationURL: String, summary: String,
        aliases: [String], maturity: Maturity = .stable, examples: [SettingsExample] = []
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.vendor = vendor
        self.license = license
        self.documentationURL = documentationURL
        self.summary = summary
        self.aliases = aliases
        self.maturity = maturity
        self.examples = examples
    }
}

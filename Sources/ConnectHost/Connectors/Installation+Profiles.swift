public import ConnectModel
import RunEngine
import StoreAPI

/// The account's settings of one connector's job kind; keys are a contract.
public struct ConnectorProfile: Sendable, Encodable {
    public struct Setting: Sendable, Encodable {
        public var name: String
        public var help: String
        public var isRequired: Bool
        /// As set, else the default; nil when neither is there. Of a secret: where it is ("vault", "env:NAME", "file:/PATH").
        public var value: JSONValue?
        public var isSecret: Bool
        public var isSet: Bool
    }

    public var kind: String
    public var settings: [Setting]
    /// What is missing or wrong.
    public var problems: [Problem]
}

extension Installation {
    public func profile(ofKind name: String) throws -> ConnectorProfile {
        let kind = try kindWithProfile(name)
        let stored = try control.profile(ofConnector: kind.id)
        let secrets = kind.secretReferences(stored).mapValues { JSONValue.string("\($0)") }
        let settings = kind.accountSettings.map { field in
            let value = field.isSecret ? secrets[field.name] : stored[field.name]
            return ConnectorProfile.Setting(
                name: field.name, help: field.help, isRequired: field.isRequired, value: value ?? field.defaultValue, isSecret: field.isSecret,
                isSet: value != nil)
        }
        return ConnectorProfile(kind: kind.id, settings: settings, problems: try problems(kind, stored))
    }

    /// Sets settings of the account's profile; an empty text takes one back to its default. `secretValues` go into the vault; `references` name secrets
    /// kept elsewhere. Throws with every problem. Jobs take it from their next run on.
    public func setProfile(
        ofKind name: String, _ texts: [String: String], secretValues: [String: Secret] = [:], references: [String: SecretReference] = [:]
    ) throws {
        let kind = try kindWithProfile(name)
        var stored = try control.profile(ofConnector: kind.id)
        let isSecret = { (key: String) in kind.accountSettings.contains { $0.name == key && $0.isSecret } }
        var secrets = kind.secretReferences(stored).filter { texts[$0.key]?.isEmpty != true }
        secrets.merge(references) { _, new in new }
        for key in secretValues.keys { secrets[key] = .vault }
        let strangers = secrets.keys.filter { !isSecret($0) }.sorted().map {
            Problem(path: "/\($0)", message: "\"\($0)\" is no secret setting of \(kind.title).")
        }
        guard strangers.isEmpty else { throw ProblemList("profile.invalid", "The profile cannot be saved", strangers).error }
        stored[ConnectorJobKind.secretsMember] = secrets.isEmpty ? nil : .object(secrets.mapValues { .string("\($0)") })
        for key in texts.keys where texts[key]?.isEmpty == true { stored[key] = nil }
        stored.merge(try SettingsForm(kind.accountSettings).values(fromText: texts.filter { !$0.value.isEmpty })) { _, new in new }
        let wrong = try problems(kind, stored).filter { problem in texts.keys.contains { problem.path == "/\($0)" } }
        guard wrong.isEmpty else { throw ProblemList("profile.invalid", "The profile cannot be saved", wrong).error }
        for (key, secret) in secretValues { try vault.set(secret, .connector(kind.id, key)) }
        try control.save(profile: stored, ofConnector: kind.id)
    }

    /// Kinds that have such a profile.
    public func kindsWithProfiles() -> [String] {
        kinds.kinds.compactMap { $0 as? ConnectorJobKind }.filter { !$0.accountSettings.isEmpty }.map { $0.aliases.first ?? $0.id }
    }

    private func kindWithProfile(_ name: String) throws -> ConnectorJobKind {
        if let kind = try connectorKind(name), !kind.accountSettings.isEmpty { return kind }
        let known = kindsWithProfiles()
        throw ConnectError(
            "profile.none", .configuration, "The account has no profile for jobs of kind \"\(name)\".",
            remedy: known.isEmpty ? "No connector that is loaded has one." : "There are profiles for: \(known.joined(separator: ", ")).")
    }

    private func problems(_ kind: ConnectorJobKind, _ values: [String: JSONValue]) throws -> [Problem] {
        let servers = Set(try control.servers().map(\.name))
        let unknown = kind.references.compactMap { setting, what -> Problem? in
            guard what == "server", let server = values[setting]?.stringValue, !servers.contains(server) else { return nil }
            return Problem(path: "/\(setting)", message: "There is no server \"\(server)\". There are: \(servers.sorted().joined(separator: ", ")).")
        }
        let settings = values.filter { $0.key != ConnectorJobKind.secretsMember }
        return SettingsForm(kind.accountSettings).problems(in: settings, secrets: Set(kind.secretReferences(values).keys)) + unknown
    }
}

extension ConnectorJobKind {
    /// The settings that are the account's; secrets always are.
    var accountSettings: [SettingsForm.Field] { SettingsForm(connectorInfo).fields.filter { $0.isAccountWide || $0.isSecret } }
}

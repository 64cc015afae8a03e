public import ConnectModel
import RunEngine
import StoreAPI

/// The account's settings of one connector's job kind; keys are a contract.
public struct ConnectorProfile: Sendable, Encodable {
    public struct Setting: Sendable, Encodable {
        public var name: String
        public var help: String
        public var isRequired: Bool
        /// As set, else the default; nil when neither is there.
        public var value: JSONValue?
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
        let settings = kind.accountSettings.map { field in
            ConnectorProfile.Setting(
                name: field.name, help: field.help, isRequired: field.isRequired, value: stored[field.name] ?? field.defaultValue,
                isSet: stored[field.name] != nil)
        }
        return ConnectorProfile(kind: kind.id, settings: settings, problems: try problems(kind, stored))
    }

    /// Sets settings of the account's profile; an empty text takes one back to its default. Throws with every problem. Jobs take it from their next run on.
    public func setProfile(ofKind name: String, _ texts: [String: String]) throws {
        let kind = try kindWithProfile(name)
        var stored = try control.profile(ofConnector: kind.id)
        for key in texts.keys where texts[key]?.isEmpty == true { stored[key] = nil }
        stored.merge(try SettingsForm(kind.accountSettings).values(fromText: texts.filter { !$0.value.isEmpty })) { _, new in new }
        let wrong = try problems(kind, stored).filter { problem in texts.keys.contains { problem.path == "/\($0)" } }
        guard wrong.isEmpty else { throw ProblemList("profile.invalid", "The profile cannot be saved", wrong).error }
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
        return SettingsForm(kind.accountSettings).problems(in: values, secrets: []) + unknown
    }
}

extension ConnectorJobKind {
    /// The settings that are the account's.
    var accountSettings: [SettingsForm.Field] { SettingsForm(connectorInfo).fields.filter(\.isAccountWide) }
}

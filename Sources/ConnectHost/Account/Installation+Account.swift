import ConnectModel
import StoreAPI

/// One thing an administrator can turn on and off for the account.
public struct Capability: Sendable, Encodable {
    public var name: String
    public var summary: String
    public var isOn: Bool
}

extension Installation {
    /// Every capability there is, with the connectors that are installed now (FS-9).
    public func capabilities() throws -> [Capability] {
        let set = try control.capabilities()
        let transports = catalog.scan().flatMap(\.connectors).filter { $0.kind == .transport && !$0.aliases.contains("embedded") }
        let asked = transports.flatMap { info in
            SettingsForm(info).fields.compactMap { field in field.capability.map { ($0, "\(info.name): \(field.title).") } }
        }
        let names =
            [
                (AccountCapabilities.externalServers, "File servers other than the account's own."),
                (AccountCapabilities.audienceScope, "Audience scope files beside list imports."),
            ]
            + transports.map { (AccountCapabilities.connector($0.id), $0.summary) }
            // Several connectors may ask for the same.
            + Dictionary(grouping: asked, by: \.0).sorted { $0.key < $1.key }.map { ($0.key, $0.value.map(\.1).joined(separator: " ")) }
        return names.map { Capability(name: $0.0, summary: $0.1, isOn: set.allows($0.0)) }
    }

    /// Turns capabilities on or off. A connector may be named by its short name. Returns all of them.
    public func setCapabilities(_ changes: [String: Bool]) throws -> [Capability] {
        var set = try control.capabilities()
        let known = try capabilities().map(\.name)
        for (given, isOn) in changes {
            let name =
                given.hasPrefix("connector:") ? try AccountCapabilities.connector(catalog.connector(String(given.dropFirst(10))).info.id) : given
            guard known.contains(name) else {
                throw ConnectError(
                    "capability.missing", .configuration, "There is no capability \"\(given)\".",
                    remedy: "There are: \(known.joined(separator: ", ")).")
            }
            set.set(name, isOn)
        }
        try control.save(set)
        return try capabilities()
    }
}

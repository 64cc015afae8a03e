/// What an administrator lets the account use (FS-9). Servers and connectors are on until they are turned off; what a connector's setting asks for,
/// such as connections that are not encrypted, is off until it is turned on.
public struct AccountCapabilities: Sendable, Codable, Equatable {
    /// By name; absent means as it came.
    private var switches: [String: Bool]

    public init() { switches = [:] }

    /// Servers other than the account's own.
    public static let externalServers = "external-servers"
    /// Servers of one connector, by its id.
    public static func connector(_ id: String) -> String { "connector:\(id)" }

    /// Audience scope files beside list imports (IMP-1): for accounts with organisational access control, so off until it is turned on.
    public static let audienceScope = "audience-scope"

    public func allows(_ name: String) -> Bool { switches[name] ?? (name == Self.externalServers || name.hasPrefix("connector:")) }

    public mutating func set(_ name: String, _ isOn: Bool) { switches[name] = isOn }

    /// Why a server cannot be used by this account, or nil. - Parameter needed: what its settings ask for.
    public func refusal(of server: FileServer, needing needed: [String]) -> String? {
        guard server.name != FileServer.embeddedName else { return nil }
        if let off = [Self.externalServers, Self.connector(server.connector)].first(where: { !allows($0) }) {
            return "Server \"\(server.name)\" cannot be used: the administrator has turned \(off) off for this account (`connecthost account show`)."
        }
        return needed.first { !allows($0) }.map { off in
            "Server \"\(server.name)\" cannot be used: its settings ask for \(off), which the administrator has not allowed this account "
                + "(`connecthost account set \(off)=on`)."
        }
    }
}

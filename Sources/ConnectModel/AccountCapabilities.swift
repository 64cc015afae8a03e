/// What an administrator lets the account use (FS-9). Everything that is not turned off is on, but what says otherwise.
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

    public func allows(_ name: String) -> Bool { switches[name] ?? (name != Self.audienceScope) }

    public mutating func set(_ name: String, _ isOn: Bool) { switches[name] = isOn }

    /// Why a server cannot be used by this account, or nil.
    public func refusal(of server: FileServer) -> String? {
        guard server.name != FileServer.embeddedName else { return nil }
        let off = [Self.externalServers, Self.connector(server.connector)].first { !allows($0) }
        return off.map { "Server \"\(server.name)\" cannot be used: the administrator has turned \($0) off for this account (`connecthost account show`)." }
    }
}

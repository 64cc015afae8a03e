/// What the worker of a job is given besides the stores: everything that only the host may hand out.
public struct JobNeeds: Sendable, Equatable {
    /// File servers by name; the worker gets a connection to each.
    public var servers: [String]

    /// Whether a private OpenPGP key may be used; the worker then gets the passphrases of the key ring.
    public var privateKeys: Bool

    /// Settings that the job has in place of a server's own, by the server, as text.
    public var settings: [String: [String: String]]

    public init(servers: [String] = [], privateKeys: Bool = false, settings: [String: [String: String]] = [:]) {
        self.servers = servers
        self.settings = settings
        self.privateKeys = privateKeys
    }
}

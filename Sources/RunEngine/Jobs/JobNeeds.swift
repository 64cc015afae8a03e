/// What the worker of a job is given besides the stores: everything that only the host may hand out.
public struct JobNeeds: Sendable, Equatable {
    /// File servers by name; the worker gets a connection to each.
    public var servers: [String]

    /// Whether a private OpenPGP key may be used; the worker then gets the passphrases of the key ring.
    public var privateKeys: Bool

    public init(servers: [String] = [], privateKeys: Bool = false) {
        self.servers = servers
        self.privateKeys = privateKeys
    }
}

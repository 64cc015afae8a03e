/// What the worker of a job is given besides the stores: everything that only the host may hand out.
public struct JobNeeds: Sendable, Equatable {
    /// File servers by name; the worker gets a connection to each.
    public var servers: [String]

    public init(servers: [String] = []) { self.servers = servers }
}

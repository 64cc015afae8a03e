import ConnectModel
public import GnuPG
public import StoreAPI

/// What a worker gives the work of one run. Everything outside is passed in: stores, servers, the clock.
public struct RunEnvironment: Sendable {
    public let home: HomeLayout
    public let control: any ControlStore
    public let audience: any AudienceStore
    /// By name of the server.
    public let openers: [String: any TransportOpener]
    /// Sources of rows, by name of the server.
    public let sources: [String: any RowSource]
    public let reporter: any RunReporter
    public let cancellation: Cancellation
    /// A list of top-level domains; nil leaves that check out with a warning in the log.
    public let topLevelDomainsFile: String?
    /// The library for the strict check of mobile numbers; nil when it is not there.
    public let phoneNumberLibrary: String?
    public let retryPolicy: RetryPolicy
    /// The host's OpenPGP keys, with the passphrases that the job may need.
    public let keyRing: KeyRing
    /// Opens the event store.
    public let events: @Sendable () throws -> any EventStore
    /// The work of a run whose kind is a connector's.
    public let providedJob: (any ProvidedJob)?
    /// Milliseconds since 1970 UTC.
    public let clock: @Sendable () -> Int64

    public init(
        home: HomeLayout, control: any ControlStore, audience: any AudienceStore, openers: [String: any TransportOpener],
        sources: [String: any RowSource] = [:], reporter: any RunReporter, cancellation: Cancellation, topLevelDomainsFile: String?,
        phoneNumberLibrary: String? = nil, retryPolicy: RetryPolicy = RetryPolicy(),
        providedJob: (any ProvidedJob)? = nil, keyRing: KeyRing? = nil,
        events: @escaping @Sendable () throws -> any EventStore = RunEnvironment.noEvents,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.home = home
        self.control = control
        self.audience = audience
        self.openers = openers
        self.sources = sources
        self.reporter = reporter
        self.cancellation = cancellation
        self.topLevelDomainsFile = topLevelDomainsFile
        self.phoneNumberLibrary = phoneNumberLibrary
        self.retryPolicy = retryPolicy
        self.providedJob = providedJob
        self.keyRing = keyRing ?? KeyRing(directory: home.keyRing)
        self.events = events
        self.clock = clock
    }

    /// For work that has nothing to do with events.
    @Sendable public static func noEvents() throws -> any EventStore {
        throw ConnectError("events.none", .internal, "There is no event store here.")
    }

    /// A connection to the server that retries; closed by its caller.
    public func transport(to server: String, cancellation: Cancellation? = nil) throws -> RetryingTransport {
        guard let opener = openers[server] else {
            throw ConnectError(
                "server.missing", .configuration, "There is no server \"\(server)\".", remedy: "`connecthost servers list` shows what there is.")
        }
        return try RetryingTransport(opener, server: server, policy: retryPolicy, cancellation: cancellation ?? self.cancellation, reporter: reporter)
    }
}

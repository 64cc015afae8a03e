public import ConnectModel

/// One rule of the interface as an experiment: what is tried, on what, for how long. Its body runs in a process of its own, so that a
/// connector that traps or hangs fails this check and no other.
public struct ConformanceCheck: Sendable {
    /// What a check needs before it can say anything.
    public enum Need: String, Sendable {
        /// The file alone.
        case file
        /// What the connector says of itself.
        case description
        /// Settings that work: the author's `--config`, or none where none are required.
        case connection
    }

    /// Stable, "area.what"; the area is `load`, `descriptor`, `schema`, `validate`, `transport`, `source`, `job`.
    public let id: String
    /// A statement that is true of a connector that passes.
    public let title: String
    /// Empty: every kind.
    public let kinds: Set<ConnectorInfo.Kind>
    public let need: Need
    /// Seconds after which the process is killed and the check has timed out.
    public let timeLimit: Int
    let body: @Sendable (CheckContext) throws -> Void

    init(
        _ id: String, _ title: String, kinds: Set<ConnectorInfo.Kind> = [], need: Need, timeLimit: Int = 20,
        _ body: @escaping @Sendable (CheckContext) throws -> Void
    ) {
        self.id = id
        self.title = title
        self.kinds = kinds
        self.need = need
        self.timeLimit = timeLimit
        self.body = body
    }

    public func applies(to kind: ConnectorInfo.Kind) -> Bool { kinds.isEmpty || kinds.contains(kind) }
}

/// How a check ended.
public enum ConformanceOutcome: String, Sendable, Codable, CaseIterable {
    case passed, failed, crashed
    case timedOut = "timed_out"
    case skipped, warning

    /// Whether the connector does not conform.
    public var isFailure: Bool { self == .failed || self == .crashed || self == .timedOut }
}

/// What a check's process is asked; written to its standard input, because settings may hold secrets.
public struct ConformanceRequest: Sendable, Codable {
    public var file: String
    public var connector: ConnectorInfo
    public var check: String
    public var settings: [String: JSONValue]
    /// Below the root of a transport's session; "" is the root itself.
    public var directory: String
    /// The stream of a source to read; nil: the first ones it tells of.
    public var stream: String?

    public init(
        file: String, connector: ConnectorInfo, check: String, settings: [String: JSONValue] = [:], directory: String = "", stream: String? = nil
    ) {
        self.file = file
        self.connector = connector
        self.check = check
        self.settings = settings
        self.directory = directory
        self.stream = stream
    }
}

/// One line of what a check's process answers: what it is about to do, for when it does not come back, or how it ended.
public struct ConformanceAnswer: Sendable, Codable {
    public var doing: String?
    public var outcome: ConformanceOutcome?
    public var message: String?

    public init(doing: String? = nil, outcome: ConformanceOutcome? = nil, message: String? = nil) {
        self.doing = doing
        self.outcome = outcome
        self.message = message
    }
}

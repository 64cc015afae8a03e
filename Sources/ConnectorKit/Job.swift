/// What a job kind can do. The bits are those of `CH_JF_*`.
public struct JobFeatures: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `run` honours `isDryRun`.
    public static let dryRun = JobFeatures(rawValue: 1 << 0)
    /// Safe to run again after a crash.
    public static let idempotent = JobFeatures(rawValue: 1 << 1)
    /// Nobody may start it out of turn.
    public static let noRunNow = JobFeatures(rawValue: 1 << 4)
    /// Its jobs may not be copied.
    public static let noCopy = JobFeatures(rawValue: 1 << 5)
    /// Brings records in: may be in a group, and may not recur at the end of the month.
    public static let `import` = JobFeatures(rawValue: 1 << 6)
}

/// What the host gives one run; valid until `run` returns, and for one thread at a time.
public protocol JobRun {
    var id: String { get }
    /// Change nothing outside; `setState` then keeps nothing.
    var isDryRun: Bool { get }
    /// A private directory, emptied by the host afterwards.
    var workDirectory: String { get }
    /// JSON that an earlier `setState` of this job kept; nil when there is nothing.
    func state(_ key: String) throws(ConnectorError) -> String?
    /// Keeps JSON for the next run; durable on return. In a dry run nothing is kept.
    func setState(_ key: String, _ json: String) throws(ConnectorError)
    /// Adds to a counter of the run: "rows.sent", "rows.rejected".
    func count(_ counter: String, _ add: Int64)
    /// One input row that could not be used, by its number from 0. The host keeps it for the user.
    func reject(row: Int64, code: String, message: String, rowJSON: String?)
    /// Has the host carry the plan out within this run, exactly once also across crashes: reading, checking, merging, rejecting, counting,
    /// archiving. Once a run. Returns the counts as JSON.
    func perform(_ plan: JobPlan) throws(ConnectorError) -> String
    /// Has the host write events that this account has not been given yet to files, each once. The JSON is described in Docs/connectors/jobs.md.
    /// Returns what was written, as JSON.
    func deliverEvents(_ feedJSON: String) throws(ConnectorError) -> String
}

/// Work for one of the host's own kinds of job, as a job file of that kind would describe it.
public struct JobPlan: Sendable, Equatable {
    /// "import-list", say.
    public var kind: String
    /// Section by section.
    public var definition: PlanValue
    /// Which setting of the job a place of the definition comes from ("target.list": "list"), for the words of problems.
    public var fields: [String: String]

    public init(kind: String, definition: PlanValue, fields: [String: String] = [:]) {
        self.kind = kind
        self.definition = definition
        self.fields = fields
    }

    /// As the interface wants it.
    public var json: String {
        PlanValue.object(["kind": .text(kind), "definition": definition, "fields": .object(fields.mapValues(PlanValue.text))]).json
    }
}

/// A value of a plan; JSON without null.
public indirect enum PlanValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case array([PlanValue])
    case object([String: PlanValue])

    public var json: String {
        switch self {
        case .text(let text): SettingsSchema.quoted(text)
        case .integer(let number): String(number)
        case .boolean(let truth): String(truth)
        case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\(SettingsSchema.quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }
}

/// A job kind as its author declares it. It does all its work in `run`.
public protocol JobConnector: Connector {
    static var features: JobFeatures { get }
    /// Does the work and returns what to show in the run's log, by name. Asks `call.isCancelled`, or polls its descriptor, and then throws `.cancelled` soon.
    static func run(_ settings: Settings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>
    /// What `run` will have the host perform, so that the host can check and preview it beforehand; nil for work of another sort. No I/O.
    static func plan(_ settings: Settings) throws(ConnectorError) -> JobPlan?
}

extension JobConnector {
    /// Most jobs have nothing to connect to.
    public static func check(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) {}
    public static func plan(_ settings: Settings) throws(ConnectorError) -> JobPlan? { nil }
}

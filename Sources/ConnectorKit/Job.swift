/// What a job kind can do. The bits are those of `CH_JF_*`.
public struct JobFeatures: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// `run` honours `isDryRun`.
    public static let dryRun = JobFeatures(rawValue: 1 << 0)
    /// Safe to run again after a crash.
    public static let idempotent = JobFeatures(rawValue: 1 << 1)
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
}

/// A job kind as its author declares it. It does all its work in `run`.
public protocol JobConnector: Connector {
    static var features: JobFeatures { get }
    /// Does the work and returns what to show in the run's log, by name. Asks `call.isCancelled`, or polls its descriptor, and then throws `.cancelled` soon.
    static func run(_ settings: Settings, _ run: any JobRun, _ call: any CallContext) throws(ConnectorError) -> KeyValuePairs<String, FieldValue>
}

extension JobConnector {
    /// Most jobs have nothing to connect to.
    public static func check(_ settings: Settings, _ call: any CallContext) throws(ConnectorError) {}
}

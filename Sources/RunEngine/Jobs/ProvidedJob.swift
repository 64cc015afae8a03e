public import ConnectModel

/// A job of a kind that is not the host's own: a connector's, seen from the run engine.
public protocol ProvidedJob: Sendable {
    /// Whether a run that was cut off may simply be begun again.
    var isIdempotent: Bool { get }
    /// Does the work and returns what to show in the run's log: a JSON object. Blocking; throws `ConnectError`.
    func run(_ services: any JobServices) throws -> JSONValue
}

/// What the host gives one run of such a job. One thread at a time; all that throw throw `ConnectError`.
public protocol JobServices: AnyObject {
    var run: RunID { get }
    /// Nothing outside may change.
    var isDryRun: Bool { get }
    /// Private, removed when the run is over.
    var workDirectory: String { get }
    /// A connection to a server that the job's settings name; closed by its caller.
    func transport(to server: String) throws -> any Transport
    /// What an earlier `setState` of this job kept, as JSON.
    func state(_ key: String) throws -> String?
    /// Durable on return.
    func setState(_ key: String, _ json: String) throws
    func count(_ counter: String, _ add: Int64)
    /// One input row, by its number from 0, that could not be used; kept for the user.
    func reject(row: Int64, code: String, message: String, json: String?) throws
    /// Carries out a plan within this run, exactly once also across attempts, and returns the counts.
    func perform(_ plan: JobPlan) throws -> JSONValue
    /// Writes events that have not been given yet to files, each once; see `EventFeedRequest`.
    func deliverEvents(_ request: JSONValue) throws -> JSONValue
}

public import ConnectModel
import Foundation

/// Where everything of one installation lies.
public struct HomeLayout: Sendable {
    public let root: String

    public init(_ root: String) { self.root = root }

    public var controlDatabase: String { root + "/control.sqlite" }
    public var audienceDatabase: String { root + "/audience.sqlite" }
    public var eventDatabase: String { root + "/events.sqlite" }
    public var secretKey: String { root + "/secret.key" }
    /// Held by the one process that delivers what follows runs.
    public var outbox: String { root + "/outbox" }
    /// OpenPGP keys, in GnuPG's form.
    public var keyRing: String { root + "/keys" }
    public var connectors: String { root + "/connectors" }
    public var connectorCache: String { root + "/cache/connectors.json" }
    /// Directories of the account's own file server.
    public var files: String { root + "/files" }
    /// A user's own list of top-level domains, in place of the one that came with the program.
    public var topLevelDomains: String { root + "/tlds.txt" }

    public func run(_ id: RunID) -> String { root + "/runs/\(id)" }
    /// Held by whoever starts a run of the job, until its worker holds the run itself.
    public func start(of job: JobID) -> String { root + "/runs/.start-\(job)" }
    public func groupRun(_ id: GroupRunID) -> String { root + "/runs/.group-\(id)" }
    /// Held by the server of this home.
    public var server: String { root + "/serve" }
    public func runLog(_ id: RunID) -> String { run(id) + "/log.jsonl" }
    /// `part` is given for a second file of a run.
    public func rejects(_ id: RunID, part: String? = nil) -> String { run(id) + (part.map { "/rejects-\($0).csv" } ?? "/rejects.csv") }
    public func work(_ id: RunID) -> String { run(id) + "/work" }

    public var isInitialised: Bool { FileManager.default.fileExists(atPath: controlDatabase) }
}

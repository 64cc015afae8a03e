public import ConnectModel

/// Servers, jobs, runs and encrypted secrets: what the host knows, apart from people. Any thread. All throw `ConnectError`.
///
/// Every change of settings, servers and jobs writes its `AuditLog` entry in the same transaction.
public protocol ControlStore: OutboxStore, SettingStore, AuditLog, SchedulingStore, GroupStore, SelectionStore {
    /// Everything `body` does with this store, on its own thread, becomes one transaction; an error undoes it all.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value

    func servers() throws -> [FileServer]
    func server(named name: String) throws -> FileServer?
    /// Adds the server or takes the place of the one with its name.
    func save(_ server: FileServer) throws
    /// Removes the server and its secrets.
    func removeServer(named name: String) throws

    func capabilities() throws -> AccountCapabilities
    func save(_ capabilities: AccountCapabilities) throws

    /// Sealed bytes as `setSealedSecret` got them; this store never sees the secret itself.
    func sealedSecret(_ name: SecretName) throws -> SealedSecret?
    /// Throws `secret.rotated` and changes nothing when secrets are kept under another key than this one's by now.
    func setSealedSecret(_ sealed: SealedSecret, _ name: SecretName) throws
    /// Every secret's name with the key it is sealed under.
    func sealedSecrets() throws -> [(name: SecretName, key: String)]
    /// Seals every secret anew in one transaction, which also makes `key` the one that all later ones must come under. Returns how many.
    func resealSecrets(key: String, _ reseal: (SecretName, SealedSecret) throws -> SealedSecret) throws -> Int

    func jobs() throws -> [Job]
    /// The part of the jobs that is asked for, in its order; the others are not read. `interrupted`: unfinished runs that nobody is at any more,
    /// whatever is written down about them.
    func jobs(_ query: JobQuery, interrupted: [RunID]) throws -> [JobListing]
    /// Jobs in whose definition the text stands, without reading the others; a hint, to be looked at.
    func jobs(mentioning text: String) throws -> [Job]
    func job(named name: String) throws -> Job?
    func job(_ id: JobID) throws -> Job?
    /// Adds a job under a new id.
    func addJob(name: String, kind: String, description: String, definition: [String: JSONValue], active: Bool) throws -> Job
    func update(_ job: Job) throws
    /// Runs and their logs stay.
    func removeJob(_ id: JobID) throws

    /// What a job of a connector's kind keeps from run to run, as JSON; gone with the job.
    func jobState(_ job: JobID, _ key: String) throws -> String?
    /// Durable on return.
    func setJobState(_ job: JobID, _ key: String, _ json: String) throws
    /// The account's settings of a connector (`x-scope`), by its id; empty when none are set.
    func profile(ofConnector id: String) throws -> [String: JSONValue]
    func save(profile: [String: JSONValue], ofConnector id: String) throws

    /// A new queued run with the job's definition frozen. Throws `run.active` when the job has an unfinished one (SCH-5).
    func createRun(of job: Job, family: RunFamily, origin: RunOrigin, atUnixMilliseconds now: Int64) throws -> Run
    func run(_ id: RunID) throws -> Run?
    /// Newest first.
    func runs(job: JobID?, limit: Int) throws -> [Run]
    /// Newest first, those with a number below `number`.
    func runs(before number: Int64, limit: Int) throws -> [Run]
    func unfinishedRuns() throws -> [Run]
    /// Those with the status, which are not decoded.
    func unfinishedRuns(_ status: RunStatus) throws -> [RunID]
    func unfinishedRun(of job: JobID) throws -> RunID?
    /// Takes an unfinished run up: epoch + 1, status running. Throws `run.finished` when there is nothing left to do.
    func claim(_ id: RunID, atUnixMilliseconds now: Int64) throws -> Run
    /// Writes the run down if it is still of this epoch and in state `from`; throws `run.stale` otherwise and changes nothing.
    /// An export that becomes `finished` and has succeeded moves its job's watermark in the same transaction (EXP-2).
    /// A run that becomes `finished` brings its outbox messages (`FollowUpPlan`) in the same transaction (ACT-1 to ACT-3).
    func advance(_ run: Run, from state: RunState) throws
    /// Marks a run whose worker is gone; only if it is still of this epoch and unfinished.
    func markInterrupted(_ id: RunID, epoch: Int64) throws
}

/// Whose secret, and which: ("server/partner", "password").
public struct SecretName: Sendable, Hashable {
    public var owner: String
    public var key: String

    public init(owner: String, key: String) {
        self.owner = owner
        self.key = key
    }

    public static func connector(_ id: String, _ key: String) -> SecretName { SecretName(owner: "connector/\(id)", key: key) }
    public static func hook(_ name: String, _ key: String) -> SecretName { SecretName(owner: "hook/\(name)", key: key) }
    public static func setting(_ name: String, _ key: String) -> SecretName { SecretName(owner: "setting/\(name)", key: key) }
    public static func passphrase(ofKey fingerprint: String) -> SecretName { SecretName(owner: "key/\(fingerprint)", key: "passphrase") }
    public static func server(_ name: String, _ key: String) -> SecretName { SecretName(owner: "server/\(name)", key: key) }
}

/// A secret as it lies in the store.
public struct SealedSecret: Sendable, Equatable {
    /// Names the key, and tells nothing of it; empty for secrets of before keys had names.
    public var key: String
    public var bytes: [UInt8]

    public init(key: String, bytes: [UInt8]) {
        self.key = key
        self.bytes = bytes
    }
}

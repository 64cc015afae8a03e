public import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Takes one run of a job that a connector does from wherever it stands to its end.
///
/// What the job does by itself is its own to make repeatable; what it has the host do (`JobServices.perform`) goes through the states of an import,
/// so that a second attempt with the same plan goes on where the first was cut off (Docs/run-states.md).
public struct ProvidedRun: RunExecutor {
    private let environment: RunEnvironment
    private let job: any ProvidedJob

    public init(_ environment: RunEnvironment) throws {
        guard let job = environment.providedJob else { throw ConnectError("worker.request", .internal, "No connector was named for the run.") }
        self.environment = environment
        self.job = job
    }

    public func execute(_ id: RunID) throws -> Run {
        let run = try environment.control.claim(id, atUnixMilliseconds: environment.clock())
        if run.epoch > 1 {
            environment.reporter.log(.warning, "Attempt \(run.epoch): the one before was interrupted in state \(run.state).")
        }
        Failpoint.hit("run.claimed")
        let services = RunServices(environment, run)
        guard services.isUnfinished else { return try services.finish(nil) }
        guard run.state != ConnectorRunState.running.state || job.isIdempotent else { return try services.finish(notRepeatable) }
        do {
            try services.begin()
            services.keep(result: try job.run(services))
            return try services.finish(nil)
        } catch let error as ConnectError where error.code != "run.stale" {
            return try services.finish(error)
        }
    }

    private var notRepeatable: ConnectError {
        ConnectError(
            "run.interrupted", .internal, "The run was cut off, and its connector does not say that it may be begun again.",
            remedy: "Look at what it has done, then start a new run.")
    }
}

/// The services of one run over the host's own parts.
final class RunServices: JobServices {
    private let environment: RunEnvironment
    private var current: Run
    private var rejects: RejectsWriter?
    private var counters: [String: Int64] = [:]
    /// What a service has told the job; the job passes on no more than a status.
    private var served: ConnectError?
    private var hasPerformed = false

    init(_ environment: RunEnvironment, _ run: Run) {
        self.environment = environment
        current = run
    }

    var run: RunID { current.id }
    let isDryRun = false
    var workDirectory: String { environment.home.work(run) }

    func transport(to server: String) throws -> any Transport { try noted { try environment.transport(to: server) } }

    func state(_ key: String) throws -> String? { try noted { try environment.control.jobState(run.job, key) } }
    func setState(_ key: String, _ json: String) throws { try noted { try environment.control.setJobState(run.job, key, json) } }

    func count(_ counter: String, _ add: Int64) { counters[counter, default: 0] += add }

    func reject(row: Int64, code: String, message: String, json: String?) throws {
        try noted {
            if rejects == nil { rejects = try RejectsWriter(path: environment.home.rejects(run)) }
            try rejects?.write(line: row, code: code, message: message, raw: json ?? "")
        }
    }

    func perform(_ plan: JobPlan) throws -> JSONValue {
        try noted {
            guard !hasPerformed else { throw ConnectError("job.performed", .internal, "A run carries one plan out, and this one asked for another.") }
            hasPerformed = true
            let kind = try JobKindRegistry().kind(plan.kind)
            let problems = JobSchema(kind).problems(in: plan.definition).filter { $0.severity == .error }
            guard problems.isEmpty else {
                throw ConnectError(
                    "job.plan", .configuration, "The job's settings do not make a \(plan.kind): \(problems.map(\.message).joined(separator: " "))")
            }
            guard let kind = kind as? any ImportKind, kind.family == current.family else {
                throw ConnectError(
                    "job.plan", .internal, "The job's connector does not say that it imports, but planned a \(plan.kind) (CH_JF_IMPORT).")
            }
            try ImportRun(environment, kind: kind).proceed(&current, by: plan.definition, to: .archived)
            if let failure = current.failure { throw failure.error }
            return try JSONValue(encoding: current.records)
        }
    }

    func deliverEvents(_ request: JSONValue) throws -> JSONValue {
        try noted {
            let feed = try EventFeed(try EventFeedRequest(request), environment, run: run, workDirectory: workDirectory)
            defer { current.warnings += feed.warnings }
            let result = try feed.deliver()
            current.records.read += result.files.reduce(0) { $0 + $1.events }
            return try JSONValue(encoding: result)
        }
    }

    /// Remembers the error in its own words.
    private func noted<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            served = error as? ConnectError
            throw error
        }
    }

    /// Whether the connector has something left to do.
    var isUnfinished: Bool { current.state != ImportRunState.archived.state }

    /// Writes down that the connector is about to be asked.
    func begin() throws {
        guard current.family == .connector else { return }
        var next = current
        next.state = ConnectorRunState.running.state
        try environment.control.advance(next, from: current.state)
        current = next
    }

    func keep(result: JSONValue) { current.result = result }

    /// Writes the end of the run down. What failed within a service is told as the service told it.
    func finish(_ failure: ConnectError?) throws -> Run {
        guard current.state != .finished else { return current }
        let error = failure.map { told in served ?? told }
        if current.failure == nil { current.failure = error.map(RunFailure.init) }
        if let error, !hasPerformed { environment.reporter.log(.error, error.description, ["code": error.code]) }
        try takeCounters()
        try ImportRun(environment).close(&current)
        // Scratch files of a run that has ended are of no use.
        try? FileManager.default.removeItem(atPath: workDirectory)
        return current
    }

    /// Counters with the names of the run's own counts become those; others are told in the log.
    private func takeCounters() throws {
        if let rejects {
            try rejects.finish()
            current.records.rejected += rejects.total
            current.rejectedByReason.merge(rejects.connectorCounts) { $0 + $1 }
        }
        current.records.read += counters.removeValue(forKey: "rows.read") ?? 0
        current.records.inserted += counters.removeValue(forKey: "rows.sent") ?? 0
        if rejects == nil { current.records.rejected += counters.removeValue(forKey: "rows.rejected") ?? 0 }
        counters["rows.rejected"] = nil
        for (name, value) in counters.sorted(by: { $0.key < $1.key }) { environment.reporter.log(.info, "Counted \(name): \(value).") }
    }
}

extension JSONValue {
    init(encoding value: some Encodable) throws { self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) }
}

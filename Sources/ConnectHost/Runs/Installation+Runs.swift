public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

extension Installation {
    /// Runs a job now and waits for its end; an earlier run of it that was interrupted is finished first. `isScheduled`: the start is one of a
    /// schedule that something other than the server keeps (cron, a timer), and not out of turn.
    public func runJob(
        _ name: String, isScheduled: Bool = false, stop: @escaping @Sendable () -> Bool, onStart: (Run) -> Void,
        onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> Run {
        let job = try runnableJob(name, isScheduled: isScheduled)
        // What waits for this run's end in a server, a start or a message, goes on at once.
        defer { notifyServer() }
        return try starting(job, stop: stop, onMessage: onMessage) { run in
            onStart(run)
            return try perform(run, stop: stop, onMessage: onMessage)
        }
    }

    /// Starts a run and returns once its worker has taken it up.
    public func detachJob(_ name: String) throws -> Run {
        try starting(try runnableJob(name), stop: { false }, onMessage: { _ in }) { run in
            do {
                try workers.detach(try request(for: run, isDetached: true))
            } catch let error as ConnectError {
                return try end(run, with: error)
            }
            for _ in 0..<1200 where !RunLock.isHeld(directory: home.run(run.id)) {
                if try control.run(run.id)?.status.isFinal ?? true { break }
                usleep(25_000)
            }
            return run
        }
    }

    /// Stays with the worker of a run that somebody has detached, and writes down how it ended where the worker itself could not. Not for people: a process
    /// of its own that is given the worker's request.
    public func attend(_ request: WorkerRequest) throws {
        guard case .run(let id) = request.task, let run = try control.run(id) else { return }
        defer { notifyServer() }
        do {
            _ = try perform(run, by: { request }, stop: { false }, onMessage: { _ in })
        } catch let error as ConnectError where error.code == "run.active" {
            // Another worker is on it.
        }
    }

    /// Finishes or redoes every run that was interrupted (IMP-17); runs that go on, or are being started, are left alone.
    @discardableResult
    public func recoverRuns(stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void) throws -> [Run] {
        try control.unfinishedRuns().compactMap { run in
            guard let start = try RunLock.acquire(directory: home.start(of: run.id.job)) else { return nil }
            return try withExtendedLifetime(start) { try recover(run.id, stop: stop, onMessage: onMessage) }
        }
    }

    /// Takes a queued or interrupted run to its end, for the server and for groups. Nil when another process is on it, or about to be.
    func performQueued(
        _ id: RunID, isDetached: Bool, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> Run? {
        guard let start = try RunLock.acquire(directory: home.start(of: id.job)) else { return nil }
        return try withExtendedLifetime(start) {
            guard !RunLock.isHeld(directory: home.run(id)) else { return nil }
            guard let run = try control.run(id), !run.status.isFinal else { return try control.run(id) }
            return try perform(run, isDetached: isDetached, stop: stop, onMessage: onMessage)
        }
    }

    /// Nil when there is nothing to recover. Whoever calls it holds the start of the run's job: nobody else is about to begin one.
    private func recover(_ id: RunID, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void) throws -> Run? {
        guard !RunLock.isHeld(directory: home.run(id)), let run = try control.run(id), run.state != .finished else { return nil }
        return try perform(run, stop: stop, onMessage: onMessage)
    }

    /// A new run of the job for `body` to perform, while nobody else can begin or recover one of it.
    private func starting(
        _ job: Job, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void, _ body: (Run) throws -> Run
    ) throws -> Run {
        guard let start = try RunLock.acquire(directory: home.start(of: job.id)) else { throw try activeError(job) }
        return try withExtendedLifetime(start) {
            for earlier in try control.unfinishedRuns() where earlier.id.job == job.id {
                guard let run = try recover(earlier.id, stop: stop, onMessage: onMessage), !run.status.isFinal else { continue }
                throw ConnectError(
                    "run.interrupted", run.failure?.category ?? .internal,
                    "Run \(run.id) of job \"\(job.name)\" was interrupted and could not be brought to its end: \(run.failure?.message ?? "no reason is known")",
                    remedy:
                        "The next start tries it again. `connecthost runs log \(run.id)` has what happened; `connecthost runs stop \(run.id)` gives it up."
                )
            }
            return try body(try createRun(of: job, origin: .manual))
        }
    }

    private func activeError(_ job: Job) throws -> ConnectError {
        guard let run = try control.unfinishedRuns().first(where: { $0.id.job == job.id }) else {
            return ConnectError("run.active", .configuration, "Job \"\(job.name)\" is just being started.", remedy: "Wait for that run.")
        }
        return ConnectError(
            "run.active", .configuration, "Job \"\(job.name)\" is running already, as run \(run.id).",
            remedy: "Wait for it, or stop it with `connecthost runs stop \(run.id)`.")
    }

    /// A detached worker goes on when this process ends.
    private func perform(
        _ run: Run, isDetached: Bool = false, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> Run {
        try perform(run, by: { try request(for: run, isDetached: isDetached) }, stop: stop, onMessage: onMessage)
    }

    private func perform(
        _ run: Run, by request: () throws -> WorkerRequest, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> Run {
        do {
            let result = try workers.perform(try request(), stop: stop, onMessage: onMessage)
            guard case .run(let finished) = result else {
                throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
            }
            return finished
        } catch let error as ConnectError where error.code == "run.active" {
            // Another worker is on it; what becomes of the run is that one's to say.
            throw error
        } catch let error as ConnectError where error.code == "worker.died" {
            return try bury(run, error)
        } catch let error as ConnectError {
            // The worker never began: the run has nothing to undo and ends here.
            return try end(run, with: error)
        }
    }

    /// A worker died. What it had begun is finished or redone by the next attempt; the run says so until then.
    private func bury(_ run: Run, _ error: ConnectError) throws -> Run {
        guard var current = try control.run(run.id) else { return run }
        try appendLog(run.id, .error, error.description)
        if current.state == .finished { return current }
        try control.markInterrupted(run.id, epoch: current.epoch)
        // A worker that died at its third attempt dies of the run itself: a connector's defect, say.
        if current.epoch >= 3, try hasChangedNothing(current) { return try end(current, with: error) }
        current = try control.run(run.id) ?? current
        current.failure = RunFailure(error)
        return current
    }

    /// Whether the run can end where it stands because nobody else has seen anything of it.
    func hasChangedNothing(_ run: Run) throws -> Bool {
        switch run.family.machine.effect(of: run.state) {
        case .none: true
        case .askLedger: try audience.appliedLoad(run: run.id) == nil
        case .askServer, .askConnector, .made: false
        }
    }

    /// Ends a run that has changed nothing; any other stays interrupted, for the next attempt to bring to its end.
    func end(_ run: Run, with error: ConnectError) throws -> Run {
        guard var current = try control.run(run.id), current.state != .finished else { return try control.run(run.id) ?? run }
        guard try hasChangedNothing(current) else {
            try control.markInterrupted(run.id, epoch: current.epoch)
            current = try control.run(run.id) ?? current
            current.failure = RunFailure(error)
            return current
        }
        let state = current.state
        current.state = .finished
        current.status = error.category == .cancelled ? .cancelled : .failed
        current.failure = RunFailure(error)
        current.finishedAtUnixMilliseconds = clock()
        try control.advance(current, from: state)
        return current
    }

    private func request(for run: Run, isDetached: Bool) throws -> WorkerRequest {
        WorkerRequest(
            home: home.root, task: .run(run.id), connections: try connections(run.kind, run.definition), isDetached: isDetached,
            limits: WorkerLimits(definition: run.definition), job: try jobConnection(run.kind, run.definition),
            passphrases: try passphrases(run.kind, run.definition))
    }

    /// To every server that a job of this kind and definition needs.
    private func connections(_ kind: String, _ definition: [String: JSONValue]) throws -> [ServerConnection] {
        let needs = try kinds.kind(kind).needs(of: definition)
        return try needs.servers.map { try connection(to: $0, jobSettings: needs.settings[$0] ?? [:]) }
    }

    /// Of the key ring's private keys, if a job of this kind and definition may use one.
    private func passphrases(_ kind: String, _ definition: [String: JSONValue]) throws -> [String: String] {
        try kinds.kind(kind).needs(of: definition).privateKeys ? try passphrases().mapValues { $0.reveal() } : [:]
    }

    func runnableJob(_ name: String, isScheduled: Bool = false) throws -> Job {
        let job = try existingJob(name)
        guard job.active else {
            throw ConnectError(
                "job.inactive", .configuration, "Job \"\(job.name)\" is not active.",
                remedy: "Activate it with `connecthost jobs activate \"\(job.name)\"`.")
        }
        if let expired = expiry(of: job) {
            throw ConnectError(
                "job.expired", .configuration, expired,
                remedy: "Set a later schedule.until, or take it out, with `connecthost jobs edit \"\(job.name)\"`.")
        }
        let kind = try kinds.kind(job.kind)
        guard kind.allows.runNow || isScheduled else {
            throw ConnectError(
                "job.no-run-now", .configuration, "\(kind.title) jobs cannot be run out of turn.",
                remedy: "Job \"\(job.name)\" starts by its schedule.")
        }
        return job
    }

    /// Why the job starts no more, by itself or otherwise, when its day of expiry is over.
    func expiry(of job: Job) -> String? {
        let schedule = Schedule(definition: job.definition)
        guard schedule.isExpired(at: nowSeconds), let until = schedule.until else { return nil }
        return "Job \"\(job.name)\" expired at the end of \(until) (\(schedule.zone))."
    }

    public func existingJob(_ name: String) throws -> Job {
        if let job = try control.job(named: name) { return job }
        if let number = Int64(name), let job = try control.job(JobID(number)) { return job }
        let names = try control.jobs().map(\.name)
        let close = Similarity.closest(to: name, among: names)
        throw ConnectError(
            "job.missing", .configuration, "There is no job \"\(name)\".",
            remedy: close.map { "Did you mean \"\($0)\"?" } ?? "`connecthost jobs list` shows what there is.")
    }

    /// What a run of the job would do, with nothing written (IMP-18). `onMessage` gets log lines and progress.
    public func previewJob(_ name: String, rows: Int, onMessage: @escaping (WorkerMessage) -> Void) throws -> JobPreview {
        let job = try planned(try existingJob(name))
        let request = WorkerRequest(
            home: home.root, task: .preview(job: job, rows: rows), connections: try connections(job.kind, job.definition),
            passphrases: try passphrases(job.kind, job.definition))
        guard case .preview(let preview) = try workers.perform(request, onMessage: onMessage) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return preview
    }

    /// Copies files between a server and this machine through the server's connector.
    public func transfer(_ task: TransferTask, server: String) throws -> TransferTotal {
        let request = WorkerRequest(home: home.root, task: .transfer(task), connections: [try connection(to: server)])
        guard case .transferred(let total) = try workers.perform(request, onMessage: { _ in }) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return total
    }

    public func deleteJob(_ name: String) throws {
        let job = try existingJob(name)
        if let run = try control.unfinishedRuns().first(where: { $0.id.job == job.id }) {
            throw ConnectError(
                "job.running", .configuration, "Job \"\(job.name)\" has run \(run.id), which has not ended.",
                remedy: "Wait for it or stop it with `connecthost runs stop \(run.id)`.")
        }
        if let group = try control.group(of: job.id) {
            throw ConnectError(
                "job.grouped", .configuration, "Job \"\(job.name)\" is in group \"\(group.name)\".",
                remedy: "Take it out of the group first with `connecthost groups edit`, or delete the group.")
        }
        try control.removeJob(job.id)
        notifyServer()
    }
}

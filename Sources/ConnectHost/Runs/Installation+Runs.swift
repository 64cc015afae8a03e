public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

extension Installation {
    /// Runs a job now and waits for its end; an earlier run of it that was interrupted is finished first.
    public func runJob(
        _ name: String, stop: @escaping @Sendable () -> Bool, onStart: (Run) -> Void, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> Run {
        let job = try runnableJob(name)
        try recoverRuns(of: job.id, stop: stop, onMessage: onMessage)
        let run = try control.createRun(of: job, trigger: "manual", atUnixMilliseconds: clock())
        onStart(run)
        return try perform(run, stop: stop, onMessage: onMessage)
    }

    /// Starts a run and returns at once.
    public func detachJob(_ name: String) throws -> Run {
        let job = try runnableJob(name)
        try recoverRuns(of: job.id, stop: { false }, onMessage: { _ in })
        let run = try control.createRun(of: job, trigger: "manual", atUnixMilliseconds: clock())
        _ = try workers.detach(try request(for: run, isDetached: true))
        return run
    }

    /// Finishes or redoes every run that was interrupted (IMP-17); runs with a living worker are left alone.
    @discardableResult
    public func recoverRuns(
        of job: JobID? = nil, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> [Run] {
        try control.unfinishedRuns()
            .filter { (job == nil || $0.id.job == job) && RunLock.holder(directory: home.run($0.id)) == nil }
            .map { try perform($0, stop: stop, onMessage: onMessage) }
    }

    private func perform(_ run: Run, stop: @escaping @Sendable () -> Bool, onMessage: @escaping (WorkerMessage) -> Void) throws -> Run {
        do {
            let result = try workers.perform(try request(for: run, isDetached: false), stop: stop, onMessage: onMessage)
            guard case .run(let finished) = result else {
                throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
            }
            return finished
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
        // A worker that died at its third attempt dies of the run itself: a connector's defect, say. Nothing has been applied.
        if current.epoch >= 3, current.state == .queued || current.state == .selected, try audience.appliedLoad(run: run.id) == nil {
            return try end(current, with: error)
        }
        current = try control.run(run.id) ?? current
        current.failure = RunFailure(error)
        return current
    }

    private func end(_ run: Run, with error: ConnectError) throws -> Run {
        guard var current = try control.run(run.id), current.state == .queued || current.state == .selected else { return run }
        let state = current.state
        current.state = .finished
        current.status = error.category == .cancelled ? .cancelled : .failed
        current.failure = RunFailure(error)
        current.finishedAtUnixMilliseconds = clock()
        try control.advance(current, from: state)
        return current
    }

    private func request(for run: Run, isDetached: Bool) throws -> WorkerRequest {
        let server = run.definition["file"]?["server"]?.stringValue ?? FileServer.embeddedName
        return WorkerRequest(home: home.root, task: .run(run.id), connections: [try connection(to: server)], isDetached: isDetached,
            limits: WorkerLimits(definition: run.definition))
    }

    private func runnableJob(_ name: String) throws -> Job {
        let job = try existingJob(name)
        guard job.active else {
            throw ConnectError(
                "job.inactive", .configuration, "Job \"\(job.name)\" is not active.", remedy: "Set `active: true` in its file and apply it.")
        }
        return job
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
    public func previewJob(_ name: String, rows: Int, onMessage: @escaping (WorkerMessage) -> Void) throws -> ImportPreview {
        let job = try existingJob(name)
        let server = job.definition["file"]?["server"]?.stringValue ?? FileServer.embeddedName
        let request = WorkerRequest(home: home.root, task: .preview(job: job, rows: rows), connections: [try connection(to: server)])
        guard case .preview(let preview) = try workers.perform(request, onMessage: onMessage) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return preview
    }

    /// Copies one file between a server and this machine through the server's connector; returns its bytes.
    public func transfer(server: String, upload: Bool, remote: String, local: String) throws -> Int64 {
        let request = WorkerRequest(
            home: home.root, task: .transfer(upload: upload, remote: remote, local: local), connections: [try connection(to: server)])
        guard case .transferred(let bytes) = try workers.perform(request, onMessage: { _ in }) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return bytes
    }

    public func deleteJob(_ name: String) throws {
        let job = try existingJob(name)
        if let run = try control.unfinishedRuns().first(where: { $0.id.job == job.id }) {
            throw ConnectError(
                "job.running", .configuration, "Job \"\(job.name)\" has run \(run.id), which has not ended.",
                remedy: "Wait for it or stop it with `connecthost runs stop \(run.id)`.")
        }
        try control.removeJob(job.id)
    }
}

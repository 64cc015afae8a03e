public import ConnectModel
import Foundation
public import RunEngine
import StoreAPI

extension Installation {
    public func existingRun(_ text: String) throws -> Run {
        guard let id = RunID(text) else {
            throw ConnectError("run.name", .configuration, "\"\(text)\" is not a run; runs are written JobID.RunID, like 3.17.")
        }
        guard let run = try control.run(id) else {
            throw ConnectError("run.missing", .configuration, "There is no run \(id).", remedy: "`connecthost runs list` shows what there is.")
        }
        return seenAlive(run)
    }

    /// Newest first.
    public func runs(job: String?, limit: Int) throws -> [Run] {
        try control.runs(job: try job.map { try existingJob($0).id }, limit: limit).map(seenAlive)
    }

    /// A run that says it is running and whose worker is gone was interrupted, whether or not somebody has written that down.
    func seenAlive(_ run: Run) -> Run {
        guard run.status == .running, RunLock.holder(directory: home.run(run.id)) == nil else { return run }
        var seen = run
        seen.status = .interrupted
        return seen
    }

    public func log(of run: RunID) throws -> [LogLine] { try RunLogFile.lines(path: home.runLog(run)) }

    public func logTail(of run: RunID) -> RunLogTail { RunLogTail(path: home.runLog(run)) }

    /// Path of the rejects file, or nil when the run has none.
    public func rejectsFile(of run: RunID) -> String? {
        FileManager.default.fileExists(atPath: home.rejects(run)) ? home.rejects(run) : nil
    }

    /// Stops a run: asks its worker, then makes it. What has been committed stays; nothing is left half done.
    public func stopRun(_ text: String) throws -> Run {
        let run = try existingRun(text)
        guard !run.status.isFinal else {
            throw ConnectError("run.finished", .configuration, "Run \(run.id) has ended already: \(run.status.rawValue).")
        }
        try control.note(.stop, "run/\(run.id)", before: .object(["job": .string(run.jobName), "status": .string(run.status.rawValue)]), after: nil)
        let wasInterrupted = RunLock.holder(directory: home.run(run.id)) == nil
        defer { notifyServer() }
        for signal in [SIGTERM, SIGKILL] {
            guard let worker = RunLock.holder(directory: home.run(run.id)) else { break }
            kill(worker, signal)
            for _ in 0..<200 where RunLock.holder(directory: home.run(run.id)) != nil { usleep(50_000) }
        }
        guard let current = try control.run(run.id), current.state != .finished else { return try existingRun(text) }
        // Killed before it could say so. What others have seen of it is finished by the next attempt, unless a person gives the run up.
        if try hasChangedNothing(current)
            || (wasInterrupted && [.askServer, .askConnector].contains(current.family.machine.effect(of: current.state)))
        {
            try giveUp(current)
        }
        return try existingRun(text)
    }

    private func giveUp(_ run: Run) throws {
        var ended = run
        ended.state = .finished
        ended.status = .cancelled
        ended.failure = RunFailure(Cancellation.error)
        if run.family.machine.effect(of: run.state) == .askServer {
            ended.warnings.append(
                "The run was given up in state \(run.state): its file may stand on the server; the next run exports the same records again.")
        }
        if run.family.machine.effect(of: run.state) == .askConnector {
            ended.warnings.append("The run was given up while its connector was at work; what that had done stays.")
        }
        ended.finishedAtUnixMilliseconds = clock()
        try control.advance(ended, from: run.state)
    }

    func appendLog(_ run: RunID, _ level: LogLine.Level, _ message: String) throws {
        let log = try RunLogFile(path: home.runLog(run), redaction: Redaction(secrets: []))
        log.append(LogLine(atUnixMilliseconds: clock(), level: level, message: message))
    }
}

public import ConnectModel
import RunEngine
import StoreAPI

/// One line of "All jobs" (guide §8.1).
public struct JobSummary: Sendable {
    public var job: Job
    public var group: String?
    /// The run that has not ended.
    public var running: Run?
    public var schedule: Schedule
    public var next: ScheduledStart?
    public var previous: Run?
}

extension Installation {
    /// The part of the jobs that is asked for, in its order.
    public func jobs(_ query: JobQuery) throws -> [JobSummary] { try jobPage(query).jobs }

    /// Also says whether others follow.
    public func jobPage(_ query: JobQuery) throws -> (jobs: [JobSummary], hasMore: Bool) {
        var query = query
        let limit = query.limit ?? .max
        query.limit = query.limit.map { $0 < .max ? $0 + 1 : $0 }
        // Who is alive is asked only where it decides which jobs these are.
        let interrupted = query.lastStatus == nil && query.order != .status ? [] : try interruptedRuns()
        let found = try control.jobs(query, interrupted: interrupted)
        return (found.prefix(limit).map(summary), found.count > limit)
    }

    /// Runs that are said to be running and whose worker is gone.
    private func interruptedRuns() throws -> [RunID] {
        try control.unfinishedRuns(.running).filter { RunLock.holder(directory: home.run($0)) == nil }
    }

    private func summary(_ listing: JobListing) -> JobSummary {
        let run = listing.lastRun.map(seenAlive)
        return JobSummary(
            job: listing.job, group: listing.group, running: run.flatMap { $0.status.isFinal ? nil : $0 },
            schedule: Schedule(definition: listing.job.definition), next: listing.next, previous: run)
    }
}

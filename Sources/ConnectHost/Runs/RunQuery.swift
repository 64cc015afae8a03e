public import ConnectModel
import StoreAPI

/// Which runs to list, and in which order (MGT-3).
public struct RunQuery: Sendable {
    public enum Order: String, Sendable, CaseIterable {
        case newest, oldest, job, duration, status, rejected
    }

    public var job: String?
    /// Name of the group that ran them.
    public var group: String?
    public var kind: String?
    public var status: RunStatus?
    public var trigger: String?
    /// Any part of the job's name or of the source's path, whatever its case.
    public var text: String?
    /// Created at or after, in milliseconds since 1970.
    public var since: Int64?
    /// How many of the newest that fit are left out.
    public var offset = 0
    public var limit = 20
    public var order = Order.newest
    public init() {}
}

extension Installation {
    /// The newest runs that fit, in the order asked for.
    public func runs(_ query: RunQuery) throws -> [Run] { try runPage(query).runs }

    /// Also says whether there are older ones.
    public func runPage(_ query: RunQuery) throws -> (runs: [Run], hasMore: Bool) {
        let job = try query.job.map { try existingJob($0).id }
        let group = try query.group.map { try existingGroup($0).id }
        var found: [Run] = []
        var left = query.offset
        var before = Int64.max
        while found.count <= query.limit {
            let page = try control.runs(before: before, limit: 500)
            for run in page.map(seenAlive) where found.count <= query.limit && query.matches(run, job: job, group: group) {
                if left > 0 { left -= 1 } else { found.append(run) }
            }
            guard let last = page.last, page.count == 500, query.since.map({ last.createdAtUnixMilliseconds >= $0 }) ?? true else { break }
            before = last.id.number
        }
        return (query.sorted(Array(found.prefix(query.limit))), found.count > query.limit)
    }
}

extension RunQuery {
    func matches(_ run: Run, job: JobID?, group: GroupID?) -> Bool {
        if let job, run.id.job != job { return false }
        if let group, run.group?.group != group { return false }
        if let kind, run.kind != kind { return false }
        if let status, run.status != status { return false }
        if let trigger, run.trigger != trigger { return false }
        if let since, run.createdAtUnixMilliseconds < since { return false }
        guard let text = text?.lowercased() else { return true }
        return run.jobName.lowercased().contains(text) || (run.source?.path.lowercased().contains(text) ?? false)
    }

    func sorted(_ runs: [Run]) -> [Run] {
        switch order {
        case .newest: runs
        case .oldest: runs.reversed()
        case .job: runs.sorted { ($0.jobName, $1.id.number) < ($1.jobName, $0.id.number) }
        case .duration: runs.sorted { Self.duration($0) > Self.duration($1) }
        case .status: runs.sorted { ($0.status.rawValue, $1.id.number) < ($1.status.rawValue, $0.id.number) }
        case .rejected: runs.sorted { $0.records.rejected > $1.records.rejected }
        }
    }

    private static func duration(_ run: Run) -> Int64 {
        guard let start = run.startedAtUnixMilliseconds else { return 0 }
        return (run.finishedAtUnixMilliseconds ?? start) - start
    }
}

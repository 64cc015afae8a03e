public import ConnectModel
import RunEngine
import StoreAPI

/// One line of "Groups" (guide §8.5).
public struct GroupSummary: Sendable {
    public var group: JobGroup
    public var jobNames: [String]
    public var schedule: Schedule
    public var running: GroupRun?
    public var next: ScheduledStart?
    public var previous: GroupRun?
}

extension Installation {
    public func groupSummaries() throws -> [GroupSummary] {
        try control.groups().map { group in
            let last = try groupRuns(group.name, limit: 1).first
            return GroupSummary(
                group: group, jobNames: try group.jobs.map { try control.job($0)?.name ?? "(deleted job \($0))" },
                schedule: Schedule(definition: group.definition),
                running: last.flatMap { $0.status.isFinal ? nil : $0 }, next: try control.due(.group(group.id))?.next, previous: last)
        }
    }

    /// Newest first. One whose process is gone is shown as interrupted.
    public func groupRuns(_ name: String?, limit: Int) throws -> [GroupRun] {
        try control.groupRuns(group: try name.map { try existingGroup($0).id }, limit: limit).map { run in
            guard run.status == .running, !RunLock.isHeld(directory: home.groupRun(run.id)) else { return run }
            var seen = run
            seen.status = .interrupted
            return seen
        }
    }

    /// Nil leaves a part as it is.
    public func editGroup(_ name: String, rename: String?, description: String?, jobs: [String]?) throws -> JobGroup {
        let old = try existingGroup(name)
        let members = try jobs ?? old.jobs.compactMap { try control.job($0)?.name }
        return try saveGroup(
            name: rename ?? old.name, description: description ?? old.description, jobs: members, definition: old.definition, active: old.active,
            replacing: old)
    }
}

public import ConnectModel
public import RunEngine
import StoreAPI

/// Whether a job may be in a group, and why not (GRP-1).
public struct GroupCandidate: Sendable {
    public var job: Job
    /// Nil: it qualifies.
    public var reason: String?
}

extension Installation {
    /// Every job with the reason for each that does not qualify. `group` is one that is being changed; its own members qualify.
    public func groupCandidates(for group: String? = nil) throws -> [GroupCandidate] {
        let id = try group.map { try existingGroup($0).id }
        return try control.jobs().map { GroupCandidate(job: $0, reason: try refusal(of: $0, in: id)) }
    }

    /// Why the job cannot be a member of the group, or nil.
    func refusal(of job: Job, in group: GroupID?) throws -> String? {
        guard let kind = try? kinds.kind(job.kind) else { return "There is no connector for its kind, \(job.kind)." }
        guard kind.allows.group else { return "\(kind.title) jobs cannot be in a group; imports can." }
        guard job.active else { return "It is not active; `connecthost jobs activate` activates it." }
        let schedule = Schedule(definition: job.definition)
        guard schedule.kind == .onDemand else { return "It starts by itself (\(schedule.text)); only jobs on demand can be in a group." }
        if let other = try control.group(of: job.id), other.id != group { return "It is in group \"\(other.name)\" already." }
        return nil
    }

    public func existingGroup(_ name: String) throws -> JobGroup {
        if let group = try control.group(named: name) { return group }
        if let number = Int64(name), let group = try control.group(GroupID(number)) { return group }
        let close = Similarity.closest(to: name, among: try control.groups().map(\.name))
        throw ConnectError(
            "group.missing", .configuration, "There is no group \"\(name)\".",
            remedy: close.map { "Did you mean \"\($0)\"?" } ?? "`connecthost groups list` shows what there is.")
    }

    /// Adds a group, or takes the place of `replacing`. Throws with every problem at once.
    public func saveGroup(
        name: String, description: String, jobs: [String], definition: [String: JSONValue], active: Bool, replacing old: JobGroup? = nil
    ) throws -> JobGroup {
        let members = try jobs.map { try existingJob($0) }
        let found = try problems(ofGroup: name, members, definition, old: old)
        guard found.isEmpty else { throw ProblemList("group.invalid", "Group \"\(name)\" cannot be saved", found).error }
        let saved = try control.transaction {
            guard var group = old else {
                let group = try control.addGroup(
                    name: name, description: description, jobs: members.map(\.id), definition: definition, active: active)
                try plan(group)
                return group
            }
            group.name = name
            group.description = description
            group.jobs = members.map(\.id)
            group.definition = definition
            group.active = active
            try control.update(group)
            try plan(group)
            return group
        }
        notifyServer()
        return saved
    }

    /// What is wrong with a group (GRP-1, GRP-4, SCH-3); fields' types were not checked before.
    func problems(ofGroup name: String, _ members: [Job], _ definition: [String: JSONValue], old: JobGroup?) throws -> [Problem] {
        var found = JobGroup.problem(withName: name).map { [Problem(path: "name", message: $0)] } ?? []
        if let other = try control.group(named: name), other.id != old?.id {
            found.append(Problem(path: "name", message: "There is a group \"\(name)\" already; names are unique."))
        }
        if members.count < 2 { found.append(Problem(path: "jobs", message: "A group has at least two jobs; this one has \(members.count).")) }
        for (id, same) in Dictionary(grouping: members, by: \.id) where same.count > 1 {
            found.append(Problem(path: "jobs", message: "Job \"\(same[0].name)\" (\(id)) stands in the group \(same.count) times."))
        }
        for job in members {
            if let reason = try refusal(of: job, in: old?.id) {
                found.append(Problem(path: "jobs", message: "Job \"\(job.name)\" cannot be in the group: \(reason)"))
            }
        }
        return found + groupDefinitionProblems(definition, old: old)
    }

    func groupDefinitionProblems(_ definition: [String: JSONValue], old: JobGroup?) -> [Problem] {
        let wrong = JobSchema(fields: GroupFields.all).problems(in: definition)
        guard wrong.isEmpty else { return wrong }
        var found = FollowUpFields.problems(in: definition) + scheduleProblems(definition, monthEndAllowed: false, old: old?.definition["schedule"])
        if Schedule(definition: definition).kind == .fileArrival {
            found.append(Problem(path: "schedule.repeat", message: "A group has no file of its own to wait for; choose another repeat."))
        }
        return found
    }

    public func setGroup(_ name: String, active: Bool) throws -> JobGroup {
        let group = try existingGroup(name)
        let names = try group.jobs.compactMap { try control.job($0)?.name }
        if active {
            let late = ScheduleRules.timeProblems(Schedule(definition: group.definition), at: nowSeconds)
            guard late.isEmpty else { throw ProblemList("group.invalid", "Group \"\(group.name)\" cannot be activated", late).error }
        }
        return try saveGroup(
            name: group.name, description: group.description, jobs: names, definition: group.definition, active: active, replacing: group)
    }

    /// Its jobs stay (GRP-4).
    public func deleteGroup(_ name: String) throws -> JobGroup {
        let group = try existingGroup(name)
        if let run = try control.unfinishedGroupRuns().first(where: { $0.id.group == group.id }) {
            throw ConnectError(
                "group.running", .configuration, "Group \"\(group.name)\" has run \(run.id), which has not ended.",
                remedy: "Wait for it or stop it with `connecthost groups stop \"\(group.name)\"`.")
        }
        try control.removeGroup(group.id)
        notifyServer()
        return group
    }

    public func existingGroupRun(_ text: String) throws -> GroupRun {
        guard let id = GroupRunID(text), let run = try control.groupRun(id) else {
            throw ConnectError(
                "run.missing", .configuration, "There is no group run \(text).", remedy: "`connecthost groups runs` shows what there is.")
        }
        return run
    }

    func createGroupRun(of group: JobGroup, origin: RunOrigin) throws -> GroupRun {
        let members = try group.jobs.map { id in
            GroupRun.Member(job: id, name: try control.job(id)?.name ?? "(deleted job \(id))")
        }
        return try control.createGroupRun(of: group, members: members, origin: origin, atUnixMilliseconds: clock())
    }
}

/// The sections of a group, in files and commands.
public enum GroupFields {
    public static let all: [JobField] = ScheduleFields.all + FollowUpFields.notification + FollowUpFields.launch
}

public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

extension Installation {
    /// Runs a group now, in this process, and returns how it went (GRP-2).
    public func runGroup(
        _ name: String, stop: @escaping @Sendable () -> Bool, onMember: (GroupRun.Member) -> Void, onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> GroupRun {
        let group = try runnableGroup(name)
        for run in try control.unfinishedGroupRuns() where run.id.group == group.id {
            guard !RunLock.isHeld(directory: home.groupRun(run.id)) else {
                throw ConnectError(
                    "group.active", .configuration, "Group \"\(group.name)\" is running already, as run \(run.id).",
                    remedy: "Wait for it, or stop it with `connecthost groups stop \"\(group.name)\"`.")
            }
            _ = try performGroup(run.id, isDetached: false, stop: stop, onMember: onMember, onMessage: onMessage)
        }
        let run = try createGroupRun(of: group, origin: .manual)
        defer { notifyServer() }
        while true {
            if let ended = try performGroup(run.id, isDetached: false, stop: stop, onMember: onMember, onMessage: onMessage) { return ended }
            // A server was faster to take it up; this command then only waits.
            if stop() { return try stopGroup(name) }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    /// Asks for a run that the server carries out.
    public func queueGroup(_ name: String) throws -> GroupRun {
        let run = try createGroupRun(of: try runnableGroup(name), origin: .manual)
        notifyServer()
        return run
    }

    private func runnableGroup(_ name: String) throws -> JobGroup {
        let group = try existingGroup(name)
        guard group.active else {
            throw ConnectError(
                "group.inactive", .configuration, "Group \"\(group.name)\" is not active.",
                remedy: "Activate it with `connecthost groups activate \"\(group.name)\"`.")
        }
        let schedule = Schedule(definition: group.definition)
        guard !schedule.isExpired(at: nowSeconds) else {
            throw ConnectError(
                "group.expired", .configuration,
                "Group \"\(group.name)\" expired at the end of \(schedule.until?.description ?? "its last day") (\(schedule.zone)).",
                remedy: "Set a later schedule.until in its file, or take it out, and apply the file.")
        }
        return group
    }

    /// Stops the member that runs, and with it the group; later members are skipped.
    public func stopGroup(_ name: String) throws -> GroupRun {
        let group = try existingGroup(name)
        guard let found = try control.unfinishedGroupRuns().first(where: { $0.id.group == group.id }) else {
            throw ConnectError("group.idle", .configuration, "Group \"\(group.name)\" is not running.")
        }
        try control.note(
            .stop, "group-run/\(found.id)", before: .object(["group": .string(group.name), "status": .string(found.status.rawValue)]), after: nil)
        let run = try changing(found.id) { $0.isStopping = true }
        if let member = run.members.first(where: { $0.status == .running })?.run, try control.run(member)?.status.isFinal == false {
            _ = try stopRun(member.description)
        }
        // Whoever carries it out sees that; when nobody does, it is ended here.
        for _ in 0..<400 {
            if let ended = try performGroup(run.id, isDetached: false, stop: { true }, onMember: { _ in }, onMessage: { _ in }) { return ended }
            if let ended = try control.groupRun(run.id), ended.status.isFinal { return ended }
            usleep(50_000)
        }
        return try control.groupRun(run.id) ?? run
    }

    /// Takes a group's run from wherever it stands to its end. Every member's start and end is written down before the next, so this may be
    /// killed anywhere and called again. Nil when another process is on it.
    func performGroup(
        _ id: GroupRunID, isDetached: Bool, stop: @escaping @Sendable () -> Bool, onMember: (GroupRun.Member) -> Void,
        onMessage: @escaping (WorkerMessage) -> Void
    ) throws -> GroupRun? {
        try performGroup(id, stop: stop, onMember: onMember) { try performQueued($0, isDetached: isDetached, stop: stop, onMessage: onMessage) }
    }

    /// `perform` takes one member's run to its end, or returns nil where another process is on it.
    func performGroup(
        _ id: GroupRunID, stop: @escaping @Sendable () -> Bool, onMember: (GroupRun.Member) -> Void, perform: (RunID) throws -> Run?
    ) throws -> GroupRun? {
        guard let lock = try RunLock.acquire(directory: home.groupRun(id)) else { return nil }
        return try withExtendedLifetime(lock) {
            while true {
                guard let run = try control.groupRun(id) else { return nil }
                switch run.nextStep {
                case .nothing: return run
                case .finish(let status): return try finishGroup(id, status)
                case .start(let index):
                    if stop() { _ = try changing(id) { $0.isStopping = true } } else { try startMember(id, index, stop) }
                case .wait(let index):
                    try carryOn(run, index, perform)
                    if let member = try control.groupRun(id)?.members[index], member.status != .running { onMember(member) }
                    // Being told to go while the member could not be ended: the next one to come carries on.
                    if stop(), try control.groupRun(id)?.members[index].status == .running { return nil }
                }
            }
        }
    }

    private func finishGroup(_ id: GroupRunID, _ status: RunStatus) throws -> GroupRun {
        try control.transaction {
            let run = try changing(id) { $0.finish(status, atUnixMilliseconds: clock()) }
            let previous = try control.groupRuns(group: id.group, limit: 2).last { $0.id != id }?.status
            let outcome = RunOutcome(run, members: try run.members.compactMap(\.run).compactMap { try control.run($0) })
            // What follows the group is written down with its end; its members launched nothing of their own (GRP-3).
            try control.enqueue(FollowUpPlan.messages(after: outcome, options: FollowUpOptions(definition: run.definition), previous: previous))
            return run
        }
    }

    /// The member's run and the group's knowledge of it are written in one transaction.
    private func startMember(_ id: GroupRunID, _ index: Int, _ stop: () -> Bool) throws {
        do {
            try control.transaction {
                _ = try changing(id) { run in
                    let member = run.members[index]
                    guard let job = try control.job(member.job) else { throw refused("The job was deleted.") }
                    guard job.active else { throw refused("The job is not active any more.") }
                    if let expired = expiry(of: job) { throw refused(expired) }
                    let started = try createRun(of: job, origin: RunOrigin("group", group: id))
                    run.members[index].run = started.id
                    run.members[index].status = .running
                    run.status = .running
                }
            }
        } catch let error as ConnectError where error.code == "run.active" {
            // Somebody runs the job by hand; the group waits for its turn.
            usleep(200_000)
        } catch let error as ConnectError where error.category == .configuration {
            _ = try changing(id) { $0.memberEnded(index, .failed, reason: error.message) }
        }
    }

    private func refused(_ reason: String) -> ConnectError { ConnectError("group.member", .configuration, reason) }

    private func carryOn(_ run: GroupRun, _ index: Int, _ perform: (RunID) throws -> Run?) throws {
        guard let number = run.members[index].run, let member = try control.run(number) else {
            _ = try changing(run.id) { $0.memberEnded(index, .failed, reason: "Its run is gone.") }
            return
        }
        var ended = member
        if !member.status.isFinal {
            guard let finished = try perform(member.id) else {
                usleep(200_000)
                return
            }
            ended = finished
        }
        // Interrupted: the next attempt is a moment away, for what killed the worker may still be there.
        guard ended.status.isFinal else { return Thread.sleep(forTimeInterval: 0.5) }
        _ = try changing(run.id) { $0.memberEnded(index, ended.status, reason: ended.failure?.message) }
    }

    /// Reads, changes and writes in one transaction: a wish to stop is never overwritten.
    private func changing(_ id: GroupRunID, _ change: (inout GroupRun) throws -> Void) throws -> GroupRun {
        try control.transaction {
            guard var run = try control.groupRun(id) else {
                throw ConnectError("run.missing", .configuration, "There is no group run \(id).")
            }
            try change(&run)
            try control.save(run)
            return run
        }
    }
}

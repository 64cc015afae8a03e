public import ConnectModel
import RunEngine
public import StoreAPI

/// Coming starts of a job or group, as `schedule next` shows them.
public struct ComingStarts: Sendable {
    public var name: String
    public var schedule: Schedule
    /// Empty when none comes any more, or nothing starts by itself.
    public var starts: [ScheduledStart]
    public var isActive: Bool
}

extension Installation {
    var nowSeconds: Int64 { clock() / 1000 }

    /// Problems of a section `schedule` (SCH-3). What depends on the time is asked only of a schedule that is not `old` already, so that applying
    /// the same file again is never refused.
    func scheduleProblems(_ definition: [String: JSONValue], monthEndAllowed: Bool, old: JSONValue?) -> [Problem] {
        let read = ScheduleDefinition(definition["schedule"])
        guard let schedule = read.schedule else { return read.problems }
        var found = read.problems + ScheduleRules.problems(schedule, monthEndAllowed: monthEndAllowed)
        if definition["schedule"] != old { found += ScheduleRules.timeProblems(schedule, at: nowSeconds) }
        if schedule.kind == .fileArrival { found += FileArrival.problems(in: definition) }
        return found
    }

    /// Writes down the job's next start, or that it has none. Called within the transaction that writes the job.
    func plan(_ job: Job) throws {
        let schedule = Schedule(definition: job.definition)
        try plan(.job(job.id), schedule, isActive: job.active)
        var seconds: Int64?
        if job.active, case .fileArrival(let every) = schedule.recurrence { seconds = every }
        try control.setWatched(job.id, everySeconds: seconds)
    }

    func plan(_ group: JobGroup) throws {
        try plan(.group(group.id), Schedule(definition: group.definition), isActive: group.active)
    }

    private func plan(_ owner: ScheduleOwner, _ schedule: Schedule, isActive: Bool) throws {
        let old = try control.due(owner)
        let seed = old?.seed ?? UInt64.random(in: .min ... .max)
        let calculator = try StartCalculator(schedule, seed: seed)
        // A start that was written down stays, if the schedule still has it: its slot may have begun, or it waits for the run before it.
        if isActive, let old, calculator.first(after: old.next.slot - 1) == old.next { return }
        guard isActive, let next = try firstFree(owner, calculator, after: nowSeconds) else { return try control.removeDue(owner) }
        try control.save(DueEntry(owner: owner, seed: seed, next: next))
    }

    /// The first start that has no record: after the clock was set back, those there were do not come again.
    func firstFree(_ owner: ScheduleOwner, _ calculator: StartCalculator, after instant: Int64) throws -> ScheduledStart? {
        var last = instant
        while let next = calculator.first(after: last) {
            guard try control.isNoted(owner, slot: next.slot) else { return next }
            last = next.slot
        }
        return nil
    }

    /// The next `count` starts of a job or a group.
    public func comingStarts(_ name: String, count: Int) throws -> ComingStarts {
        if let group = try control.group(named: name) {
            return try comingStarts(.group(group.id), group.name, group.definition, isActive: group.active, count)
        }
        let job = try existingJob(name)
        return try comingStarts(.job(job.id), job.name, job.definition, isActive: job.active, count)
    }

    private func comingStarts(
        _ owner: ScheduleOwner, _ name: String, _ definition: [String: JSONValue], isActive: Bool, _ count: Int
    ) throws -> ComingStarts {
        let schedule = Schedule(definition: definition)
        let due = try control.due(owner)
        let calculator = try StartCalculator(schedule, seed: due?.seed ?? UInt64(bitPattern: owner.number))
        var starts = due.map { [$0.next] } ?? []
        starts += calculator.starts(after: due?.next.slot ?? nowSeconds, count: max(0, count - starts.count))
        return ComingStarts(name: name, schedule: schedule, starts: Array(starts.prefix(count)), isActive: isActive)
    }

    /// What became of earlier starts, newest first.
    public func startRecords(_ name: String?, limit: Int) throws -> [StartRecord] {
        guard let name else { return try control.startRecords(of: nil, limit: limit) }
        if let group = try control.group(named: name) { return try control.startRecords(of: .group(group.id), limit: limit) }
        return try control.startRecords(of: .job(try existingJob(name).id), limit: limit)
    }
}

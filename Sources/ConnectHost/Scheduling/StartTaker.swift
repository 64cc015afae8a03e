import ConnectModel
import StoreAPI

/// Turns due starts into queued runs: each once, in the transaction that moves its owner on to the following start (SCH-4, SCH-5).
struct StartTaker {
    let host: Installation

    /// How late a start may be and still be on time: a busy host is not a host that was down.
    static let graceSeconds: Int64 = 300
    /// Starts taken in one transaction.
    static let batch = 100

    struct Taken {
        var started = 0
        var missed: Int64 = 0
        /// Of those that were on time.
        var latest: Int64 = 0
        var notes: [String] = []
    }

    /// Takes everything that is due at `now` (seconds).
    func takeDue(at now: Int64) throws -> Taken {
        var taken = Taken()
        while true {
            let entries = try host.control.dueEntries(at: now, limit: Self.batch)
            guard !entries.isEmpty else { return taken }
            taken = try host.control.transaction {
                var result = taken
                for entry in entries { try take(entry, now, &result) }
                return result
            }
        }
    }

    private struct Owner {
        var name: String
        var schedule: Schedule
        var isBusy: Bool
        /// Makes the run and returns its number.
        var start: (RunOrigin) throws -> String
    }

    private func take(_ entry: DueEntry, _ now: Int64, _ taken: inout Taken) throws {
        // Another process may have moved it meanwhile.
        guard try host.control.due(entry.owner) == entry else { return }
        guard let owner = try owner(entry.owner) else { return try host.control.removeDue(entry.owner) }
        let calculator = try StartCalculator(owner.schedule, seed: entry.seed)
        let passed = Passed(entry.next, calculator, until: now)
        if owner.isBusy {
            var waiting = entry
            waiting.wait = .waiting
            taken.notes.append("\(owner.name): due, and waits for the run before it")
            return try host.control.save(waiting)
        }
        try begin(entry, owner, passed, now, &taken)
        guard let next = try host.firstFree(entry.owner, calculator, after: passed.last.slot) else { return try host.control.removeDue(entry.owner) }
        try host.control.save(DueEntry(owner: entry.owner, seed: entry.seed, next: next))
    }

    private func begin(_ entry: DueEntry, _ owner: Owner, _ passed: Passed, _ now: Int64, _ taken: inout Taken) throws {
        let lateness = now - passed.last.at
        let isMissed = lateness > Self.graceSeconds && entry.wait == .none
        if isMissed && owner.schedule.missed == .skip {
            taken.missed += passed.count
            taken.notes.append("\(owner.name): \(passed.count) missed, left out by its policy")
            return try note(
                entry.owner, passed.first, passed.last.slot, passed.count, .missed, reason: "No host was running; schedule.missed is skip.")
        }
        if passed.count > 1 {
            let outcome: StartRecord.Outcome = entry.wait == .none ? .missed : .overlapped
            let reason = outcome == .missed ? "No host was running; one start took their place." : "The run before had not ended."
            taken.missed += outcome == .missed ? passed.count - 1 : 0
            taken.notes.append("\(owner.name): \(passed.count - 1) \(outcome.rawValue), one start takes their place")
            try note(entry.owner, passed.first, passed.beforeLast, passed.count - 1, outcome, reason: reason)
        }
        try start(entry, owner, passed.last, isMissed, &taken)
        if !isMissed && entry.wait == .none { taken.latest = max(taken.latest, lateness) }
    }

    private func start(_ entry: DueEntry, _ owner: Owner, _ due: ScheduledStart, _ isLate: Bool, _ taken: inout Taken) throws {
        // The record comes first: it is what makes a second start of the same slot impossible.
        guard try !host.control.isNoted(entry.owner, slot: due.slot) else { return }
        do {
            let run = try owner.start(RunOrigin("schedule", dueAtUnixMilliseconds: due.at * 1000))
            try note(entry.owner, due, due.slot, 1, .started, run: run, reason: isLate ? "Late: no host was running when it was due." : nil)
            taken.started += 1
        } catch let error as ConnectError where error.category == .configuration {
            taken.notes.append("\(owner.name): could not be started: \(error.message)")
            try note(entry.owner, due, due.slot, 1, .refused, reason: error.message)
        }
    }

    private func note(
        _ owner: ScheduleOwner, _ first: ScheduledStart, _ lastSlot: Int64, _ count: Int64, _ outcome: StartRecord.Outcome, run: String? = nil,
        reason: String?
    ) throws {
        _ = try host.control.note(
            StartRecord(
                owner: owner, first: first, lastSlot: lastSlot, count: count, outcome: outcome, run: run, reason: reason,
                notedAtUnixMilliseconds: host.clock()))
    }

    /// Nil when nothing is there any more that could start.
    private func owner(_ owner: ScheduleOwner) throws -> Owner? {
        switch owner {
        case .job(let id):
            guard let job = try host.control.job(id), job.active else { return nil }
            return Owner(
                name: "job \"\(job.name)\"", schedule: Schedule(definition: job.definition), isBusy: try host.isBusy(owner)
            ) { origin in
                try host.createRun(of: job, origin: origin).id.description
            }
        case .group(let id):
            guard let group = try host.control.group(id), group.active else { return nil }
            return Owner(
                name: "group \"\(group.name)\"", schedule: Schedule(definition: group.definition), isBusy: try host.isBusy(owner)
            ) { origin in
                try host.createGroupRun(of: group, origin: origin).id.description
            }
        }
    }
}

/// Starts from the written-down one up to now.
private struct Passed {
    let first: ScheduledStart
    var last: ScheduledStart
    /// Slot of the last but one.
    var beforeLast: Int64
    var count: Int64 = 1

    init(_ first: ScheduledStart, _ calculator: StartCalculator, until now: Int64) {
        self.first = first
        last = first
        beforeLast = first.slot
        while let next = calculator.first(after: last.slot), next.at <= now {
            beforeLast = last.slot
            last = next
            count += 1
        }
    }
}

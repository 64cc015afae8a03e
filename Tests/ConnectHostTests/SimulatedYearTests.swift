import ConnectModel
import Foundation
import StoreAPI
import Testing

@testable import ConnectHost

/// A year in accelerated time: every due start happened once, or was written down as missed or overtaken (SCH-4, SCH-5, T32, T36).
/// `SIMULATED_JOBS` sets how many jobs there are, of which a tenth are members of groups of two; with a thousand of them (make soak) a tenth are daily.
/// The usual run has fewer, goes through as many transitions of state, and takes seconds.
@Suite struct SimulatedYearTests {
    /// 2026-01-01 00:00 UTC.
    private static let begin: Int64 = 1_767_225_600
    private static let year: Int64 = 365 * 86_400
    private static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Nuuk", "Pacific/Auckland",
    ]

    private static let jobs = ProcessInfo.processInfo.environment["SIMULATED_JOBS"].flatMap(Int.init) ?? 60
    private static let isLong = jobs >= 1000

    private static func schedule(_ number: Int, daily: Int) -> [String: JSONValue] {
        let quarter = Quarter.allCases[number % 4].rawValue
        var members: [String: JSONValue] = [
            "hour": .integer(Int64(number % 24)), "slot": .string(quarter), "zone": .string(zones[number % zones.count]),
            "missed": .string(number % 3 == 0 ? "skip" : "run_once"),
        ]
        switch number {
        case ..<daily: members["repeat"] = .string("daily")
        case ..<(daily + 10):
            members["repeat"] = .string("weekly")
            members["days"] = .array([.string(Weekday.allCases[number % 7].rawValue)])
        default:
            members["repeat"] = .string("monthly")
            members["day"] = .integer(Int64(number % 28 + 1))
        }
        return members
    }

    @Test("SCH-4, SCH-5, GRP-2, T32: a year of jobs and groups with failures and restarts: each start happened once or is accounted for")
    func year() throws {
        let (members, daily) = (Self.jobs / 20 * 2, Self.isLong ? Self.jobs / 10 : 1)
        var numbers = SeededNumbers(2026)
        let home = try SimulatedHome(at: Self.begin)
        var owners: [(ScheduleOwner, Schedule, UInt64)] = []
        try home.host.control.transaction {
            for number in 0..<(Self.jobs - members) { try home.addJob("job \(number)", Self.schedule(number, daily: daily)) }
            for number in 0..<members { try home.addJob("member \(number)") }
        }
        for number in 0..<(members / 2) {
            _ = try home.host.saveGroup(
                name: "group \(number)", description: "", jobs: ["member \(2 * number)", "member \(2 * number + 1)"],
                definition: ["schedule": .object(Self.schedule(number + 500, daily: 0))], active: true)
        }
        for job in try home.host.control.jobs() {
            guard let due = try home.host.control.due(.job(job.id)) else { continue }
            owners.append((.job(job.id), Schedule(definition: job.definition), due.seed))
        }
        for group in try home.host.control.groups() {
            let due = try #require(try home.host.control.due(.group(group.id)))
            owners.append((.group(group.id), Schedule(definition: group.definition), due.seed))
        }
        #expect(owners.count == Self.jobs - members / 2)
        try live(home, &numbers)
        try account(home, owners)
    }

    /// Goes from start to start. Runs last some hours at times, so that starts overlap; the host is down for up to three days at times.
    private func live(_ home: SimulatedHome, _ numbers: inout SeededNumbers) throws {
        var ends: [(at: Int64, run: RunID)] = []
        let end = Self.begin + Self.year
        while let next = try home.host.control.earliestDue() ?? ends.map(\.at).min(), next < end {
            home.time = max(home.time, next) + Int64.random(in: 0...20, using: &numbers)
            if Int.random(in: 0..<(Self.isLong ? 400 : 40), using: &numbers) == 0 {
                home.time += Int64.random(in: 60...(3 * 86_400), using: &numbers)
                try home.restart()
            }
            try home.host.control.transaction {
                for (index, ended) in ends.enumerated().reversed() where ended.at <= home.time {
                    _ = try home.end(ended.run, Int.random(in: 0..<10, using: &numbers) == 0 ? .failed : .succeeded)
                    ends.remove(at: index)
                }
            }
            for var entry in try home.host.control.waitingEntries() where try !home.host.isBusy(entry.owner) {
                entry.wait = .over
                try home.host.control.save(entry)
            }
            _ = try StartTaker(host: home.host).takeDue(at: home.time)
            let known = Set(ends.map(\.run))
            for run in try home.host.control.unfinishedRuns() where run.group == nil && !known.contains(run.id) {
                let isLong = Int.random(in: 0..<50, using: &numbers) == 0
                ends.append((home.time + Int64.random(in: isLong ? 3600...(30 * 3600) : 1...600, using: &numbers), run.id))
            }
            try performGroups(home, &numbers)
        }
    }

    private struct Killed: Error {}

    /// Members fail at times, and at times everything dies in the middle of a group and carries on after a restart.
    private func performGroups(_ home: SimulatedHome, _ numbers: inout SeededNumbers) throws {
        var isKilled = true
        while isKilled {
            isKilled = false
            for run in try home.host.control.unfinishedGroupRuns() {
                var random = numbers
                defer { numbers = random }
                do {
                    _ = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { id in
                        if Int.random(in: 0..<20, using: &random) == 0 { throw Killed() }
                        return try home.end(id, Int.random(in: 0..<(Self.isLong ? 10 : 3), using: &random) == 0 ? .failed : .succeeded)
                    }
                } catch is Killed {
                    try home.restart()
                    isKilled = true
                }
            }
        }
    }

    private func account(_ home: SimulatedHome, _ owners: [(ScheduleOwner, Schedule, UInt64)]) throws {
        var expected = 0
        var byOutcome: [StartRecord.Outcome: Int64] = [:]
        for (owner, schedule, seed) in owners {
            let records = try home.host.control.startRecords(of: owner, limit: 10_000).sorted { $0.slot < $1.slot }
            let calculator = try StartCalculator(schedule, seed: seed)
            // Starts after the last that was written down as next have not been due yet.
            let last = try home.host.control.due(owner)?.next.slot ?? .max
            let starts = calculator.starts(after: Self.begin, count: schedule.recurrence.isDaily ? 400 : 100).filter { $0.slot < last }
            expected += starts.count
            // Every start is in exactly one record, and every record has as many starts as it says.
            var place = 0
            for record in records {
                let covered = starts[place...].prefix { $0.slot <= record.lastSlot }
                #expect(Int64(covered.count) == record.count && covered.first?.slot == record.slot, "\(owner) \(record)")
                place += covered.count
                byOutcome[record.outcome, default: 0] += record.count
            }
            #expect(place == starts.count, "\(owner): \(starts.count - place) starts have no record")
            let numbers = records.filter { $0.outcome == .started }.map(\.run)
            #expect(Set(numbers).count == numbers.count && !numbers.contains(nil))
        }
        let runs = try home.host.control.runs(job: nil, limit: 1_000_000).filter { $0.trigger == "schedule" }
        let groupRuns = try home.host.control.groupRuns(group: nil, limit: 1_000_000)
        #expect(Int64(runs.count + groupRuns.count) == byOutcome[.started])
        #expect(Set(runs.map { "\($0.id.job) \($0.dueAtUnixMilliseconds ?? 0)" }).count == runs.count)
        #expect(byOutcome[.missed, default: 0] > 0 && byOutcome[.refused, default: 0] == 0)
        #expect(byOutcome.values.reduce(0, +) == Int64(expected) && expected > 12 * Self.jobs, "\(byOutcome)")
        #expect(groupRuns.allSatisfy { run in run.status.isFinal && run.members.allSatisfy { $0.status != .waiting && $0.status != .running } })
        #expect(groupRuns.contains { run in run.members.map(\.status) == [.failed, .skipped] })
    }
}

extension Schedule.Recurrence {
    fileprivate var isDaily: Bool { if case .daily = self { true } else { false } }
}

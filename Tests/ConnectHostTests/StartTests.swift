import ConnectModel
import StoreAPI
import Testing

@testable import ConnectHost

@Suite struct StartTests {
    /// 2026-03-01 00:00 UTC.
    private let begin: Int64 = 1_772_323_200
    private let day: Int64 = 86_400

    @Test("SCH-5: a start becomes one run, whoever asks how often")
    func startsOnce() throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", SimulatedHome.daily(2, "0-14"))
        let due = try #require(try home.host.control.due(.job(job.id)))
        home.time = due.next.at - 1
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 0)
        home.time = due.next.at
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 1)
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 0)
        let runs = try home.host.control.runs(job: job.id, limit: 10)
        #expect(runs.map(\.dueAtUnixMilliseconds) == [due.next.at * 1000])
        #expect(runs.first?.trigger == "schedule")
        #expect(try home.host.control.due(.job(job.id))?.next.slot == due.next.slot + day)
    }

    @Test("SCH-5: a start that comes while the run before it goes on waits for its end, and is not lost")
    func waitsForTheRunBefore() throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", ["repeat": .string("hourly"), "slot": .string("0-14")])
        let first = try #require(try home.host.control.due(.job(job.id))).next
        home.time = first.at
        _ = try StartTaker(host: home.host).takeDue(at: home.time)
        let run = try #require(try home.host.control.unfinishedRun(of: job.id))
        // Three starts pass while it goes on.
        home.time = first.slot + 3 * 3600 + 900
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 0)
        #expect(try home.host.control.due(.job(job.id))?.wait == .waiting)
        _ = try home.end(run, .succeeded)
        var entry = try #require(try home.host.control.due(.job(job.id)))
        entry.wait = .over
        try home.host.control.save(entry)
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 1)
        let records = try home.host.control.startRecords(of: .job(job.id), limit: 10)
        #expect(records.map(\.outcome) == [.started, .overlapped, .started])
        #expect(records.map(\.count) == [1, 2, 1])
    }

    @Test(
        "SCH-4: starts that passed while no host was running follow the job's policy, and are written down",
        arguments: [
            (Schedule.MissedPolicy.runOnce, 1), (.skip, 0),
        ])
    func missedStarts(_ policy: Schedule.MissedPolicy, _ runs: Int) throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", SimulatedHome.daily(2, "0-14", ["missed": .string(policy.rawValue)]))
        home.time = begin + 3 * day + 12 * 3600
        try home.restart()
        let taken = try StartTaker(host: home.host).takeDue(at: home.time)
        #expect(taken.started == runs)
        #expect(try home.host.control.runs(job: job.id, limit: 10).count == runs)
        let records = try home.host.control.startRecords(of: .job(job.id), limit: 10)
        // Four days passed: 1 to 4 March.
        #expect(records.map(\.count).reduce(0, +) == 4)
        #expect(records.filter { $0.outcome == .missed }.map(\.count) == [policy == .skip ? 4 : 3])
        #expect(try #require(try home.host.control.due(.job(job.id))).next.at > home.time)
    }

    @Test("SCH-4: a few minutes late is on time, also for those who skip")
    func slightlyLate() throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", SimulatedHome.daily(2, "0-14", ["missed": .string("skip")]))
        home.time = try #require(try home.host.control.due(.job(job.id))).next.at + 250
        #expect(try StartTaker(host: home.host).takeDue(at: home.time).started == 1)
    }

    @Test("SCH-5, T31: whatever the clock does, no start is lost and none begins twice", arguments: [3600, 86_400, 31_536_000] as [Int64])
    func clockJumps(_ jump: Int64) throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", SimulatedHome.daily(2, "0-14"))
        func tick() throws {
            _ = try StartTaker(host: home.host).takeDue(at: home.time)
            if let run = try home.host.control.unfinishedRun(of: job.id) { _ = try home.end(run, .succeeded) }
        }
        home.time = begin + 12 * 3600
        try tick()
        home.time += jump
        try tick()
        home.time -= jump
        try home.host.planAll(after: home.time)
        for _ in 0..<10 {
            home.time += day
            try tick()
        }
        let runs = try home.host.control.runs(job: job.id, limit: 1000)
        #expect(Set(runs.map(\.dueAtUnixMilliseconds)).count == runs.count)
        let calculator = try StartCalculator(
            Schedule(definition: job.definition), seed: try #require(try home.host.control.due(.job(job.id))).seed)
        for start in calculator.starts(after: begin, count: 11) {
            #expect(try home.host.control.isNoted(.job(job.id), slot: start.slot), "\(start)")
        }
    }

    @Test("SCH-5, T31: a hundred small steps of the clock, on and back, lose no start and begin none twice")
    func smallSteps() throws {
        var numbers = SeededNumbers(31)
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", ["repeat": .string("hourly"), "slot": .string("15-29")])
        var latest = begin
        for _ in 0..<100 {
            let step = Int64.random(in: -900...2700, using: &numbers)
            home.time += step
            // As the server does when it sees that the clock was set back.
            if step < -60 { try home.host.planAll(after: home.time) }
            latest = max(latest, home.time)
            _ = try StartTaker(host: home.host).takeDue(at: home.time)
            if let run = try home.host.control.unfinishedRun(of: job.id) { _ = try home.end(run, .succeeded) }
        }
        let runs = try home.host.control.runs(job: job.id, limit: 1000)
        #expect(Set(runs.map(\.dueAtUnixMilliseconds)).count == runs.count && runs.count > 5)
        let calculator = try StartCalculator(
            Schedule(definition: job.definition), seed: try #require(try home.host.control.due(.job(job.id))).seed)
        for start in calculator.starts(after: begin, count: 100) where start.at <= latest {
            #expect(try home.host.control.isNoted(.job(job.id), slot: start.slot), "\(start)")
        }
    }

    @Test("SCH-5: a job that is edited while its slot has begun still starts in it; with another schedule it follows that one")
    func editedWithinItsSlot() throws {
        let home = try SimulatedHome(at: begin)
        var job = try home.addJob("a", SimulatedHome.daily(2, "0-14"))
        let due = try #require(try home.host.control.due(.job(job.id)))
        home.time = due.next.slot
        job.description = "edited"
        try home.host.write(job)
        #expect(try home.host.control.due(.job(job.id)) == due)
        job.definition["schedule"] = .object(SimulatedHome.daily(5, "0-14"))
        try home.host.write(job)
        #expect(try home.host.control.due(.job(job.id))?.next.slot == due.next.slot + 3 * 3600)
    }

    @Test("MGT-2: a job that is deactivated, deleted or put into a group has no next start; activated, it has")
    func lifeCycle() throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", SimulatedHome.daily(2, "0-14"))
        _ = try home.host.deactivateJob("a")
        #expect(try home.host.control.due(.job(job.id)) == nil)
        var active = job
        active.active = true
        try home.host.write(active)
        #expect(try home.host.control.due(.job(job.id)) != nil)
        try home.host.deleteJob("a")
        #expect(try home.host.control.due(.job(job.id)) == nil)
        #expect(try home.host.control.earliestDue() == nil)
    }
}

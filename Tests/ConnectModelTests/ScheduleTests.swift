import ConnectModel
import Testing

@Suite struct ScheduleTests {
    /// 2026-11-26 02:20 UTC.
    private let now: Int64 = 1_795_659_600

    private func section(_ members: [String: JSONValue]) -> ScheduleDefinition { ScheduleDefinition(.object(members)) }

    @Test("SCH-2: minutes are chosen within the slot, stay chosen, and spread evenly over jobs and days")
    func minutesSpread() throws {
        let schedule = Schedule(.daily(StartSlot(hour: 2, quarter: .second)), zone: "Europe/Berlin")
        var counts = [Int64: Int]()
        for seed in 0..<100 {
            let calculator = try StartCalculator(schedule, seed: UInt64(seed) &* 0xDEAD_BEEF_1234_5677)
            let starts = calculator.starts(after: now, count: 150)
            #expect(starts == calculator.starts(after: now, count: 150))
            for start in starts { counts[(start.at - start.slot) / 60, default: 0] += 1 }
        }
        #expect(counts.keys.min() == 0)
        #expect(counts.keys.max() == 14)
        // 15,000 choices among 15 minutes: a fair one is within a fifth of 1,000 with overwhelming likelihood.
        #expect(counts.values.allSatisfy { (800...1200).contains($0) }, "\(counts)")
    }

    @Test("SCH-1: a schedule starts from its first day on and not after its last")
    func bounds() throws {
        let schedule = Schedule(
            .daily(StartSlot(hour: 2, quarter: .first)), zone: "UTC", from: CivilDate("2026-12-01"), until: CivilDate("2026-12-03"))
        let starts = try StartCalculator(schedule, seed: 7).starts(after: now, count: 20)
        #expect(starts.count == 3)
        #expect(starts.map { LocalClock(zone: "UTC")?.date(at: $0.slot).description } == ["2026-12-01", "2026-12-02", "2026-12-03"])
        let hourly = Schedule(.hourly(.first), zone: "UTC", from: CivilDate("2026-12-01"), until: CivilDate("2026-12-01"))
        #expect(try StartCalculator(hourly, seed: 7).starts(after: now, count: 100).count == 24)
    }

    @Test("SCH-3: a slot that has begun or passed is refused, with the next possible one")
    func pastSlots() throws {
        let once = Schedule(.once(try #require(CivilDate("2026-11-26")), StartSlot(hour: 2, quarter: .second)))
        let running = try #require(ScheduleRules.timeProblems(once, at: now).first)
        #expect(running.message.contains("has begun already"))
        #expect(running.message.contains("2026-11-26, hour 2, slot 30-44"))
        let past = try #require(ScheduleRules.timeProblems(once, at: now + 86_400).first)
        #expect(past.message.contains("lies in the past"))
        #expect(ScheduleRules.timeProblems(once, at: now - 900).isEmpty)
        let ended = Schedule(.daily(StartSlot(hour: 2, quarter: .first)), until: CivilDate("2026-11-01"))
        #expect(ScheduleRules.timeProblems(ended, at: now).first?.path == "schedule.until")
    }

    @Test("SCH-3, domain §5.3: imports recur on days 1 to 28, exports on the last day too; the reason is told", arguments: [29, 30, 31])
    func monthEnds(_ day: Int) {
        let slot = StartSlot(hour: 1, quarter: .first)
        let refused = ScheduleRules.problems(Schedule(.monthly(.day(day), slot)), monthEndAllowed: false)
        #expect(refused.first?.message.contains("leap years") == true)
        let advised = ScheduleRules.problems(Schedule(.monthly(.day(day), slot)), monthEndAllowed: true)
        #expect(advised.first?.message.contains("day: last") == true)
        #expect(ScheduleRules.problems(Schedule(.monthly(.last, slot)), monthEndAllowed: false).count == 1)
        #expect(ScheduleRules.problems(Schedule(.monthly(.last, slot)), monthEndAllowed: true).isEmpty)
        #expect(ScheduleRules.problems(Schedule(.monthly(.day(28), slot)), monthEndAllowed: false).isEmpty)
    }

    @Test(
        "SCH-1: what a schedule needs and what it cannot have is told at once, each with its field",
        arguments: [
            (["repeat": JSONValue.string("daily")], ["schedule.hour", "schedule.slot"]),
            (["repeat": .string("weekly"), "hour": .integer(1), "slot": .string("0-14")], ["schedule.days"]),
            (["repeat": .string("once"), "hour": .integer(1), "slot": .string("0-14"), "date": .string("2026-02-30")], ["schedule.date"]),
            (["repeat": .string("hourly"), "slot": .string("0-14"), "hour": .integer(3)], ["schedule.hour"]),
            (["repeat": .string("hourly"), "slot": .string("0-14"), "zone": .string("Mars/Base")], ["schedule.zone"]),
            (
                ["repeat": .string("hourly"), "slot": .string("0-14"), "from": .string("2026-02-01"), "until": .string("2026-01-01")],
                ["schedule.until"]
            ),
        ])
    func definitionProblems(_ members: [String: JSONValue], _ paths: [String]) {
        let read = section(members)
        #expect(read.schedule == nil || !read.problems.isEmpty)
        for path in paths { #expect(read.problems.contains { $0.path == path }, "\(read.problems)") }
    }

    @Test("SCH-1: without a section a job runs on demand, and every form is read as it is written")
    func forms() {
        #expect(ScheduleDefinition(nil).schedule == .onDemand)
        #expect(ScheduleDefinition(nil).problems.isEmpty)
        let monthly = section(["repeat": .string("monthly"), "day": .string("last"), "hour": .integer(23), "slot": .string("45-59")])
        #expect(monthly.schedule?.recurrence == .monthly(.last, StartSlot(hour: 23, quarter: .fourth)))
        let weekly = section([
            "repeat": .string("weekly"), "days": .array([.string("mon"), .string("sun")]), "hour": .integer(0), "slot": .string("0-14"),
            "zone": .string("Asia/Tokyo"), "missed": .string("skip"),
        ])
        #expect(weekly.schedule == Schedule(.weekly([.mon, .sun], StartSlot(hour: 0, quarter: .first)), zone: "Asia/Tokyo", missed: .skip))
        #expect(section(["repeat": .string("file_arrival"), "every_seconds": .integer(10)]).schedule?.recurrence == .fileArrival(everySeconds: 10))
    }

    @Test("SCH-1: days are counted as the calendar has them, leap years of centuries included")
    func calendar() {
        #expect(CivilDate(year: 1970, month: 1, day: 1)?.daysSince1970 == 0)
        #expect(CivilDate(year: 2000, month: 2, day: 29)?.daysSince1970 == 11_016)
        #expect(CivilDate(year: 2100, month: 2, day: 29) == nil)
        #expect(CivilDate("2026-11-26")?.weekday == .thu)
        var day = CivilDate(daysSince1970: -800_000)
        for number in -799_999...800_000 where number % 7 == 0 || number % 365 == 0 {
            day = CivilDate(daysSince1970: number)
            #expect(day.daysSince1970 == number)
        }
    }

    @Test("GRP-2: after a failure the later jobs are skipped, and say why")
    func groupSteps() throws {
        let members = ["a", "b", "c"].enumerated().map { GroupRun.Member(job: JobID(Int64($0.offset + 1)), name: $0.element) }
        let id = try #require(GroupRunID("9.4"))
        var run = GroupRun(
            id: id, groupName: "g", definition: [:], trigger: "manual", dueAtUnixMilliseconds: nil, members: members, createdAtUnixMilliseconds: 0)
        #expect(run.nextStep == .start(0))
        run.members[0].status = .running
        #expect(run.nextStep == .wait(0))
        run.memberEnded(0, .succeeded)
        #expect(run.nextStep == .start(1))
        run.members[1].status = .running
        run.memberEnded(1, .failed, reason: "no file")
        #expect(run.nextStep == .finish(.failed))
        run.finish(.failed, atUnixMilliseconds: 5)
        #expect(run.members.map(\.status) == [.succeeded, .failed, .skipped])
        #expect(run.members[2].reason?.contains("\"b\"") == true)
        #expect(run.nextStep == .nothing)
    }

    @Test("GRP-4: a group's name has up to 30 characters")
    func groupNames() {
        #expect(JobGroup.problem(withName: String(repeating: "x", count: 30)) == nil)
        #expect(JobGroup.problem(withName: String(repeating: "x", count: 31)) != nil)
        #expect(JobGroup.problem(withName: "") != nil)
        #expect(JobGroup.problem(withName: "a/b") != nil)
    }
}

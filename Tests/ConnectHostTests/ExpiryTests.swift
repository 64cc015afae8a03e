import ConnectModel
import StoreAPI
import Testing

@testable import ConnectHost

@Suite struct ExpiryTests {
    /// 2026-03-01 00:00 UTC.
    private let begin: Int64 = 1_772_323_200

    private func schedule(_ kind: String, _ until: String, zone: String = "UTC") -> [String: JSONValue] {
        var members: [String: JSONValue] = ["repeat": .string(kind), "until": .string(until), "zone": .string(zone)]
        if kind == "daily" { members.merge(SimulatedHome.daily(4, "0-14")) { first, _ in first } }
        return members
    }

    @Test("MGT-2, SCH-1: a job runs on its day of expiry and not after it, whatever starts it", arguments: ["on_demand", "file_arrival", "daily"])
    func expires(_ kind: String) throws {
        let home = try SimulatedHome(at: begin)
        let job = try home.addJob("a", schedule(kind, "2026-03-02"))
        home.time = begin + 2 * 86_400 - 1
        _ = try home.host.runnableJob("a")
        #expect(home.host.expiry(of: job) == nil)
        home.time = begin + 2 * 86_400
        let error = #expect(throws: ConnectError.self) { try home.host.runnableJob("a") }
        #expect(error?.code == "job.expired" && error?.message.contains("2026-03-02") == true)
        #expect(throws: ConnectError.self) { try home.host.queueJob("a") }
        #expect(try home.host.control.runs(job: nil, limit: 10).isEmpty)
    }

    @Test("MGT-2: the day of expiry is one of the job's own zone")
    func zone() throws {
        let home = try SimulatedHome(at: begin)
        try home.addJob("a", schedule("on_demand", "2026-03-02", zone: "America/New_York"))
        home.time = begin + 2 * 86_400 + 4 * 3600
        _ = try home.host.runnableJob("a")
        home.time += 3600
        #expect(throws: ConnectError.self) { try home.host.runnableJob("a") }
    }

    @Test("GRP-2, MGT-2: an expired member fails its group with the reason, and an expired group does not run")
    func groups() throws {
        let home = try SimulatedHome(at: begin)
        try home.addJob("a", schedule("on_demand", "2026-03-02"))
        try home.addJob("b")
        let group = try home.host.saveGroup(
            name: "g", description: "", jobs: ["b", "a"], definition: ["schedule": .object(schedule("on_demand", "2026-03-03"))], active: true)
        home.time = begin + 2 * 86_400
        let run = try home.host.createGroupRun(of: group, origin: .manual)
        let ended = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { try home.end($0, .succeeded) }
        #expect(ended?.members.map(\.status) == [.succeeded, .failed])
        #expect(ended?.members.last?.reason?.contains("expired") == true)
        home.time += 86_400
        let error = #expect(throws: ConnectError.self) { try home.host.queueGroup("g") }
        #expect(error?.code == "group.expired")
    }

    @Test("SCH-3: a day of expiry that is over is refused for a new schedule, and means nothing for one that starts once")
    func refused() {
        let over = ScheduleDefinition(.object(schedule("on_demand", "2026-02-28"))).schedule
        #expect(over.map { ScheduleRules.timeProblems($0, at: begin).map(\.path) } == ["schedule.until"])
        let once = ScheduleDefinition(
            .object([
                "repeat": .string("once"), "date": .string("2026-04-01"), "hour": .integer(1), "slot": .string("0-14"),
                "until": .string("2026-05-01"),
            ]))
        #expect(once.problems.map(\.path) == ["schedule.until"])
    }
}

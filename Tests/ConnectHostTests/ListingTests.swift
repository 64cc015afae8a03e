import ConnectModel
import RunEngine
import StoreAPI
import Testing

@testable import ConnectHost

/// What the guide's pages "All jobs", "Completed jobs" and "Sequences" show (guide §8).
@Suite struct ListingTests {
    /// 2026-03-01 00:00 UTC.
    private let begin: Int64 = 1_772_323_200
    private let home: SimulatedHome

    init() throws {
        home = try SimulatedHome(at: begin)
        for name in ["nightly", "Alpha", "beta", "gamma"] { try home.addJob(name, name == "nightly" ? SimulatedHome.daily(4, "0-14") : nil) }
        _ = try home.host.saveGroup(
            name: "both", description: "", jobs: ["Alpha", "beta"], definition: ["schedule": .object(SimulatedHome.daily(5, "15-29"))], active: true)
        _ = try home.host.deactivateJob("gamma")
    }

    private func names(_ change: (inout JobQuery) -> Void) throws -> [String] {
        var query = JobQuery()
        change(&query)
        return try home.host.jobs(query).map(\.job.name)
    }

    @Test(
        "MGT-1: the list of all jobs tells id, group, type, schedule, running, next and previous run and activation; it is sorted, filtered and searched"
    )
    func allJobs() throws {
        let run = try home.host.createRun(of: try home.host.existingJob("beta"), origin: .manual)
        _ = try home.end(run.id, .failed)
        _ = try home.host.createRun(of: try home.host.existingJob("Alpha"), origin: .manual)
        let all = try home.host.jobs(JobQuery())
        #expect(all.map(\.job.id.value) == [1, 2, 3, 4])
        #expect(all.map(\.group) == [nil, "both", "both", nil])
        #expect(all.map(\.schedule.kind) == [.recurring, .onDemand, .onDemand, .onDemand])
        #expect(all.map { $0.running != nil } == [false, true, false, false])
        #expect(all.map { $0.next != nil } == [true, false, false, false])
        #expect(all.map { $0.previous?.status } == [nil, .queued, .failed, nil])
        #expect(all.map(\.job.active) == [true, true, true, false])
        #expect(try names { $0.order = .name } == ["Alpha", "beta", "gamma", "nightly"])
        #expect(try names { ($0.order, $0.descending) = (.name, true) } == ["nightly", "gamma", "beta", "Alpha"])
        #expect(try names { $0.order = .next }.first == "nightly")
        #expect(try names { $0.text = "ALPH" } == ["Alpha"])
        #expect(try names { $0.group = "both" } == ["Alpha", "beta"])
        #expect(try names { $0.active = false } == ["gamma"])
        #expect(try names { $0.running = true } == ["Alpha"])
        #expect(try names { $0.scheduleKind = .recurring } == ["nightly"])
        #expect(try names { $0.lastStatus = .failed } == ["beta"])
        #expect(try names { $0.kind = "export" } == [])
    }

    @Test("MGT-3: the list of runs tells job and run, group, start, duration, status and counts; it is sorted and filtered")
    func runs() throws {
        for (index, name) in ["Alpha", "beta", "Alpha"].enumerated() {
            let run = try home.host.createRun(of: try home.host.existingJob(name), origin: index == 2 ? RunOrigin("schedule") : .manual)
            home.time += Int64(60 * (index + 1))
            _ = try home.end(run.id, index == 1 ? .failed : .succeeded, inserted: Int64(index))
        }
        let group = try home.host.createGroupRun(of: try home.host.existingGroup("both"), origin: .manual)
        _ = try home.host.performGroup(group.id, stop: { false }, onMember: { _ in }) { try home.end($0, .succeeded, inserted: 5) }
        func list(_ change: (inout RunQuery) -> Void) throws -> [String] {
            var query = RunQuery()
            change(&query)
            return try home.host.runs(query).map(\.id.description)
        }
        #expect(try list { _ in } == ["3.6", "2.5", "2.3", "3.2", "2.1"])
        #expect(try list { $0.order = .oldest }.first == "2.1")
        #expect(try list { $0.job = "Alpha" } == ["2.5", "2.3", "2.1"])
        #expect(try list { $0.group = "both" } == ["3.6", "2.5"])
        #expect(try list { $0.status = .failed } == ["3.2"])
        #expect(try list { $0.trigger = "schedule" } == ["2.3"])
        #expect(try list { $0.text = "BET" } == ["3.6", "3.2"])
        #expect(try list { $0.limit = 2 } == ["3.6", "2.5"])
        #expect(try list { ($0.order, $0.limit) = (.oldest, 2) } == ["2.5", "3.6"])
        for (limit, hasMore) in [(4, true), (5, false), (0, true)] {
            var query = RunQuery()
            query.limit = limit
            #expect(try home.host.runPage(query).hasMore == hasMore)
        }
        #expect(try list { ($0.limit, $0.offset) = (2, 3) } == ["3.2", "2.1"])
        #expect(try list { ($0.status, $0.offset) = (.succeeded, 3) } == ["2.1"])
        #expect(try list { $0.since = home.time * 1000 } == ["3.6", "2.5"])
        let first = try #require(try home.host.control.run(RunID("2.3") ?? RunID(job: JobID(1), number: 1)))
        #expect(first.records.inserted == 2 && first.finishedAtUnixMilliseconds == home.time * 1000 && first.group == nil)
        #expect(try home.host.control.run(RunID("3.6") ?? first.id)?.group == group.id)
    }

    @Test("MGT-5: the list of groups tells id, jobs in their order, running, next and previous run, schedule type and activation")
    func groups() throws {
        let before = try #require(try home.host.groupSummaries().first)
        #expect(before.group.id.value == 5 && before.jobNames == ["Alpha", "beta"] && before.group.active)
        #expect(before.schedule.kind == .recurring && before.running == nil && before.previous == nil)
        #expect(before.next?.slot == begin + 5 * 3600 + 15 * 60)
        let run = try home.host.createGroupRun(of: before.group, origin: .manual)
        #expect(try home.host.groupSummaries().first?.running?.id == run.id)
        _ = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { try home.end($0, .failed) }
        let after = try #require(try home.host.groupSummaries().first)
        #expect(after.running == nil && after.previous?.id == run.id && after.previous?.status == .failed)
        // Inactive groups have no next start, and stand in the list all the same.
        _ = try home.host.setGroup("both", active: false)
        let inactive = try #require(try home.host.groupSummaries().first)
        #expect(!inactive.group.active && inactive.next == nil)
    }
}

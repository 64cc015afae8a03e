import ConnectModel
import Foundation
import SQLiteStore
import StoreAPI
import Testing

/// What every control store keeps: next starts, due keys, groups, and transactions of several steps.
@Suite struct ControlStoreTests {
    private final class Place {
        let path: String
        let store: any ControlStore

        init() throws {
            path = NSTemporaryDirectory() + "control-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            store = try SQLiteControlStore(path: path + "/control.sqlite", actor: "test", clock: { 0 })
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func job(_ name: String) throws -> Job {
            try store.addJob(name: name, kind: "import-list", description: "", definition: [:], active: true)
        }
    }

    private struct Undone: Error {}

    @Test("SCH-5: what is due comes earliest first, and what waits is left out")
    func due() throws {
        let place = try Place()
        for (index, at) in [300, 100, 200, 400].enumerated() {
            let job = try place.job("job \(index)")
            try place.store.save(DueEntry(owner: .job(job.id), seed: .max, next: ScheduledStart(slot: Int64(at), at: Int64(at) + 60)))
        }
        #expect(try place.store.earliestDue() == 160)
        #expect(try place.store.dueEntries(at: 360, limit: 10).map(\.next.slot) == [100, 200, 300])
        #expect(try place.store.dueEntries(at: 360, limit: 1).map(\.seed) == [.max])
        var waiting = try #require(try place.store.dueEntries(at: 360, limit: 1).first)
        waiting.wait = .waiting
        try place.store.save(waiting)
        #expect(try place.store.earliestDue() == 260)
        #expect(try place.store.waitingEntries() == [waiting])
        waiting.wait = .over
        try place.store.save(waiting)
        #expect(try place.store.earliestDue() == 160)
        try place.store.removeDue(waiting.owner)
        #expect(try place.store.scheduledCount() == 3)
    }

    @Test("SCH-5: a start is noted once, and a record of several covers each of their slots")
    func dueKeys() throws {
        let place = try Place()
        let owner = ScheduleOwner.job(try place.job("a").id)
        let first = StartRecord(
            owner: owner, first: ScheduledStart(slot: 100, at: 160), lastSlot: 300, count: 3, outcome: .missed, notedAtUnixMilliseconds: 1)
        #expect(try place.store.note(first))
        #expect(
            try !place.store.note(StartRecord(owner: owner, first: ScheduledStart(slot: 100, at: 161), outcome: .started, notedAtUnixMilliseconds: 2))
        )
        for (slot, isNoted) in [(99, false), (100, true), (200, true), (300, true), (301, false)] {
            #expect(try place.store.isNoted(owner, slot: Int64(slot)) == isNoted)
        }
        #expect(try place.store.startRecords(of: owner, limit: 5) == [first])
        try place.store.removeStartRecords(before: 101)
        #expect(try place.store.startRecords(of: nil, limit: 5).isEmpty)
    }

    @Test("GRP-1, GRP-4: names are unique, a job is in one group, and no group has a job's number")
    func groups() throws {
        let place = try Place()
        let jobs = try ["a", "b", "c"].map { try place.job($0).id }
        let group = try place.store.addGroup(name: "g", description: "", jobs: [jobs[0], jobs[1]], definition: [:], active: true)
        #expect(!jobs.map(\.value).contains(group.id.value))
        #expect(try place.job("d").id.value != group.id.value)
        #expect(throws: ConnectError.self) {
            try place.store.addGroup(name: "h", description: "", jobs: [jobs[1], jobs[2]], definition: [:], active: true)
        }
        #expect(throws: ConnectError.self) { try place.store.addGroup(name: "g", description: "", jobs: [jobs[2]], definition: [:], active: true) }
        #expect(try place.store.groups() == [group])
        #expect(try place.store.group(of: jobs[1]) == group)
        var changed = group
        changed.jobs = [jobs[2], jobs[0]]
        try place.store.update(changed)
        #expect(try place.store.group(of: jobs[1]) == nil)
        #expect(try place.store.group(named: "g")?.jobs == [jobs[2], jobs[0]])
        try place.store.removeGroup(group.id)
        #expect(try place.store.jobs().count == 4)
    }

    @Test("GRP-2: one run of a group at a time, its number no run of a job's")
    func groupRuns() throws {
        let place = try Place()
        let job = try place.job("a")
        let group = try place.store.addGroup(name: "g", description: "", jobs: [job.id], definition: [:], active: true)
        let run = try place.store.createRun(of: job, family: .import, origin: RunOrigin("schedule", dueAtUnixMilliseconds: 7), atUnixMilliseconds: 1)
        #expect(run.dueAtUnixMilliseconds == 7)
        var groupRun = try place.store.createGroupRun(
            of: group, members: [.init(job: job.id, name: "a")], origin: .manual, atUnixMilliseconds: 1)
        #expect(groupRun.id.number != run.id.number)
        #expect(throws: ConnectError.self) { try place.store.createGroupRun(of: group, members: [], origin: .manual, atUnixMilliseconds: 1) }
        groupRun.finish(.cancelled, atUnixMilliseconds: 2)
        try place.store.save(groupRun)
        #expect(try place.store.unfinishedGroupRuns().isEmpty)
        #expect(try place.store.groupRun(groupRun.id) == groupRun)
        #expect(try place.store.createGroupRun(of: group, members: [], origin: .manual, atUnixMilliseconds: 3).id.number > groupRun.id.number)
    }

    @Test("SCH-5: several steps are one transaction: an error undoes them all, one that is caught within undoes its step alone")
    func transactions() throws {
        let place = try Place()
        #expect(throws: Undone.self) {
            try place.store.transaction {
                _ = try place.job("a")
                #expect(try place.store.job(named: "a") != nil)
                try place.store.transaction { _ = try place.job("b") }
                _ = try place.job("c")
                throw Undone()
            }
        }
        #expect(try place.store.jobs().isEmpty)
        try place.store.transaction {
            _ = try place.job("a")
            #expect(throws: ConnectError.self) { try place.job("a") }
            _ = try place.job("b")
        }
        #expect(try place.store.jobs().map(\.name) == ["a", "b"])
    }
}

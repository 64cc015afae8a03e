import ConnectModel
import StoreAPI
import Testing

@testable import ConnectHost

@Suite struct GroupTests {
    private let launch: [String: JSONValue] = ["launch": .object(["campaigns": .array([.string("Welcome")])])]

    private func home() throws -> SimulatedHome {
        let home = try SimulatedHome(at: 1_772_323_200)
        for name in ["a", "b"] { try home.addJob(name, options: launch) }
        let options = launch.merging(["notify": .object(["when": .string("always"), "to": .array([.string("ops@example.com")])])]) { _, new in new }
        _ = try home.host.saveGroup(name: "g", description: "", jobs: ["a", "b"], definition: ["options": .object(options)], active: true)
        return home
    }

    @Test("GRP-3: a group's mail and launches follow its last job; its members launch nothing, and by themselves they do")
    func followUps() throws {
        let home = try home()
        let run = try home.host.createGroupRun(of: try home.host.existingGroup("g"), origin: .manual)
        let ended = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { try home.end($0, .succeeded, inserted: 3) }
        #expect(ended?.status == .succeeded)
        let messages = try home.host.control.outbox(states: [], limit: 10)
        #expect(Set(messages.map(\.origin)) == ["group/\(run.id)"])
        #expect(Set(messages.map(\.kind)) == [.mail, .launch])
        let alone = try home.host.createRun(of: try home.host.existingJob("a"), origin: .manual)
        _ = try home.end(alone.id, .succeeded, inserted: 3)
        #expect(try home.host.control.outbox(states: [], limit: 10).contains { $0.origin == "run/\(alone.id)" && $0.kind == .launch })
    }

    @Test("GRP-2, GRP-3: a failed group launches nothing, and its mail names the job that failed")
    func failure() throws {
        let home = try home()
        let run = try home.host.createGroupRun(of: try home.host.existingGroup("g"), origin: .manual)
        let ended = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { try home.end($0, .failed) }
        #expect(ended?.members.map(\.status) == [.failed, .skipped])
        #expect(try home.host.control.outbox(states: [], limit: 10).map(\.kind) == [.mail])
    }

    @Test("GRP-2: after a crash between any two steps a group goes on at the member it had come to")
    func resumes() throws {
        struct Killed: Error {}
        let home = try home()
        let run = try home.host.createGroupRun(of: try home.host.existingGroup("g"), origin: .manual)
        var attempts = 0
        // Killed before each member ends, and once more after it has ended but before the group knows.
        while try home.host.control.groupRun(run.id)?.status.isFinal != true, attempts < 20 {
            attempts += 1
            do {
                _ = try home.host.performGroup(run.id, stop: { false }, onMember: { _ in }) { id in
                    if attempts % 3 == 1 { throw Killed() }
                    let ended = try home.end(id, .succeeded)
                    if attempts % 3 == 2 { throw Killed() }
                    return ended
                }
            } catch is Killed {
                try home.restart()
            }
        }
        let ended = try #require(try home.host.control.groupRun(run.id))
        #expect(ended.status == .succeeded)
        #expect(try home.host.control.runs(job: nil, limit: 10).count == 2)
        #expect(attempts == 3)
    }

    @Test("GRP-1: jobs that do not qualify are refused, each with its reason")
    func candidates() throws {
        let home = try home()
        try home.addJob("scheduled", SimulatedHome.daily(2, "0-14"))
        try home.addJob("idle")
        _ = try home.host.deactivateJob("idle")
        try home.addJob("free")
        let reasons = try home.host.groupCandidates().reduce(into: [String: String]()) { $0[$1.job.name] = $1.reason ?? "" }
        #expect(reasons["free"] == "")
        #expect(reasons["scheduled"]?.contains("starts by itself") == true)
        #expect(reasons["idle"]?.contains("not active") == true)
        #expect(reasons["a"]?.contains("in group \"g\"") == true)
        #expect(throws: ConnectError.self) {
            try home.host.saveGroup(name: "h", description: "", jobs: ["free", "scheduled"], definition: [:], active: true)
        }
        var member = try home.host.existingJob("a")
        member.definition["schedule"] = .object(SimulatedHome.daily(2, "0-14"))
        #expect(throws: ConnectError.self) { try home.host.write(member) }
    }
}

import ConnectModel
import SQLiteStore
import StoreAPI
import Testing

@Suite struct OutboxStoreTests {
    private let directory: TemporaryDirectory
    private let store: SQLiteControlStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try SQLiteControlStore(path: directory.path + "/control.sqlite", actor: "ann (1000)", clock: { 1_000 })
    }

    private static let definition: [String: JSONValue] = [
        "options": .object([
            "notify": .object([
                "when": .string("always"), "recovered": .bool(true), "to": .array([.string("a@example.com"), .string("b@example.com")]),
            ]),
            "event": .object(["name": .string("loaded")]),
        ])
    ]

    private func job() throws -> Job {
        try store.addJob(name: "contacts", kind: "import-list", description: "", definition: Self.definition, active: true)
    }

    private func ended(_ job: Job, _ status: RunStatus) throws -> Run {
        let run = try store.claim(try store.createRun(of: job, family: .import, origin: .manual, atUnixMilliseconds: 1).id, atUnixMilliseconds: 2)
        var finished = run
        finished.state = .finished
        finished.status = status
        finished.finishedAtUnixMilliseconds = 3
        try store.advance(finished, from: run.state)
        return finished
    }

    @Test("ACT-1, ACT-2: what follows a run stands in the outbox when the run has ended, and not before")
    func writtenWithTheEnd() throws {
        let run = try store.claim(
            try store.createRun(of: try job(), family: .import, origin: .manual, atUnixMilliseconds: 1).id, atUnixMilliseconds: 2)
        #expect(try store.outbox(states: [], limit: 10).isEmpty)
        var finished = run
        finished.state = .finished
        finished.status = .succeeded
        finished.finishedAtUnixMilliseconds = 3
        var stale = finished
        stale.epoch -= 1
        #expect(throws: ConnectError.self) { try store.advance(stale, from: .queued) }
        #expect(try store.outbox(states: [], limit: 10).isEmpty)
        try store.advance(finished, from: .queued)
        #expect(
            try store.outbox(states: [], limit: 10).map(\.id).sorted() == [
                "run/1.1/event/loaded", "run/1.1/mail/a@example.com", "run/1.1/mail/b@example.com",
            ])
        #expect(throws: ConnectError.self) { try store.advance(finished, from: .queued) }
        #expect(try store.outbox(states: [], limit: 10).count == 3)
    }

    @Test("ACT-1: a message is handed out once, one of a lane at a time, and settled by whoever began it")
    func handedOutOnce() throws {
        _ = try ended(try job(), .succeeded)
        let mail = try #require(try store.beginDelivery(atUnixMilliseconds: 10, busy: []))
        #expect(mail.kind == .mail && mail.attempts == 1)
        let event = try #require(try store.beginDelivery(atUnixMilliseconds: 10, busy: ["mail"]))
        #expect(event.kind == .event)
        #expect(try store.beginDelivery(atUnixMilliseconds: 10, busy: ["mail", "event"]) == nil)
        var done = mail
        done.state = .delivered
        try store.settle(done, adding: [])
        #expect(throws: ConnectError.self) { try store.settle(done, adding: []) }
        #expect(try store.beginDelivery(atUnixMilliseconds: 2, busy: []) == nil, "not due yet")
        #expect(try store.nextDelivery() == 3)
    }

    @Test("ACT-1: what a deliverer that is gone had begun is delivered again, with its attempts counted")
    func returned() throws {
        _ = try ended(try job(), .succeeded)
        let begun = try #require(try store.beginDelivery(atUnixMilliseconds: 10, busy: []))
        #expect(try store.returnBegunMessages(atUnixMilliseconds: 20).map(\.id) == [begun.id])
        let messages = try (0..<3).compactMap { _ in try store.beginDelivery(atUnixMilliseconds: 20, busy: []) }
        #expect(messages.first { $0.id == begun.id }?.attempts == 2)
        #expect(messages.count == 3)
    }

    @Test("ACT-1: writing messages down again changes nothing; retrying and dropping follow the table of states")
    func states() throws {
        _ = try ended(try job(), .succeeded)
        try store.enqueue(try store.outbox(states: [], limit: 10))
        #expect(try store.outbox(states: [], limit: 10).count == 3)
        let message = try #require(try store.outboxMessage("1"))
        let dropped = try store.change(message, to: .dropped, atUnixMilliseconds: 5)
        #expect(dropped.settledAtUnixMilliseconds == 5)
        #expect(throws: ConnectError.self) { try store.change(dropped, to: .waiting, atUnixMilliseconds: 6) }
        #expect(try store.pruneOutbox(settledBefore: 6) == 1)
        #expect(try store.outboxMessage("1") == nil)
    }

    @Test("IMP-16: recovered is told by the run before, and stopped runs do not count")
    func recovered() throws {
        let job = try job()
        for status in [RunStatus.failed, .cancelled] { _ = try ended(job, status) }
        let run = try ended(job, .succeeded)
        let mail = try #require(try store.outboxMessage("run/\(run.id)/mail/a@example.com"))
        guard case .report(_, let isRecovery) = mail.content else {
            Issue.record("no report")
            return
        }
        #expect(isRecovery)
    }

    @Test("OPS-3: every change is noted with who made it, before and after, in the transaction of the change")
    func audit() throws {
        var job = try job()
        job.active = false
        try store.update(job)
        try store.update(job)
        try store.removeJob(job.id)
        try store.save(FileServer(name: "partner", connector: "x", settings: [:], secrets: ["password": .vault]))
        try store.setSealedSecret(SealedSecret(key: "k1", bytes: [1, 2, 3]), .server("partner", "password"))
        let entries = try store.audit(object: nil, actor: nil, sinceUnixMilliseconds: nil, limit: 100)
        #expect(
            entries.map { "\($0.action.rawValue) \($0.object)" } == [
                "seal secret/server/partner/password", "create server/partner", "remove job/contacts", "update job/contacts", "create job/contacts",
            ])
        #expect(entries[3].before?["active"] == .bool(true) && entries[3].after?["active"] == .bool(false))
        #expect(Set(entries.map(\.actor)) == ["ann (1000)"])
        #expect(try store.audit(object: "job/", actor: "ann", sinceUnixMilliseconds: 1_000, limit: 2).count == 2)
        #expect(try store.audit(object: "job/contact", actor: nil, sinceUnixMilliseconds: nil, limit: 2).isEmpty)
        #expect(try store.audit(object: nil, actor: "an", sinceUnixMilliseconds: nil, limit: 2).isEmpty)
        // A job whose name is taken is not made, and nothing is noted of it.
        _ = try store.addJob(name: "a", kind: "k", description: "", definition: [:], active: true)
        #expect(throws: ConnectError.self) { try store.addJob(name: "a", kind: "k", description: "", definition: [:], active: true) }
        #expect(try store.audit(object: "job/a", actor: nil, sinceUnixMilliseconds: nil, limit: 10).count == 1)
    }

    @Test("OPS-3: a secret sealed under the key of before a rotation is refused, and a rotation that fails changes nothing")
    func rotation() throws {
        let names = (0..<50).map { SecretName.server("s\($0)", "password") }
        for name in names { try store.setSealedSecret(SealedSecret(key: "old", bytes: [1]), name) }
        struct Broken: Error {}
        #expect(throws: (any Error).self) {
            try store.resealSecrets(key: "new") { name, _ in
                if name == names[30] { throw Broken() }
                return SealedSecret(key: "new", bytes: [2])
            }
        }
        #expect(try store.sealedSecrets().allSatisfy { $0.key == "old" })
        #expect(try store.resealSecrets(key: "new") { _, _ in SealedSecret(key: "new", bytes: [2]) } == 50)
        #expect(throws: ConnectError.self) { try store.setSealedSecret(SealedSecret(key: "old", bytes: [1]), names[0]) }
        #expect(try store.sealedSecret(names[0]) == SealedSecret(key: "new", bytes: [2]))
    }
}

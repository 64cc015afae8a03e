import ConnectModel
import Testing

@Suite struct FollowUpPlanTests {
    private func outcome(_ status: RunStatus, loaded: Int64 = 3, inGroup: Bool = false, subject: RunOutcome.Subject = .job) -> RunOutcome {
        var records = RecordCounts()
        records.inserted = loaded
        return RunOutcome(
            subject: subject, run: "3.17", name: "contacts", kind: "import-list", status: status, startedAtUnixMilliseconds: 1,
            finishedAtUnixMilliseconds: 2, records: records, isMemberOfGroup: inGroup)
    }

    private func options(_ members: [String: JSONValue]) -> FollowUpOptions { FollowUpOptions(definition: ["options": .object(members)]) }

    private func ids(_ outcome: RunOutcome, _ options: FollowUpOptions, previous: RunStatus? = nil) -> [String] {
        FollowUpPlan.messages(after: outcome, options: options, previous: previous).map(\.id)
    }

    @Test(
        "IMP-16: who is written to after which end",
        arguments: [
            ("always", RunStatus.succeeded, 1), ("always", .failed, 1), ("always", .cancelled, 1), ("failure", .succeeded, 0),
            ("failure", .failed, 1),
            ("failure", .cancelled, 1), ("never", .succeeded, 0), ("never", .failed, 0),
        ])
    func notifications(_ when: String, _ status: RunStatus, _ count: Int) {
        let options = options(["notify": .object(["when": .string(when), "to": .array([.string("ann@example.com")])])])
        #expect(ids(outcome(status), options).count == count)
    }

    @Test("IMP-16: a run that succeeds after a failed one is told where that was asked for")
    func recovery() {
        let options = options(["notify": .object(["when": .string("failure"), "recovered": .bool(true), "to": .array([.string("ann@example.com")])])])
        #expect(ids(outcome(.succeeded), options, previous: .failed) == ["run/3.17/mail/ann@example.com"])
        #expect(ids(outcome(.succeeded), options, previous: .succeeded).isEmpty)
        #expect(ids(outcome(.succeeded), options).isEmpty)
    }

    @Test("ORC-2: addresses may be separated by commas, and each gets a mail of its own")
    func commas() {
        let options = options([
            "notify": .object(["when": .string("always"), "to": .array([.string("a@example.com, b@example.com"), .string("a@example.com")])])
        ])
        #expect(ids(outcome(.succeeded), options) == ["run/3.17/mail/a@example.com", "run/3.17/mail/b@example.com"])
    }

    @Test("ACT-2: an event follows success, and where asked only with a record loaded")
    func events() {
        let plain = options(["event": .object(["name": .string("loaded")])])
        #expect(ids(outcome(.succeeded, loaded: 0), plain) == ["run/3.17/event/loaded"])
        #expect(ids(outcome(.failed), plain).isEmpty)
        let strict = options(["event": .object(["name": .string("loaded"), "with_records": .bool(true)])])
        #expect(ids(outcome(.succeeded, loaded: 0), strict).isEmpty)
        #expect(ids(outcome(.succeeded, loaded: 1), strict).count == 1)
    }

    @Test("ACT-3, GRP-3: a campaign follows success with a record loaded, and never a member of a group")
    func launches() {
        let options = options(["launch": .object(["campaigns": .array([.string("A"), .string("B")])])])
        #expect(ids(outcome(.succeeded), options) == ["run/3.17/launch/A", "run/3.17/launch/B"])
        #expect(ids(outcome(.succeeded, loaded: 0), options).isEmpty)
        #expect(ids(outcome(.failed), options).isEmpty)
        #expect(ids(outcome(.succeeded, inGroup: true), options).isEmpty)
        #expect(ids(outcome(.succeeded, subject: .group), options) == ["group/3.17/launch/A", "group/3.17/launch/B"])
    }

    @Test("ACT-1: a delay grows, stays below the longest, and ends with the attempts; what will not pass is not tried again")
    func delays() {
        let policy = DeliveryPolicy(attempts: 6, firstDelayMilliseconds: 5_000, longestDelayMilliseconds: 100_000)
        let later = ConnectError("x", .transient, "later")
        #expect((1...5).map { policy.delay(after: $0, later, jitter: 1) } == [5_000, 15_000, 45_000, 100_000, 100_000])
        #expect((1...2).map { policy.delay(after: $0, later, jitter: 0) } == [2_500, 7_500])
        #expect(policy.delay(after: 6, later, jitter: 1) == nil)
        #expect(policy.delay(after: 1, ConnectError("x", .authentication, "no"), jitter: 1) == nil)
        #expect(policy.delay(after: 1, ConnectError("x", .transient, "wait", retryAfterMilliseconds: 60_000), jitter: 1) == 60_000)
        #expect(policy.delay(after: 1, ConnectError("x", .transient, "wait", retryAfterMilliseconds: .max), jitter: 1) == 86_400_000)
    }

    @Test("ACT-1: every state of the outbox leads to an end, and settled ones lead nowhere", arguments: OutboxState.allCases)
    func states(_ state: OutboxState) {
        var reached: Set<OutboxState> = [state]
        while case let next = reached.union(reached.flatMap(\.successors)), next != reached { reached = next }
        #expect(reached.contains { $0.isSettled })
        if state.isSettled { #expect(state.successors.isEmpty) }
    }

    @Test(
        "ACT-1: what could be read as a command or a second address is no address",
        arguments: [
            "", "ann", "ann@", "@example.com", "a b@example.com", "ann@example.com>", "ann@exa mple.com", "a@b@c",
            "ann@example.com\r\nRCPT TO:<eve@x.com>", "ann@-x.com", "ann@x..com", "\"a\"@x.com", "ann@[127.0.0.1]",
        ])
    func noAddress(_ text: String) { #expect(MailAddress.problem(with: text) != nil) }

    @Test("ACT-1: ordinary addresses are taken", arguments: ["ann@example.com", "a.b+c@mail.example.co.uk", "root@localhost", "o'neil@example.com"])
    func address(_ text: String) { #expect(MailAddress.problem(with: text) == nil) }
}

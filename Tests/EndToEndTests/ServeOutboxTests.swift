import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// What follows a scheduled run, delivered by the server that ran it.
@Suite(.waits) struct ServeOutboxTests {
    private let installation: Installation

    init() throws { installation = try Installation() }

    /// A job that is due once a day, after which a mail, an event and a launch follow.
    private func apply(mails: MessageSink, calls: MessageSink) throws {
        let password = try installation.directory.write("password", mails["PASSWORD"] + "\n")
        let signing = try installation.directory.write("signing", "whsec_c2VjcmV0LW9mLXRoZS1ob29r\n")
        let job = """
                schedule: { repeat: daily, hour: 3, slot: 30-44 }
                options: { notify: { when: always, to: [ann@example.com] }, event: { name: loaded }, launch: { campaigns: [Welcome] } }
            """
        try installation.apply(
            ServeTests.lists + "jobs:\n" + ServeTests.job("a", job) + """
                mail: { host: localhost, port: \(mails["PORT"]), security: starttls, user: tester, password: "file:\(password)", from: c@example.com, ca_file: "\(mails["CERTIFICATE"])" }
                campaigns: { profile: plain, url: "\(calls.url)/launch/{campaign}" }
                network: { allow: ["127.0.0.0/8"] }
                hooks:
                  - name: crm
                    url: \(calls.url)/hook
                    timeout_seconds: 600
                    secrets: { signing: "file:\(signing)" }
                """)
        try installation.put("a.csv", ServeTests.file("ann"))
    }

    private func withSinks(_ body: (_ mails: MessageSink, _ calls: MessageSink) throws -> Void) throws {
        try MessageSink.with("smtp", "--tls", "starttls", "--auth") { mails in
            try MessageSink.with("http") { calls in
                try apply(mails: mails, calls: calls)
                try body(mails, calls)
            }
        }
    }

    /// "path idempotency-key" of each call, sorted.
    private func paths(_ calls: MessageSink) throws -> [String] {
        try calls.taken.map { JSONObject(try JSONSerialization.jsonObject(with: Data($0.utf8))) }
            .map { "\($0["path"].string ?? "") \($0["headers"]["idempotency-key"].string ?? "")" }.sorted()
    }

    private func outbox() throws -> [String] {
        let list = try installation.json("outbox", "list")
        return (0..<list.count).map { "\(list[$0]["kind"].string ?? "") \(list[$0]["state"].string ?? "")" }.sorted()
    }

    private static let everything = ["/hook run/1.1/event/loaded", "/launch/Welcome run/1.1/launch/Welcome"]
    private static let delivered = ["event delivered", "hook delivered", "launch delivered", "mail delivered"]

    @Test("ACT-1, ACT-2, ACT-3, SCH-1: a job that starts by its schedule is followed by its mail, its event and its launch, all by the server")
    func delivers() throws {
        try withSinks { mails, calls in
            let server = try RunningServer(installation, shiftSeconds: 0)
            try installation.setClock(shiftSeconds: 86_400)
            try installation.wakeServer()
            try installation.waitUntil("everything is delivered") { try outbox() == Self.delivered }
            #expect(try paths(calls) == Self.everything)
            let mail = try ParsedMail(try #require(mails.taken.first))
            #expect(mails.taken.count == 1 && mail.subject == "a: run 1.1 succeeded, 1 records loaded")
            #expect(mail.head["USER"] == "tester" && mail.head["SECURE"] == "True")
            #expect(try calls.taken.contains { $0.contains("webhook-signature") })
            #expect(try installation.json("runs", "list")[0]["trigger"].string == "schedule")
            #expect(try server.metric("outbox_delivered_total") == 4)
            // A command leaves the outbox to the server.
            #expect(try installation.run("outbox", "deliver").status == 4)
        }
    }

    @Test(
        "ACT-1, ACT-2, ACT-3, T23: a server that is killed between the end of a run and what follows it leaves nothing undelivered",
        arguments: ["outbox.begun", "outbox.sent:2"])
    func killed(_ failpoint: String) throws {
        try withSinks { mails, calls in
            let server = try RunningServer(installation, shiftSeconds: 0, environment: ["CONNECTHOST_FAILPOINT": failpoint])
            try installation.setClock(shiftSeconds: 86_400)
            try installation.wakeServer()
            #expect(server.wait().status == -SIGKILL)
            #expect(try installation.json("runs", "show", "1.1")["status"].string == "succeeded")
            #expect(try outbox() != Self.delivered)
            let next = try RunningServer(installation)
            try installation.waitUntil("everything is delivered") { try outbox() == Self.delivered }
            // At least once, and under the ids of before.
            #expect(try Set(paths(calls)) == Set(Self.everything))
            #expect((1...2).contains(mails.taken.count))
            #expect(try installation.json("runs", "list").count == 1)
            withExtendedLifetime(next) {}
        }
    }

    @Test("ACT-2: a server that is killed while a hook is being called calls it again after the restart, and nothing else twice")
    func killedOnTheWay() throws {
        try withSinks { mails, calls in
            let answer = installation.directory.path + "/answer"
            try calls.behave("until \(answer)", "until \(answer)")
            let server = try RunningServer(installation, shiftSeconds: 0)
            try installation.setClock(shiftSeconds: 86_400)
            try installation.wakeServer()
            try installation.waitUntil("both calls are on their way and the mail is there") {
                try paths(calls).count == 2 && outbox().contains("mail delivered")
            }
            server.send(signal: SIGKILL)
            _ = server.wait()
            try installation.directory.write("answer", "")
            let next = try RunningServer(installation)
            try installation.waitUntil("everything is delivered") { try outbox() == Self.delivered }
            #expect(try paths(calls) == (Self.everything + Self.everything).sorted())
            #expect(mails.taken.count == 1)
            withExtendedLifetime(next) {}
        }
    }
}

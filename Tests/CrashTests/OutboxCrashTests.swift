import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// ACT-1 to ACT-3: whatever is killed between the end of a run and the delivery of what follows it, everything arrives, at least once, under
/// the same id; and before the run has ended nothing is sent.
@Suite(.waits) struct OutboxCrashTests {
    private static let expected: Set = [
        "/a run/1.1/event/loaded", "/b run/1.1/event/loaded", "/launch/A run/1.1/launch/A", "/launch/B run/1.1/launch/B",
    ]

    private func installation(_ sink: MessageSink) throws -> Installation {
        let installation = try Installation()
        let signing = try installation.directory.write("signing", "word-of-the-hooks")
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
                options: { event: { name: loaded }, launch: { campaigns: [A, B] } }
            network: { allow: [127.0.0.1] }
            campaigns: { profile: plain, url: "\(sink.url)/launch/{campaign}" }
            hooks:
              - { name: a, url: "\(sink.url)/a", secrets: { signing: "file:\(signing)" } }
              - { name: b, url: "\(sink.url)/b", secrets: { signing: "file:\(signing)" } }
            """)
        try installation.put("contacts.csv", "mail\nann@example.com\n")
        return installation
    }

    private func taken(_ sink: MessageSink) -> [String] {
        sink.taken.compactMap { try? JSONObject(JSONSerialization.jsonObject(with: Data($0.utf8))) }.map {
            "\($0["path"].string ?? "") \($0["headers"]["idempotency-key"].string ?? "")"
        }
    }

    @Test(
        "ACT-2, ACT-3: killed between the commit and the last answer, everything is delivered at least once",
        arguments: ["run.archived", "run.finished", "outbox.begun", "outbox.begun:3", "outbox.sent", "outbox.sent:2", "outbox.sent:4"])
    func killed(_ failpoint: String) throws {
        try MessageSink.with("http") { sink in
            let installation = try installation(sink)
            _ = try installation.run("jobs", "run", "contacts", environment: ["CONNECTHOST_FAILPOINT": failpoint])
            if failpoint == "run.archived" {
                #expect(taken(sink).isEmpty, "nothing is sent before the run has ended")
                #expect(try installation.json("outbox", "list").count == 0)
                try installation.expectSuccess("runs", "recover")
            }
            try installation.expectSuccess("outbox", "deliver")
            let taken = taken(sink)
            #expect(Set(taken) == Self.expected)
            // A kill can repeat no more than what was on its way.
            #expect(taken.count <= Self.expected.count + 4)
            let list = try installation.json("outbox", "list")
            #expect(list.count == 5 && (0..<list.count).allSatisfy { list[$0]["state"].string == "delivered" })
        }
    }

    @Test("ACT-2, ACT-3: killed at random moments of a delivery, again and again, everything arrives")
    func killedAtRandom() throws {
        var generator = SeededGenerator(seed: ProcessInfo.processInfo.environment["CRASH_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1 ... .max))
        let rounds = (ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap(Int.init) ?? 20) / 10
        for round in 0..<rounds {
            try MessageSink.with("http") { sink in
                let installation = try installation(sink)
                try installation.expectSuccess("jobs", "run", "contacts", "--leave-outbox")
                for _ in 0..<4 {
                    let child = try installation.start(["outbox", "deliver"])
                    usleep(UInt32.random(in: 1_000...60_000, using: &generator))
                    child.send(signal: SIGKILL)
                    _ = child.wait()
                }
                try installation.expectSuccess("outbox", "deliver")
                #expect(Set(taken(sink)) == Self.expected, "round \(round)")
                let list = try installation.json("outbox", "list")
                #expect((0..<list.count).allSatisfy { list[$0]["state"].string == "delivered" }, "round \(round)")
            }
        }
    }

    @Test("ACT-1: one process delivers at a time")
    func oneDeliverer() throws {
        try MessageSink.with("http") { sink in
            let installation = try installation(sink)
            try installation.expectSuccess("jobs", "run", "contacts", "--leave-outbox")
            let answer = installation.directory.path + "/answer"
            try sink.behave("until \(answer)")
            let first = try installation.start(["outbox", "deliver"])
            try installation.waitUntil("it delivers") { !taken(sink).isEmpty }
            for other in try (0..<3).map({ _ in try installation.start(["outbox", "deliver"]) }) { #expect(other.wait().status == 4) }
            try installation.directory.write("answer", "")
            #expect(first.wait().status == 0)
            #expect(taken(sink).sorted() == Self.expected.sorted())
        }
    }
}

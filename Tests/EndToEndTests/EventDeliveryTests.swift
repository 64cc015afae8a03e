import ConnectTesting
import Foundation
import Testing

/// What a feed finds of earlier runs, of other jobs and of others on its server, and what it makes of it.
@Suite(.waits) struct EventDeliveryTests {
    private func files(_ host: Installation, _ directory: String = "download") -> [String] { host.directory.names(in: "home/files/" + directory) }

    private func text(_ host: Installation, _ name: String, in directory: String = "download") throws -> String {
        String(decoding: try #require(host.directory.contents("home/files/\(directory)/\(name)")), as: UTF8.self)
    }

    private func records(_ host: Installation, _ names: [String]) throws -> [String] {
        try names.flatMap { try text(host, $0).split(separator: "\n").map(String.init) }
    }

    private func ingest(_ numbers: ClosedRange<Int>, _ host: Installation) throws {
        try host.expectSuccess("events", "ingest", "-", input: numbers.map { EventFeedTests.sent($0) }.joined(separator: "\n"))
    }

    /// Ten events, whole under a temporary name when the worker was killed.
    private func cutOff() throws -> (host: Installation, temporary: String) {
        let host = try EventFeedTests.host()
        try host.apply(EventFeedTests.feed("Feed", "{ types: [SENT], empty: skip, header: false, ready_file: count }"))
        try ingest(1...10, host)
        let killed = try host.run("jobs", "run", "Feed", "--scheduled", environment: ["CONNECTHOST_FAILPOINT": "feed.uploaded"])
        guard killed.status != 0, let temporary = files(host).first(where: { $0.hasSuffix(".part") }) else {
            throw TestFailure("feed.uploaded was not met")
        }
        return (host, temporary)
    }

    private func expectEachOnce(_ host: Installation, _ count: Int, besides other: [String] = []) throws {
        let all = try records(host, files(host).filter { $0.hasSuffix(".txt") && !other.contains($0) })
        #expect(all.count == count && Set(all).count == count, "\(files(host))")
        #expect(files(host).allSatisfy { $0.hasSuffix(".txt") || $0.hasSuffix(".ready") }, "\(files(host))")
    }

    @Test("EVT-4: a feed whose directory or account changed to one that sorts before, or whose clock ran ahead for a year, goes on at once")
    func names() throws {
        let host = try EventFeedTests.host()
        func run(_ number: Int, _ settings: String, _ environment: [String: String] = [:]) throws {
            try host.apply(EventFeedTests.feed("Feed", "{ types: [SENT], empty: skip, header: false\(settings) }"))
            try ingest(number...number, host)
            try host.expectSuccess("jobs", "run", "Feed", "--scheduled", environment: environment)
        }
        try run(1, ", directory: outgoing")
        try run(2, ", directory: incoming")
        try host.expectSuccess("connectors", "profile", "set", "event-feed", "--set", "account_id=0999")
        let ahead = ["CONNECTHOST_CLOCK_SHIFT": try host.directory.write("shift", "31536000")]
        try run(3, ", directory: incoming", ahead)
        try run(4, ", directory: incoming")
        #expect(files(host, "outgoing").count == 1 && files(host, "incoming").count == 3)
        let ours = files(host, "incoming").filter { $0.hasPrefix("0999_") }
        #expect(try ours.map { try text(host, $0, in: "incoming").contains("p3@") } == [true, false], "\(ours)")
    }

    @Test("EVT-5: another's file of the same size under the name of a feed that was cut off stays, and each event is given once beside it")
    func anothers() throws {
        let (host, temporary) = try cutOff()
        let name = String(temporary.dropLast(".part".count))
        let other = String(try text(host, temporary).reversed())
        try host.directory.write("home/files/download/" + name, other)
        try host.run("runs", "recover")
        try host.run("jobs", "run", "Feed", "--scheduled")
        #expect(try text(host, name) == other)
        try expectEachOnce(host, 10, besides: [name])
    }

    @Test(
        "EVT-5: a rename that was cut off between its two names, and one whose temporary file went, end with one file under the one name",
        arguments: [true, false])
    func renames(_ isHalf: Bool) throws {
        let (host, temporary) = try cutOff()
        let name = String(temporary.dropLast(".part".count))
        let path = host.home + "/files/download/"
        if isHalf {
            try FileManager.default.linkItem(atPath: path + temporary, toPath: path + name)
        } else {
            try FileManager.default.removeItem(atPath: path + temporary)
        }
        try ingest(11...12, host)
        try host.run("runs", "recover")
        try host.expectSuccess("jobs", "run", "Feed", "--scheduled")
        #expect(try files(host).contains(name) && text(host, name.replacing(".txt", with: ".ready")) == "10\n")
        try expectEachOnce(host, 12)
    }

    @Test(
        "EVT-3, EVT-5: a type whose run has not ended is still taken; once it has, the next job gives each event once",
        arguments: ["feed.begun", "feed.uploaded"])
    func takenOver(_ failpoint: String) throws {
        let host = try EventFeedTests.host()
        let settings = "{ types: [SENT], empty: skip, header: false }"
        try host.apply(EventFeedTests.feed("First", settings))
        try ingest(1...10, host)
        #expect(try host.run("jobs", "run", "First", "--scheduled", environment: ["CONNECTHOST_FAILPOINT": failpoint]).status != 0)
        try host.expectSuccess("jobs", "deactivate", "First")
        for attempt in 0..<2 {
            let refused = try host.run("apply", "-", input: EventFeedTests.feed("Second", settings))
            #expect(refused.status == 3 && refused.errors.contains("run 1.1 of job \"First\""), "attempt \(attempt): \(refused.errors)")
        }
        try host.run("runs", "stop", "1.1")
        try host.apply(EventFeedTests.feed("Second", settings))
        try ingest(11...12, host)
        try host.expectSuccess("jobs", "run", "Second", "--scheduled")
        try expectEachOnce(host, 12)
    }

    @Test("EVT-4, EXP-4: characters that a feed's set does not have, and delimiters without an enclosure, are counted in the result and warned of")
    func replaced() throws {
        let host = try EventFeedTests.host()
        try host.apply(EventFeedTests.feed("Feed", "{ types: [SENT], charset: ISO-8859-1, enclosure: none, empty: skip }"))
        try host.expectSuccess("events", "ingest", "-", input: EventFeedTests.sent(1, #","SEGMENT_INFO":"日本, x""#))
        let run = try host.json("jobs", "run", "Feed", "--scheduled")
        let feed = JSONObject(try JSONSerialization.jsonObject(with: Data((run["result"]["feed"].string ?? "{}").utf8)))
        #expect(feed["files"][0]["replaced_characters"].int == 2 && feed["files"][0]["replaced_marks"].int == 1, "\(run.value ?? "")")
        #expect(run["warnings"].count == 2 && run["warnings"][0].string?.contains("2 characters") == true, "\(run.value ?? "")")
    }

    @Test("EVT-2, domain §1.2: an unknown program is -1; the account's own columns take the place of ours; none at all are refused")
    func ownColumns() throws {
        let host = try EventFeedTests.host("columns=SENT=RIID EMAIL PROGRAM_ID")
        try host.apply(EventFeedTests.feed("Feed", "{ types: [SENT, SMS_SENT], empty: skip }"))
        try ingest(1...1, host)
        try host.expectSuccess("events", "ingest", "-", input: #"{"id":"s","type":"SMS_SENT","PROGRAM_ID":12}"#)
        try host.expectSuccess("jobs", "run", "Feed", "--scheduled")
        let sent = try #require(files(host).first { $0.hasPrefix("1234_SENT_") })
        #expect(try text(host, sent) == "\"RIID\",\"EMAIL\",\"PROGRAM_ID\"\n\"1\",\"p1@example.com\",\"-1\"\n")
        #expect(try text(host, try #require(files(host).first { $0.hasPrefix("1234_SMS_SENT_") })).contains("\"12\""))
        try host.expectSuccess("connectors", "profile", "set", "event-feed", "--set", "columns=SENT= ")
        let refused = try host.run("jobs", "errors", "Feed")
        #expect(refused.output.contains("The columns of SENT are none"), "\(refused.output)\(refused.errors)")
    }

    @Test("EVT-5: a repeat whose times are none, or in the wrong order, is refused when it is validated")
    func windows() throws {
        let host = try EventFeedTests.host()
        func document(_ windows: [(String, String)]) -> String {
            "jobs:\n"
                + windows.enumerated().map { number, window in
                    "  - name: Again \(number)\n    kind: event-feed-again\n    settings: { types: [SENT], from: \"\(window.0)\", to: \"\(window.1)\" }\n"
                }.joined()
        }
        let wrong = [
            ("yesterday, 8 o'clock", "2025-03-02T00:00:00Z", "\"yesterday, 8 o'clock\" is no time"),
            ("2025-02-29T00:00:00Z", "2025-03-02T00:00:00Z", "\"2025-02-29T00:00:00Z\" is no time"),
            ("2025-03-01T00:00:00Z", "2025-03-01T02:00:00+02:00", "\"to\" is not later"),
            ("2025-03-01T00:00:00Z", "2025-03-01T00:60:00Z", "\"2025-03-01T00:60:00Z\" is no time"),
        ]
        let refused = try host.run("validate", "-", input: document(wrong.map { ($0.0, $0.1) }))
        #expect(refused.status == 3)
        for (_, _, words) in wrong { #expect(refused.output.contains(words), "\(refused.output)") }
        try host.expectSuccess(
            "validate", "-", input: document([("2025-03-01 00:00:00", "2025-03-01T00:00:00.001Z"), ("1740787200", "2025-03-01T02:00:01+0200")]))
    }
}

import ConnectTesting
import Foundation
import Synchronization
import Testing

/// Events in, files out, as a person and a schedule use them.
@Suite(.waits) struct EventFeedTests {
    static func host(_ profile: String...) throws -> Installation {
        let host = try Installation()
        let settings = (["account_id=1234"] + profile).flatMap { ["--set", $0] }
        for kind in ["event-feed", "event-feed-again"] {
            let result = try host.start(["connectors", "profile", "set", kind] + settings).wait()
            guard result.status == 0 else { throw TestFailure(result.errors) }
        }
        return host
    }

    static func sent(_ number: Int, _ more: String = "") -> String {
        #"{"id":"e\#(number)","type":"SENT","time":"2025-03-01T12:00:\#(number % 60 < 10 ? "0" : "")\#(number % 60)Z","RIID":\#(number),"EMAIL":"p\#(number)@example.com"\#(more)}"#
    }

    static func feed(_ name: String = "Feed", _ settings: String) -> String {
        "jobs:\n  - name: \(name)\n    kind: event-feed\n    settings: \(settings)\n"
    }

    private func files(_ host: Installation, _ suffix: String = "") -> [String] {
        host.directory.names(in: "home/files/download").filter { $0.hasSuffix(suffix) }
    }

    private func lines(_ host: Installation, _ file: String) throws -> [String] {
        let data = try #require(host.directory.contents("home/files/download/" + file))
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("EVT-6: events come in as NDJSON, CloudEvents and CSV, each once by its id; what is no event is told")
    func ingest() throws {
        let host = try Self.host()
        let cloud =
            #"{"specversion":"1.0","id":"c1","source":"/x","type":"com.example.open","time":"2025-03-01T12:00:00+02:00","data":{"RIID":5,"EMAIL_FORMAT":"H"}}"#
        let input = [Self.sent(1), Self.sent(2), Self.sent(1), cloud, "no json", #"{"id":"x","type":"NOSUCH"}"#, #"{"type":"SENT"}"#].joined(
            separator: "\n")
        let first = try host.run("events", "ingest", "-", "--json", input: input)
        let counts = JSONObject(try JSONSerialization.jsonObject(with: Data(first.output.utf8)))
        #expect(first.status == 1 && counts["stored"].int == 3 && counts["repeated"].int == 1 && counts["rejected"].int == 3)
        #expect(first.errors.contains("line 5:") && first.errors.contains("NOSUCH") && first.errors.contains("It has no id."))
        let again = try host.run("events", "ingest", "-", "--json", input: input)
        #expect(JSONObject(try JSONSerialization.jsonObject(with: Data(again.output.utf8)))["stored"].int == 0)
        let csv = "id,type,time,RIID,EMAIL\nk1,BOUNCE,2025-03-01T12:00:00Z,7,\"a, b@example.com\"\n"
        try host.expectSuccess("events", "ingest", "-", "--format", "csv", input: csv)
        #expect(try host.expectSuccess("events", "count", "SENT").trimmingCharacters(in: .whitespacesAndNewlines) == "2")
        let row = try host.expectSuccess("events", "query", "OPEN")
        #expect(row.contains(#""EMAIL_FORMAT":"H""#) && row.contains("2025-03-01 10:00:00Z"))
        #expect(try host.expectSuccess("events", "query", "BOUNCE").contains("a, b@example.com"))
    }

    @Test("EVT-1, EVT-2: every type has a file of its own with its columns, the account's own among them, device columns where the account has them")
    func columns() throws {
        let host = try Self.host("device_columns=classic", "event_type_ids=SENT=77")
        for number in 1...12 { try host.expectSuccess("events", "columns", "add", "OWN_\(number)", "--channel", "email") }
        #expect(try host.run("events", "columns", "add", "OWN_13", "--channel", "email").status == 3)
        #expect(try host.run("events", "columns", "add", "X", "--channel", "carrier-pigeon").status == 3)
        let schema = try host.json("jobs", "kinds")
        let fields = try #require((0..<schema.count).first { schema[$0]["kind"].string == "org.connecthost.event-feed" }.map { schema[$0]["fields"] })
        let types = try #require(
            (0..<fields.count).compactMap { fields[$0]["path"].string == "settings.types" ? fields[$0]["type"].string : nil }.first)
        let tokens = types.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).map(String.init).filter { $0 == $0.uppercased() }
        #expect(tokens.count == 42)
        try host.expectSuccess(
            "events", "ingest", "-",
            input: tokens.map { #"{"id":"1","type":"\#($0)","OWN_2":"mine","BROWSER":"FF","LAUNCH_STARTED_DT":"2025-03-01T00:00:00Z"}"# }.joined(
                separator: "\n"))
        try host.apply(Self.feed("All", "{ types: [\(tokens.joined(separator: ", "))] }"))
        try host.expectSuccess("jobs", "run", "All", "--scheduled")
        #expect(files(host).count == 42)
        for token in tokens {
            let pattern = try Regex("^1234_\(token)_[0-9]{8}_[0-9]{6}\\.txt$")
            let file = try #require(files(host).first { $0.firstMatch(of: pattern) != nil })
            #expect(try lines(host, file).count == 2, "\(token)")
        }
        let click = try lines(host, try #require(files(host).first { $0.hasPrefix("1234_CLICK_") }))
        #expect(
            click[0].contains("\"OFFER_URL\",\"OWN_1\"")
                && click[0].hasSuffix("\"USER_AGENT_STRING\",\"OPERATING_SYSTEM\",\"BROWSER\",\"BROWSER_TYPE\""))
        let sent = try lines(host, try #require(files(host).first { $0.hasPrefix("1234_SENT_") }))
        #expect(
            sent[0].hasPrefix("\"EVENT_TYPE_ID\",\"ACCOUNT_ID\",\"LIST_ID\",\"RIID\"") && sent[1].hasPrefix("\"77\",\"1234\"")
                && sent[1].contains("\"mine\""))
        let launch = try lines(host, try #require(files(host).first { $0.hasPrefix("1234_LAUNCH_STATE_") }))
        #expect(launch[1].contains("\"01-Mar-2025 00:00:00\""))
    }

    @Test("EVT-3: a type is in one active job only, and who has it is said")
    func taken() throws {
        let host = try Self.host()
        try host.apply(Self.feed("First", "{ types: [SENT, BOUNCE] }"))
        let second = try host.run("apply", "-", input: Self.feed("Second", "{ types: [BOUNCE, OPEN] }"))
        #expect(
            second.status == 3 && second.errors.contains("\"BOUNCE\" is taken") && second.errors.contains("\"First\"")
                && !second.errors.contains("\"OPEN\" is taken"))
        try host.expectSuccess("jobs", "deactivate", "First")
        try host.apply(Self.feed("Second", "{ types: [BOUNCE, OPEN] }"))
        #expect(try host.run("jobs", "activate", "First").status == 3)
        // Two jobs of one document: each is told of the other, and a type may go from one to the other.
        let both = { (one: String, two: String) in
            Self.feed("One", "{ types: [\(one)] }") + Self.feed("Two", "{ types: [\(two)] }").dropFirst("jobs:\n".count)
        }
        let twice = try host.run("apply", "-", input: both("SENT", "CLICK, SENT"))
        #expect(twice.status == 3 && twice.errors.contains("active job \"One\"") && twice.errors.contains("active job \"Two\""), "\(twice.errors)")
        try host.apply(both("SENT", "CLICK"))
        try host.apply(both("CLICK", "SENT"))
        #expect(try host.json("jobs", "show", "One")["definition"]["settings"]["types"][0].string == "CLICK")
        // Renamed, a job keeps what it has.
        try host.expectSuccess("jobs", "edit", "One", "--file", try host.directory.write("one.yaml", Self.feed("Uno", "{ types: [CLICK] }")))
    }

    @Test("EVT-4: no run out of turn and no copy; compression, ready file, enclosure, time zone as the job says")
    func options() throws {
        let host = try Self.host("zone=Europe/Berlin")
        try host.expectSuccess("events", "ingest", "-", input: [Self.sent(1, #","SEGMENT_INFO":"a\r\nb;c""#), Self.sent(2)].joined(separator: "\n"))
        try host.apply(
            Self.feed(
                "Zipped", "{ types: [SENT], compression: zip, delimiter: \";\", enclosure: none, header: false, ready_file: count, empty: skip }"))
        let refused = try host.run("jobs", "run", "Zipped")
        #expect(refused.status == 3 && refused.errors.contains("out of turn"))
        #expect(try host.run("jobs", "copy", "Zipped", "Other").status != 0)
        try host.expectSuccess("jobs", "run", "Zipped", "--scheduled")
        let zip = try #require(files(host, ".zip").first)
        #expect(try lines(host, zip.replacing(".zip", with: ".ready")) == ["2"])
        let text = try ChildRun("unzip", ["-p", host.home + "/files/download/" + zip]).wait().output
        #expect(text.split(separator: "\n").count == 2 && text.contains(";01-Mar-2025 13:00:01;") && text.contains("a b c"))
        let member = try ChildRun("unzip", ["-Z1", host.home + "/files/download/" + zip]).wait().output
        #expect(member.trimmingCharacters(in: .whitespacesAndNewlines) == zip.replacing(".zip", with: ".txt"))
        try host.expectSuccess("jobs", "run", "Zipped", "--scheduled")
        #expect(files(host, ".zip").count == 1, "nothing new, no file")
    }

    @Test("EVT-4: gz files, and files encrypted and signed for somebody, who opens them with gpg; the event is given once all the same")
    func packed() throws {
        let host = try Self.host()
        let partner = try PGPPartner()
        try host.expectSuccess("keys", "generate", "Host", "--email", "us@example.com", "--type", "ed25519")
        try partner.exchangeKeys(with: host)
        try host.expectSuccess("events", "ingest", "-", input: [Self.sent(1), #"{"id":"b","type":"BOUNCE","RIID":2}"#].joined(separator: "\n"))
        let refused = try host.run(
            "apply", "-", input: Self.feed("Gz", "{ types: [SENT], recipients: [nobody@partner.example], sign_with: data@partner.example }"))
        #expect(refused.status == 3 && refused.errors.contains("no key \"nobody@partner.example\"") && refused.errors.contains("The private half"))
        try host.apply(Self.feed("Gz", "{ types: [SENT], compression: gz, ready_file: count, ready_name: append, empty: skip }"))
        try host.apply(
            Self.feed(
                "Pgp",
                "{ types: [BOUNCE], compression: zip, recipients: [data@partner.example], sign_with: us@example.com, ready_file: count, empty: skip }"
            ))
        for name in ["Gz", "Pgp"] { try host.expectSuccess("jobs", "run", name, "--scheduled") }
        let gz = try #require(files(host, ".txt.gz").first)
        #expect(try lines(host, gz + ".ready") == ["1"])
        #expect(try ChildRun("gunzip", ["-c", host.home + "/files/download/" + gz]).wait().output.split(separator: "\n").count == 2)
        let pgp = try #require(files(host, ".zip.gpg").first)
        #expect(try lines(host, pgp.replacing(".zip.gpg", with: ".ready")) == ["1"])
        let opened = try partner.open(host.home + "/files/download/" + pgp)
        #expect(opened.remarks.contains("GOODSIG"))
        let text = try ChildRun("unzip", ["-p", try host.directory.write("opened.zip", opened.content)]).wait().output
        #expect(text.split(separator: "\n").count == 2 && text.contains("\"2\""))
        for name in ["Gz", "Pgp"] { try host.expectSuccess("jobs", "run", name, "--scheduled") }
        #expect(files(host).count == 4, "nothing new, no file")
    }

    @Test(
        "EVT-5: a feed that is killed at any step gives each event once, under one name, and its ready file after it",
        arguments: ["run.claimed", "feed.begun", "feed.uploaded", "feed.published", "feed.announced"])
    func killed(at place: String) throws {
        let host = try Self.host()
        try host.apply(Self.feed("Feed", "{ types: [SENT], ready_file: count, empty: skip }"))
        try host.expectSuccess("events", "ingest", "-", input: (1...50).map { Self.sent($0) }.joined(separator: "\n"))
        #expect(try host.run("jobs", "run", "Feed", "--scheduled", environment: ["CONNECTHOST_FAILPOINT": place]).status != 0)
        let early = files(host, ".ready")
        #expect(early.isEmpty || place == "feed.announced")
        try host.expectSuccess("events", "ingest", "-", input: (40...80).map { Self.sent($0) }.joined(separator: "\n"))
        _ = try host.run("runs", "recover")
        try host.expectSuccess("jobs", "run", "Feed", "--scheduled")
        let records = try files(host, ".txt").flatMap { try lines(host, $0).dropFirst() }
        #expect(records.count == 80 && Set(records).count == 80, "\(records.count) records, \(Set(records).count) different, in \(files(host))")
        #expect(files(host, ".ready").count == files(host, ".txt").count && files(host, ".part").isEmpty)
    }

    @Test("EVT-5: events of a stated time are given once more on demand, marked so, and the feed does not notice")
    func again() throws {
        let host = try Self.host()
        try host.apply(Self.feed("Feed", "{ types: [SENT], empty: skip }"))
        try host.expectSuccess("events", "ingest", "-", input: (1...5).map { Self.sent($0) }.joined(separator: "\n"))
        try host.expectSuccess("jobs", "run", "Feed", "--scheduled")
        try host.apply(
            "jobs:\n  - name: Again\n    kind: event-feed-again\n    settings: { types: [SENT], from: \"2020-01-01T00:00:00Z\", to: \"2100-01-01T00:00:00Z\" }\n"
        )
        try host.expectSuccess("jobs", "run", "Again")
        let repeats = files(host, ".txt").filter { $0.contains("_SENT_REPEAT_") }
        #expect(repeats.count == 1)
        #expect(try lines(host, repeats[0]).count == 6)
        try host.expectSuccess("jobs", "run", "Feed", "--scheduled")
        #expect(files(host, ".txt").count == 2)
    }

    /// Writers that add a hundred events at a time until they are told to stop.
    private final class Writers: Sendable {
        private let isOver = Atomic(false)
        private let result = Mutex<(written: [Int], failures: [String])>(([], []))
        private let ended = DispatchSemaphore(value: 0)
        private let count: Int

        init(_ count: Int, to host: Installation) {
            self.count = count
            for writer in 0..<count {
                Thread.detachNewThread { [self] in
                    var round = 0
                    while !isOver.load(ordering: .acquiring) {
                        let numbers = (0..<100).map { writer * 10_000_000 + round * 100 + $0 }
                        round += 1
                        let input = numbers.map { EventFeedTests.sent($0) }.joined(separator: "\n")
                        let ingest = try? host.run("events", "ingest", "-", input: input)
                        result.withLock {
                            if ingest?.status == 0 { $0.written += numbers } else { $0.failures.append(ingest?.errors ?? "not started") }
                        }
                    }
                    ended.signal()
                }
            }
        }

        /// What they have written, once the last has ended. Any number of times.
        func stop() -> (written: [Int], failures: [String]) {
            isOver.store(true, ordering: .releasing)
            for _ in 0..<count { ended.wait() }
            for _ in 0..<count { ended.signal() }
            return result.withLock { $0 }
        }
    }

    /// Goes on until three runs were really cut off, whatever the machine's speed, and for `FEED_CRASH_SECONDS` at least (make soak: 60).
    @Test("EVT-5: eight writers add events while the feed runs and its worker is killed at random; the files together hold each event once")
    func exactlyOnce() throws {
        let seconds = ProcessInfo.processInfo.environment["FEED_CRASH_SECONDS"].flatMap(Double.init) ?? 0
        let host = try Self.host()
        try host.apply(Self.feed("Feed", "{ types: [SENT], empty: skip, header: false }"))
        let writers = Writers(8, to: host)
        defer { _ = writers.stop() }
        let begin = Date()
        var (runs, cutOff) = (0, 0)
        // How long a worker lives on this machine, beside what else is going on: kills strike anywhere within.
        var lifetime: TimeInterval = 0.1
        while cutOff < 3 || Date() < begin + seconds {
            guard runs < 200 || Date() < begin + seconds else { break }
            runs += 1
            let run = try host.start(["jobs", "run", "Feed", "--scheduled"])
            guard let worker = run.firstChild() else {
                _ = run.wait()
                continue
            }
            let start = Date()
            if runs % 4 == 0 {
                _ = run.wait()
                lifetime = Date().timeIntervalSince(start)
            } else {
                usleep(UInt32(Double.random(in: 0...lifetime) * 1_000_000))
                kill(worker, SIGKILL)
                if run.wait().status != 0 { cutOff += 1 }
            }
        }
        let (expected, failures) = writers.stop()
        for _ in 0..<5 { if try host.run("jobs", "run", "Feed", "--scheduled").status == 0 { break } }
        #expect(failures.isEmpty, "\(failures.prefix(3))")
        let given = try files(host, ".txt").flatMap { try lines(host, $0) }.compactMap {
            $0.split(separator: ",").count > 3 ? Int($0.split(separator: ",", omittingEmptySubsequences: false)[3].dropFirst().dropLast()) : nil
        }
        #expect(
            given.count == expected.count && Set(given) == Set(expected),
            "\(expected.count) written, \(given.count) given, \(Set(given).count) different, \(cutOff) of \(runs) runs cut off")
        #expect(cutOff >= 3, "\(cutOff) of \(runs) runs were cut off")
        #expect(files(host, ".part").isEmpty)
    }
}

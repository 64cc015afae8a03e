import ConnectTesting
import Foundation
import Testing

/// `connecthost serve` as a process, with a clock that the test sets.
@Suite(.waits) struct ServeTests {
    static let lists = """
        lists:
          - name: CONTACTS
            fields: { FIRST_NAME: STR100 }

        """

    static func job(_ name: String, _ more: String = "") -> String {
        """
          - name: \(name)
            kind: import-list
            file: { name: \(name).csv }
            target: { list: CONTACTS }
            mapping: { fields: { mail: EMAIL_ADDRESS_ } }
        \(more)

        """
    }

    static func file(_ name: String) -> String { "mail,FIRST_NAME\n\(name)@example.com,\(name)\n" }

    /// Seconds from now to the start that `schedule next` tells.
    private func secondsToStart(_ installation: Installation, _ job: String) throws -> Int {
        let text = try #require(try installation.json("schedule", "next", job, "-n", "1")["starts"][0]["at"].string)
        let format = ISO8601DateFormatter()
        let date = try #require(format.date(from: text.replacingOccurrences(of: " ", with: "T")))
        return Int(date.timeIntervalSinceNow.rounded(.up))
    }

    private func runs(_ installation: Installation) throws -> [(run: String, job: String, status: String, trigger: String)] {
        let list = try installation.json("runs", "list", "--limit", "100")
        return (0..<list.count).map { index in
            (
                list[index]["run"].string ?? "", list[index]["job"].string ?? "", list[index]["status"].string ?? "",
                list[index]["trigger"].string ?? ""
            )
        }
    }

    @Test("SCH-1, SCH-2, OPS-1: a scheduled job starts at its minute, once, while the server runs; metrics and health tell")
    func startsOnTime() throws {
        let installation = try Installation()
        let schedule = "    schedule: { repeat: daily, hour: 3, slot: 30-44, zone: Europe/Berlin }"
        try installation.apply(Self.lists + "jobs:\n" + Self.job("a", schedule))
        try installation.put("a.csv", Self.file("ann"))
        let server = try RunningServer(installation, shiftSeconds: 0)
        let seconds = try secondsToStart(installation, "a")
        #expect(try server.metric("scheduled") == 1)
        try installation.setClock(shiftSeconds: seconds + 1)
        try installation.wakeServer()
        try installation.waitUntil("the run has ended") { try runs(installation).first?.status == "succeeded" }
        try installation.wakeServer()
        #expect(try runs(installation).map(\.trigger) == ["schedule"])
        try installation.waitUntil("metrics tell") { try server.metric("runs_finished_total{kind=\"import-list\",status=\"succeeded\"}") == 1 }
        #expect(try server.metric("records_total{outcome=\"inserted\"}") == 1)
        #expect(try server.metric("starts_total{trigger=\"schedule\"}") == 1)
        #expect(try server.get("healthz") == "200\nok\n")
        #expect(try server.get("nothing").hasPrefix("404"))
        let history = try installation.json("schedule", "history", "a")
        #expect(history.count == 1 && history[0]["outcome"].string == "started")
        // The next one is a day later.
        #expect(try secondsToStart(installation, "a") > seconds + 80_000)
    }

    @Test("OPS-1: one server a home; SIGHUP looks again; SIGTERM ends it in good order, and the CLI works without it")
    func lifeOfAServer() throws {
        let installation = try Installation()
        try installation.apply(Self.lists + "jobs:\n" + Self.job("a"))
        let server = try RunningServer(installation)
        let second = try installation.run("serve", "--no-http")
        #expect(second.status == 3)
        #expect(second.errors.contains("Another server is running"))
        server.send(signal: SIGHUP)
        try installation.put("a.csv", Self.file("ann"))
        try installation.expectSuccess("jobs", "run", "a")
        server.send(signal: SIGTERM)
        let ended = server.wait()
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.errors.contains("\"event\":\"connectors.rescanned\""))
        #expect(ended.errors.contains("\"event\":\"serve.ended\""))
        try installation.put("a.csv", Self.file("bob"))
        try installation.expectSuccess("jobs", "run", "a")
        _ = try RunningServer(installation)
    }

    @Test("SCH-4: starts missed while no server ran follow the policy when one begins")
    func missed() throws {
        let installation = try Installation()
        let schedule = { (policy: String) in "    schedule: { repeat: daily, hour: 3, slot: 30-44, missed: \(policy) }" }
        try installation.apply(Self.lists + "jobs:\n" + Self.job("once", schedule("run_once")) + Self.job("never", schedule("skip")))
        try installation.put("once.csv", Self.file("ann"))
        let server = try RunningServer(installation, shiftSeconds: 3 * 86_400 + 40_000)
        try installation.waitUntil("the run has ended") { try runs(installation).first?.status == "succeeded" }
        #expect(try runs(installation).map(\.job) == ["once"])
        let missed = try installation.json("schedule", "history", "never")
        #expect(missed[0]["outcome"].string == "missed")
        #expect(try server.metric("missed_starts_total") ?? 0 >= 5)
    }

    @Test("SCH-1: a job starts when its file has arrived and is whole, once for each file")
    func fileArrival() throws {
        let installation = try Installation()
        let more = "    schedule: { repeat: file_arrival, every_seconds: 5 }"
        let ready = "    schedule: { repeat: file_arrival, every_seconds: 5, ready_file: \"{NAME}.ready\" }"
        try installation.apply(Self.lists + "jobs:\n" + Self.job("a", more) + Self.job("b", ready))
        let server = try RunningServer(installation, shiftSeconds: 0)
        var shift = 0
        func look() throws {
            shift += 6
            try installation.setClock(shiftSeconds: shift)
            try installation.wakeServer()
        }
        try installation.put("a.csv", Self.file("ann"))
        try installation.put("b.csv", Self.file("bob"))
        try installation.waitUntil("a's file was taken") {
            try look()
            return try runs(installation).contains { $0.job == "a" && $0.status == "succeeded" }
        }
        #expect(try runs(installation).map(\.trigger) == ["file"])
        #expect(installation.directory.names(in: "home/files/upload") == ["b.csv"])
        try installation.put("b.ready", "")
        try installation.waitUntil("b's file was taken") {
            try look()
            return try runs(installation).contains { $0.job == "b" && $0.status == "succeeded" }
        }
        #expect(try server.metric("starts_total{trigger=\"file\"}") == 2)
    }

    @Test("GRP-2, SCH-5: the server runs a group in order and skips what follows a failure")
    func groupByServer() throws {
        let installation = try Installation()
        try installation.apply(
            Self.lists + "jobs:\n" + Self.job("a") + Self.job("b") + Self.job("c") + """
                groups:
                  - name: all
                    jobs: [a, b, c]
                    schedule: { repeat: daily, hour: 3, slot: 30-44 }
                """)
        try installation.put("a.csv", Self.file("ann"))
        try installation.put("c.csv", Self.file("cat"))
        _ = try withExtendedLifetime(RunningServer(installation, shiftSeconds: 0)) { _ in
            try installation.setClock(shiftSeconds: try secondsToStart(installation, "all") + 1)
            try installation.wakeServer()
            try installation.waitUntil("the group has ended") { try installation.json("groups", "runs")[0]["status"].string == "failed" }
        }
        let run = try installation.json("groups", "runs")[0]
        #expect((0..<3).map { run["jobs"][$0]["status"].string } == ["succeeded", "failed", "skipped"])
        #expect(run["trigger"].string == "schedule")
        #expect(installation.directory.names(in: "home/files/upload") == ["c.csv"])
        #expect(try installation.json("runs", "list", "--group", "all").count == 2)
    }

    @Test("OPS-1: systemd is told that the server is ready and that it ends")
    func notifiesSystemd() throws {
        let installation = try Installation()
        let socket = installation.directory.path + "/notify"
        let listener = try ChildRun(
            "python3",
            [
                "-c",
                """
                import socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(600)
                seen = ''
                while 'STOPPING=1' not in seen: seen += s.recv(4096).decode() + '\\n'
                print(seen)
                """, socket,
            ])
        try installation.waitUntil("the listener is there") { FileManager.default.fileExists(atPath: socket) }
        let server = try installation.start(["serve", "--no-http"], environment: ["NOTIFY_SOCKET": socket])
        try installation.waitUntil("the server has begun") { FileManager.default.fileExists(atPath: installation.home + "/serve/bell") }
        server.send(signal: SIGTERM)
        #expect(server.wait().status == 0)
        let told = listener.wait().output
        #expect(told.contains("READY=1") && told.contains("STOPPING=1"))
    }

    /// A job whose file was written just now waits for a minute until it is settled.
    static func slowJob(_ name: String, _ more: String = "") -> String {
        job(name, more).replacingOccurrences(of: "name: \(name).csv", with: "name: \(name).csv, settle_seconds: 60")
    }

    @Test("SCH-5, OPS-1: more than the limit waits its turn; what is not done within the drain is cut off, and the next server finishes it")
    func limitAndDrain() throws {
        let installation = try Installation()
        let schedule = "    schedule: { repeat: daily, hour: 3, slot: 30-44 }"
        try installation.apply(Self.lists + "jobs:\n" + Self.slowJob("a", schedule) + Self.slowJob("b", schedule))
        for name in ["a", "b"] {
            try installation.put("\(name).csv", Self.file(name))
            // Later than any clock of this test.
            let future = Date().addingTimeInterval(10 * 86_400)
            try FileManager.default.setAttributes([.modificationDate: future], ofItemAtPath: installation.upload + "/\(name).csv")
        }
        let server = try RunningServer(installation, "--concurrency", "1", "--drain", "0", shiftSeconds: 86_400)
        try installation.waitUntil("one runs and one waits") { try Set(runs(installation).map(\.status)) == ["running", "queued"] }
        server.send(signal: SIGTERM)
        let ended = server.wait()
        #expect(ended.status == 0)
        #expect(ended.errors.contains("run.cut-off"))
        #expect(try Set(runs(installation).map(\.status)) == ["interrupted", "queued"])
        for name in ["a", "b"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: installation.upload + "/\(name).csv")
        }
        let next = try RunningServer(installation)
        try installation.waitUntil("both have run") { try runs(installation).map(\.status) == ["succeeded", "succeeded"] }
        #expect(try installation.rows("CONTACTS", "EMAIL_ADDRESS_").count == 2)
        withExtendedLifetime(next) {}
    }

    @Test("SCH-5: a start that is due while somebody runs the job by hand waits for that run's end")
    func waitsForRunsByHand() throws {
        let installation = try Installation()
        try installation.apply(Self.lists + "jobs:\n" + Self.slowJob("a", "    schedule: { repeat: daily, hour: 3, slot: 30-44 }"))
        try installation.put("a.csv", Self.file("ann"))
        let future = Date().addingTimeInterval(10 * 86_400)
        try FileManager.default.setAttributes([.modificationDate: future], ofItemAtPath: installation.upload + "/a.csv")
        let server = try RunningServer(installation, shiftSeconds: 0)
        let byHand = try installation.start(["jobs", "run", "a", "--quiet"])
        try installation.waitUntil("it runs") { try runs(installation).first?.status == "running" }
        try installation.setClock(shiftSeconds: 86_400)
        try installation.wakeServer()
        try installation.waitUntil("the server has seen the start") {
            try installation.wakeServer()
            return try installation.json("jobs", "list")[0]["next_run"].string != nil && runs(installation).count == 1
        }
        try installation.expectSuccess("jobs", "stop", "a", "--yes")
        #expect(byHand.wait().status == 1)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: installation.upload + "/a.csv")
        try installation.waitUntil("the start's run has ended") { try runs(installation).map(\.status) == ["succeeded", "cancelled"] }
        #expect(try runs(installation).map(\.trigger) == ["schedule", "manual"])
        withExtendedLifetime(server) {}
    }
}

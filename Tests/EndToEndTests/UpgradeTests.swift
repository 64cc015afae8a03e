import ConnectTesting
import Foundation
import Testing

/// Homes that earlier versions made (`Fixtures/homes/make-home`), opened by the program of now.
@Suite(.waits) struct UpgradeTests {
    /// By the last step of the control database that is in them.
    static let homes = ["002-account", "007-exports"]

    private static let upgraded = "008-job-listing"

    /// In place of an installation's own home; beside it `shown`, what its version showed of it.
    private func unpacked(_ name: String) throws -> Installation {
        let installation = try Installation()
        let archive = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/homes/\(name).tar.gz"
        // What is known of the connectors is kept: each would be looked at anew in every home.
        let cache = installation.directory.path + "/cache"
        try FileManager.default.moveItem(atPath: installation.home + "/cache", toPath: cache)
        try FileManager.default.removeItem(atPath: installation.home)
        let unpacking = try ChildRun("tar", ["-C", installation.directory.path, "--no-same-owner", "-xzf", archive]).wait()
        guard unpacking.status == 0 else { throw TestFailure("\(archive) cannot be unpacked: \(unpacking.errors)") }
        try FileManager.default.moveItem(atPath: cache, toPath: installation.home + "/cache")
        return installation
    }

    private func sql(_ installation: Installation, _ statement: String, of database: String = "control") throws -> String {
        let shell = try ChildRun("sqlite3", ["\(installation.home)/\(database).sqlite", statement]).wait()
        guard shell.status == 0 else { throw TestFailure("\(statement): \(shell.errors)") }
        return shell.output
    }

    /// Everything that both databases hold, as text.
    private func dump(_ installation: Installation) throws -> [String] {
        try ["control", "audience"].map { try sql(installation, ".dump", of: $0) }
    }

    private static let looks = [
        ["lists", "query", "CONTACTS", "--fields", "RIID_,EMAIL_ADDRESS_,FIRST_NAME"], ["runs", "list"], ["runs", "show", "1.1"],
        ["servers", "list"],
        ["jobs", "list"], ["groups", "list"], ["hooks", "list"], ["outbox", "list"], ["secrets", "list"], ["schedule", "next", "nightly"],
    ]

    /// The program of now shows what that of then has shown, and perhaps more.
    private func expectAsBefore(_ installation: Installation, first count: Int = Self.looks.count) throws {
        let files = installation.directory.names(in: "shown")
        #expect(files.count >= 4)
        for arguments in Self.looks.prefix(count) {
            let file = arguments.joined(separator: "-").replacing("---", with: "-") + ".json"
            guard files.contains(file) else { continue }
            let now = try installation.start(arguments + ["--json"]).wait()
            #expect(now.status == 0, "\(now.errors)")
            let lines = { (data: Data) in
                // Rows of a list come one a line.
                try file.hasPrefix("lists-query")
                    ? data.split(separator: UInt8(ascii: "\n")).map { try JSONSerialization.jsonObject(with: $0) }
                    : try JSONSerialization.jsonObject(with: data)
            }
            let then = try lines(try #require(installation.directory.contents("shown/\(file)")))
            #expect(Self.differences(then, try lines(Data(now.output.utf8)), file) == [])
        }
        #expect(
            installation.directory.contents("home/runs/1.1/rejects.csv").map { String(decoding: $0, as: UTF8.self) }?.contains("no address") == true)
    }

    private static func differences(_ then: Any, _ now: Any, _ place: String) -> [String] {
        if let then = then as? [String: Any], let now = now as? [String: Any] {
            return then.flatMap { key, value in now[key].map { differences(value, $0, "\(place).\(key)") } ?? ["\(place).\(key) is gone"] }
        }
        if let then = then as? [Any], let now = now as? [Any], then.count == now.count {
            return zip(then, now).enumerated().flatMap { differences($1.0, $1.1, "\(place)[\($0)]") }
        }
        return (then as? NSObject) == (now as? NSObject) ? [] : ["\(place): \(then) is now \(now)"]
    }

    @Test("OPS-1: a home of an earlier version is brought up to date: everything is there, jobs run, and the server goes on", arguments: homes)
    func upgrade(home: String) throws {
        let installation = try unpacked(home)
        try expectAsBefore(installation)
        #expect(try installation.json("secrets", "verify")["unreadable"].count == 0)
        #expect(try sql(installation, "SELECT max(identifier) FROM grdb_migrations WHERE identifier < 'a'") == Self.upgraded + "\n")
        // What is written for the jobs and runs that there were is what lists go by.
        #expect(try installation.json("jobs", "list", "night", "--last", "failed", "--sort", "previous")[0]["name"].string == "nightly")
        #expect(try installation.json("jobs", "list", "--schedule", "recurring").count == (home == "002-account" ? 0 : 1))

        try installation.expectSuccess("servers", "set", "files", "--set", "directory=\(installation.home)/files")
        try installation.put("nightly.csv", "mail,FIRST_NAME\nBOB@example.com,Robert\ndan@example.com,Dan\n")
        try installation.expectSuccess("jobs", "run", "nightly")
        #expect(
            try installation.rows("CONTACTS", "EMAIL_ADDRESS_,FIRST_NAME") == [
                #"{"EMAIL_ADDRESS_":"ann@example.com","FIRST_NAME":"Ann"}"#, #"{"EMAIL_ADDRESS_":"bob@example.com","FIRST_NAME":"Robert"}"#,
                #"{"EMAIL_ADDRESS_":"dan@example.com","FIRST_NAME":"Dan"}"#,
            ])
        #expect(try installation.json("jobs", "list", "--last", "succeeded")[0]["last_run"]["run"].string?.hasPrefix("1.") == true)
        try serve(installation, scheduled: home != "002-account")
    }

    /// A server starts what the home has to start by itself.
    private func serve(_ installation: Installation, scheduled: Bool) throws {
        try installation.put("nightly.csv", "mail,FIRST_NAME\neve@example.com,Eve\n")
        let next = try installation.json("schedule", "next", "nightly", "-n", "1")["starts"][0]["at"].string
        #expect((next != nil) == scheduled)
        let due = try next.map { try Date($0.replacingOccurrences(of: " ", with: "T"), strategy: .iso8601) }
        let server = try RunningServer(installation, shiftSeconds: due.map { Int($0.timeIntervalSinceNow.rounded(.up)) } ?? 0)
        if scheduled {
            try installation.waitUntil("the scheduled run has ended") {
                try installation.json("runs", "list", "--trigger", "schedule", "--status", "succeeded").count == 1
            }
        }
        server.send(signal: SIGTERM)
        #expect(server.wait().status == 0)
        #expect(try installation.rows("CONTACTS", "RIID_").count == (scheduled ? 4 : 3))
    }

    @Test("OPS-1: an upgrade that is cut off leaves the tables of the earlier version as they were, and the next command makes it", arguments: homes)
    func cutOff(home: String) throws {
        let installation = try unpacked(home)
        let before = try dump(installation)
        for point in ["upgrade.step", "upgrade.before-commit"] {
            #expect(try installation.run("jobs", "list", environment: ["CONNECTHOST_FAILPOINT": point]).status == -SIGKILL, "\(point)")
            #expect(try dump(installation) == before, "\(point)")
        }
        #expect(try installation.run("jobs", "list", environment: ["CONNECTHOST_FAILPOINT": "upgrade.after-commit"]).status == -SIGKILL)
        #expect(try dump(installation)[1] == before[1])
        if home == "002-account" {
            #expect(try installation.run("jobs", "list", environment: ["CONNECTHOST_FAILPOINT": "upgrade.lists-written"]).status == -SIGKILL)
            #expect(try dump(installation)[1] == before[1])
        }
        try expectAsBefore(installation, first: 2)
    }

    @Test("OPS-1: of several commands that find an earlier version's home at once, one upgrades it and the others wait", arguments: homes)
    func together(home: String) throws {
        let installation = try unpacked(home)
        let commands = try (0..<3).map { _ in try installation.start(["jobs", "list"]) }
        for command in commands { #expect(command.wait().status == 0, "\(command.wait().errors)") }
        try expectAsBefore(installation, first: 2)
    }

    @Test("OPS-1: a home is not upgraded while its earlier version is at work in it, and nothing is changed")
    func inUse() throws {
        let installation = try unpacked("007-exports")
        let before = try dump(installation)
        for directory in ["serve", "runs/1.2", "outbox"] {
            try installation.directory.write("home/\(directory)/lock", "")
            // The lock is taken as a server or a worker takes it.
            let lock = "\(installation.home)/\(directory)/lock"
            let refused = try ChildRun("flock", [lock, Installation.program, "jobs", "list"] + installation.options).wait()
            #expect(refused.status == 3 && refused.errors.contains("that version is still at work"), "\(refused.errors)")
            #expect(refused.errors.contains("Stop its server"))
            #expect(try dump(installation) == before)
        }
        try installation.expectSuccess("jobs", "list")
    }

    @Test("OPS-1: a home of a newer version is refused with what to do, and nothing is changed")
    func newer() throws {
        let installation = try Installation()
        try installation.apply("lists:\n  - name: CONTACTS\n")
        _ = try sql(installation, "INSERT INTO grdb_migrations VALUES ('999-later')")
        let before = try dump(installation)
        let names = installation.directory.names(in: "home")
        for command in [["jobs", "list"], ["apply", "-"], ["serve", "--no-http"], ["init"]] {
            let refused = try installation.start(command, input: "lists:\n  - name: OTHER\n").wait()
            #expect(refused.status == 3, "\(command)")
            #expect(refused.errors.contains("newer ConnectHost: this one does not know 999-later"))
            #expect(refused.errors.contains("Use that version, or restore the backup"))
            #expect(try dump(installation) == before)
            #expect(installation.directory.names(in: "home") == names)
        }
    }
}

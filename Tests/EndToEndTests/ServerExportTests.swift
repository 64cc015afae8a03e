import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// Exports to a real SSH server.
@Suite(.waits) struct ServerExportTests {
    private func installation(_ server: TestServer, port: Int? = nil, people: Int = 60_000) throws -> Installation {
        let installation = try Installation()
        try add(server, port: port ?? server.port, to: installation)
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: load
                kind: import-list
                file: { name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
              - name: out
                kind: export
                source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, NAME] }
                file: { server: partner, name: contacts.csv, ready_file: count }
            """)
        try installation.put("contacts.csv", "mail,NAME\n" + (0..<people).map { "p\($0)@example.com,Name number \($0) of a longer sort\n" }.joined())
        try installation.expectSuccess("jobs", "run", "load")
        return installation
    }

    private func add(_ server: TestServer, port: Int, to installation: Installation) throws {
        try installation.expectSuccess(
            "servers", "add", "partner", "sftp", "--set", "host=127.0.0.1", "--set", "port=\(port)", "--set", "username=\(server["USERNAME"])",
            "--set", "directory=\(server["DIRECTORY"])", "--set", "stall_timeout_seconds=2", "--secret-file",
            "private_key=\(server["USER_KEY_ED25519"])")
        try installation.expectSuccess("servers", "trust", "partner", "--yes")
    }

    private func expectWhole(_ server: TestServer, _ run: JSONObject, people: Int = 60_000) throws {
        #expect(run["status"].string == "succeeded", "\(run.value ?? "")")
        let names = try FileManager.default.contentsOfDirectory(atPath: server.files.path).sorted()
        #expect(names == ["2_2_contacts.csv", "2_2_contacts.ready"])
        let text = try String(contentsOf: server.files.appendingPathComponent("2_2_contacts.csv"), encoding: .utf8)
        #expect(text.split(separator: "\n").count == people + 1)
        #expect(try String(contentsOf: server.files.appendingPathComponent("2_2_contacts.ready"), encoding: .utf8) == "\(people)\n")
    }

    @Test("EXP-6, FS-2: a file and its ready file come to a server of another by SFTP")
    func exports() throws {
        try TestServer.with { server in
            let installation = try installation(server)
            try expectWhole(server, try installation.json("jobs", "run", "out"))
        }
    }

    @Test("EXP-6, FS-8: a connection that is cut while a file is written is made anew, and the file written again, whole")
    func cut() throws {
        try TestServer.with { server in
            let faults = Faults([.cut(afterBytes: 5000), .cut(afterBytes: 6500), .reset(afterBytes: 8000)])
            let proxy = try ChaosProxy(to: server.port) { _ in faults.next() }
            defer { proxy.stop() }
            let installation = try installation(server, port: proxy.port)
            // What a server answers while it takes a file is little; the faults strike at some point of that, or of logging in.
            faults.arm()
            try expectWhole(server, try installation.json("jobs", "run", "out"))
            #expect(try installation.expectSuccess("runs", "log", "2.2").contains("again in"))
        }
    }

    @Test("EXP-6, FS-8: before a file is written again within one attempt, what the first try left under temporary names goes")
    func cutRemainders() throws {
        try TestServer.with { server in
            let proxy = try ChaosProxy(to: server.port, counting: .toServer, count: ChaosProxy.Count()) { _ in .cut(afterBytes: 200_000) }
            defer { proxy.stop() }
            let installation = try installation(server, port: proxy.port, people: 10_000)
            // As a part that the second try has no more records for.
            let remainder = server.files.appendingPathComponent(".2_2_contacts.csv.7.part")
            try Data("left".utf8).write(to: remainder)
            try expectWhole(server, try installation.json("jobs", "run", "out"), people: 10_000)
            #expect(try installation.expectSuccess("runs", "log", "2.2").contains("The file is written again"))
        }
    }

    @Test("EVT-4, FS-8: a feed whose line is cut sends its file on, whole, and gives each event once")
    func feedCut() throws {
        try TestServer.with { server in
            let proxy = try ChaosProxy(to: server.port, counting: .toServer, count: ChaosProxy.Count()) { _ in .cut(afterBytes: 300_000) }
            defer { proxy.stop() }
            let host = try EventFeedTests.host()
            try add(server, port: proxy.port, to: host)
            try host.apply(
                EventFeedTests.feed("Feed", "{ types: [SENT], server: partner, directory: \"\", ready_file: count, empty: skip, header: false }"))
            try host.expectSuccess("events", "ingest", "-", input: (1...5000).map { EventFeedTests.sent($0) }.joined(separator: "\n"))
            let run = try host.json("jobs", "run", "Feed", "--scheduled")
            #expect(run["status"].string == "succeeded", "\(run.value ?? "")")
            #expect(try host.expectSuccess("runs", "log", "1.1").contains("Going on with the upload"))
            let names = try FileManager.default.contentsOfDirectory(atPath: server.files.path).sorted()
            try #require(names.count == 2 && names[0].hasSuffix(".ready") && names[1].hasSuffix(".txt"), "\(names)")
            let lines = try String(contentsOf: server.files.appendingPathComponent(names[1]), encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 5000 && Set(lines).count == 5000)
        }
    }
}

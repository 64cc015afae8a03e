import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// A module from PyPI that reads files, or why it cannot be had here; asked for once a process.
private struct ForeignReader: Sendable {
    static let duckDB = ForeignReader("duckdb")
    static let tap = ForeignReader("tap-responsys")

    /// Where Python finds it.
    let path: String
    /// Set when the script says that it cannot be had here; when it fails in another way the tests run and fail.
    let unavailable: String?

    private init(_ name: String) {
        let result = try? ChildRun(CompiledConnector.root + "/scripts/foreign-readers", [name]).wait()
        path = (result?.output ?? "").trimmingCharacters(in: .whitespacesAndNewlines).replacing("PYTHONPATH=", with: "")
        unavailable = result?.status == 77 ? result?.errors : nil
    }

    func python(_ program: String, _ arguments: [String]) throws -> String {
        let result = try ChildRun("python3", ["-B", "-c", program] + arguments, environment: ["PYTHONPATH": path]).wait()
        guard result.status == 0 else { throw TestFailure("Python ended with \(result.status): \(result.errors)") }
        return result.output
    }
}

/// Exported files and feeds, read by programs nobody here wrote.
@Suite(.waits) struct ForeignReaderTests {
    private static let rows = 300

    private static func name(_ number: Int) -> String {
        ["Käthe, \"K\"", "O'Neil; | x", "two\nlines", "a\r\nb", "語 😀", "=1+1", "plain"][number % 7] + " \(number)"
    }

    /// A list of people with awkward names, and an export of each form that is named.
    private func host(_ forms: [String], partner: PGPPartner? = nil) throws -> Installation {
        let host = try Installation()
        try partner?.giveKey(to: host)
        let exports = forms.enumerated().map { number, form in
            "  - { name: out\(number), kind: export, source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, FULL_NAME, POINTS] }, file: { name: people.csv, \(form) } }\n"
        }
        try host.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FULL_NAME: STR255, POINTS: INTEGER }
            jobs:
              - { name: load, kind: import-list, file: { name: people.csv }, target: { list: CONTACTS } }

            """ + exports.joined())
        let records = (0..<Self.rows).map { "p\($0)@example.com,\"\(Self.name($0).replacing("\"", with: "\"\""))\",\($0 * 3)\n" }
        try host.put("people.csv", "EMAIL_ADDRESS_,FULL_NAME,POINTS\n" + records.joined())
        try host.expectSuccess("jobs", "run", "load")
        return host
    }

    private func export(_ host: Installation, _ number: Int) throws -> String {
        let run = try host.json("jobs", "run", "out\(number)")
        guard let path = run["export"]["files"][0]["path"].string else { throw TestFailure("\(run.value ?? "")") }
        return host.home + "/files/" + path
    }

    private var expected: [[String]] {
        [["EMAIL_ADDRESS_", "FULL_NAME", "POINTS"]] + (0..<Self.rows).map { ["p\($0)@example.com", Self.name($0), String($0 * 3)] }
    }

    private func decoded(_ json: String) throws -> [[String]] { try JSONDecoder().decode([[String]].self, from: Data(json.utf8)) }

    @Test("EXP-4, EXP-5: Python's csv, gzip and zipfile, gunzip, unzip, zipinfo and gpg take the files as they are")
    func python() throws {
        let partner = try PGPPartner()
        let host = try host(
            [
                "compression: gzip", "compression: zip, delimiter: \";\", charset: UTF-16, enclose: all, line_end: crlf",
                "delimiter: tab, enclosure: single, encryption: pgp, recipients: [data@partner.example]",
            ], partner: partner)
        let program = """
            import csv, gzip, io, json, sys, zipfile
            path, charset, delimiter, quote = sys.argv[1:5]
            if path.endswith('.gz'): stream = gzip.open(path)
            elif path.endswith('.zip'):
                archive = zipfile.ZipFile(path)
                assert archive.testzip() is None and len(archive.namelist()) == 1
                stream = archive.open(archive.namelist()[0])
            else: stream = open(path, 'rb')
            text = io.TextIOWrapper(stream, charset, newline='')
            print(json.dumps(list(csv.reader(text, delimiter=delimiter, quotechar=quote, strict=True))))
            """
        func read(_ path: String, _ charset: String, _ delimiter: String, _ quote: String) throws -> [[String]] {
            let result = try ChildRun("python3", ["-B", "-c", program, path, charset, delimiter, quote]).wait()
            guard result.status == 0 else { throw TestFailure(result.errors) }
            return try decoded(result.output)
        }
        let gzip = try export(host, 0)
        #expect(try ChildRun("gunzip", ["-t", gzip]).wait().status == 0)
        #expect(try read(gzip, "utf-8", ",", "\"") == expected)
        let zip = try export(host, 1)
        #expect(try ChildRun("unzip", ["-tq", zip]).wait().status == 0)
        #expect(try ChildRun("zipinfo", ["-1", zip]).wait().output == "3_3_people.csv\n")
        #expect(try read(zip, "utf-16", ";", "\"") == expected)
        let pgp = try export(host, 2)
        let plain = try host.directory.write("plain.csv", try partner.open(pgp).content)
        #expect(try read(plain, "utf-8", "\t", "'") == expected)
    }

    @Test(
        "EXP-4, EXP-5: DuckDB reads a file, plain and compressed, row for row",
        .enabled(if: ForeignReader.duckDB.unavailable == nil, "DuckDB is not to be had here"))
    func duckDB() throws {
        let host = try host(["delimiter: \"|\"", "compression: gzip, enclose: text"])
        let program = """
            import duckdb, json, sys
            for path, delimiter in zip(sys.argv[1::2], sys.argv[2::2]):
                table = duckdb.sql(f"SELECT * FROM read_csv('{path}', delim='{delimiter}', quote='\\"', escape='\\"', header=true, all_varchar=true, parallel=false)")
                print(json.dumps([table.columns] + [list(row) for row in table.fetchall()]))
            """
        let output = try ForeignReader.duckDB.python(program, [try export(host, 0), "|", try export(host, 1), ","]).split(separator: "\n")
        #expect(output.count == 2)
        for line in output { #expect(try decoded(String(line)) == expected) }
    }

    /// Its own way: it looks for tables with a ready file that is not empty, takes a sample of each, then reads every file of a table.
    @Test(
        "EVT-2, EVT-4: the public tap for such feeds finds exported files by their ready files on an SSH server, and reads every record",
        .enabled(if: ForeignReader.tap.unavailable == nil, "tap-responsys is not to be had here"))
    func tap() throws {
        // The tap is of a time when RSA keys signed with SHA-1.
        try TestServer.with(options: ["PubkeyAcceptedAlgorithms +ssh-rsa", "HostKeyAlgorithms +ssh-rsa"]) { server in
            let host = try Installation()
            try host.expectSuccess(
                "servers", "add", "partner", "sftp", "--set", "host=127.0.0.1", "--set", "port=\(server.port)", "--set",
                "username=\(server["USERNAME"])",
                "--set", "directory=\(server["DIRECTORY"])", "--secret-file", "private_key=\(server["USER_KEY_ED25519"])")
            try host.expectSuccess("servers", "trust", "partner", "--yes")
            try host.expectSuccess("connectors", "profile", "set", "event-feed", "--set", "account_id=1234")
            try host.apply(
                "jobs:\n  - name: Feed\n    kind: event-feed\n    settings: { types: [SENT, CLICK, OPEN], server: partner, directory: \"\", ready_file: count, empty: skip }\n"
            )
            let events =
                (1...40).map {
                    #"{"id":"s\#($0)","type":"SENT","time":"2025-03-01T12:00:00Z","RIID":\#($0),"EMAIL":"p\#($0)@example.com","SEGMENT_INFO":"Hi, \"you\"\n"}"#
                }
                + (1...3).map { #"{"id":"c\#($0)","type":"CLICK","RIID":\#($0),"OFFER_URL":"https://example.com/?a=1,2"}"# }
            try host.expectSuccess("events", "ingest", "-", input: events.joined(separator: "\n"))
            try host.expectSuccess("jobs", "run", "Feed", "--scheduled")

            let key = try host.directory.write("key", try Data(contentsOf: URL(fileURLWithPath: server["USER_KEY_RSA"])))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
            #expect(try ChildRun("ssh-keygen", ["-p", "-q", "-m", "PEM", "-N", "", "-f", key]).wait().status == 0)
            let config = try host.directory.write(
                "config.json",
                #"{"host":"127.0.0.1","port":\#(server.port),"username":"\#(server["USERNAME"])","private_key_file":"\#(key)","path":"\#(server["DIRECTORY"])","start_date":"2020-01-01T00:00:00Z"}"#
            )
            let run = "import sys, tap_responsys\nsys.argv[0] = 'tap-responsys'\ntap_responsys.main()"
            let found = JSONObject(
                try JSONSerialization.jsonObject(with: Data(try ForeignReader.tap.python(run, ["--config", config, "--discover"]).utf8)))
            let streams = (0..<found["streams"].count).map { found["streams"][$0]["tap_stream_id"].string ?? "" }
            #expect(Set(streams) == ["1234_SENT", "1234_CLICK"])
            let catalog = try host.directory.write("catalog.json", try selectingAll(found))
            let lines = try ForeignReader.tap.python(run, ["--config", config, "--catalog", catalog, "--properties", catalog]).split(separator: "\n")
            let records = lines.map { JSONObject(try? JSONSerialization.jsonObject(with: Data($0.utf8))) }.filter { $0["type"].string == "RECORD" }
            #expect(records.count { $0["stream"].string == "1234_SENT" } == 40 && records.count { $0["stream"].string == "1234_CLICK" } == 3)
            #expect(Set(records.compactMap { $0["record"]["EMAIL"].string }).isSuperset(of: (1...40).map { "p\($0)@example.com" }))
            #expect(
                records.contains { $0["record"]["SEGMENT_INFO"].string == "Hi, \"you\" " }
                    && records.contains { $0["record"]["OFFER_URL"].string == "https://example.com/?a=1,2" })
        }
    }

    /// What the tap found, each table wanted.
    private func selectingAll(_ found: JSONObject) throws -> Data {
        let streams = (found["streams"].value as? [[String: Any]] ?? []).map { stream in
            var stream = stream
            stream["metadata"] = (stream["metadata"] as? [[String: Any]] ?? []).map { entry in
                guard (entry["breadcrumb"] as? [String])?.isEmpty == true else { return entry }
                return entry.merging(["metadata": (entry["metadata"] as? [String: Any] ?? [:]).merging(["selected": true]) { _, new in new }]) {
                    _, new in new
                }
            }
            return stream
        }
        return try JSONSerialization.data(withJSONObject: ["streams": streams])
    }
}

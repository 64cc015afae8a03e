import ConnectTesting
import Foundation
import Testing

/// Bad input gets its own clear error and loses nothing.
@Suite(.waits) struct BadInputTests {
    private func installation(_ file: String = "{ name: contacts.csv }", _ rest: String = "") throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: \(file)
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
            \(rest)
            """)
        return installation
    }

    /// Runs the job and returns code and message of its error.
    private func failure(_ installation: Installation) throws -> (code: String, message: String) {
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "failed")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        return (run["error"]["code"].string ?? "", run["error"]["message"].string ?? "")
    }

    @Test("IMP-2: a missing file is named, with its directory")
    func missingFile() throws {
        let failed = try failure(try installation())
        #expect(failed.code == "file.missing")
        #expect(failed.message.contains("contacts.csv"))
        #expect(failed.message.contains("upload"))
    }

    @Test("IMP-16: an empty file fails the run where the job says so, and is archived and deleted (IMP-7)", arguments: ["", "mail,FIRST_NAME\n"])
    func emptyFile(_ text: String) throws {
        let installation = try installation("{ name: contacts.csv }", "    options: { fail_if_empty: true }")
        try installation.put("contacts.csv", text)
        #expect(try failure(installation).code == "file.empty")
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.1"])
    }

    @Test("IMP-16: without that option a file with a header alone succeeds with nothing to load")
    func headerOnly() throws {
        let installation = try installation()
        try installation.put("contacts.csv", "mail,FIRST_NAME\n")
        #expect(try installation.json("jobs", "run", "contacts")["status"].string == "succeeded")
    }

    @Test("IMP-3: a wrong delimiter is recognised and told, and the file stays")
    func wrongDelimiter() throws {
        let installation = try installation()
        try installation.put("contacts.csv", "mail;FIRST_NAME\nann@example.com;Ann\n")
        let failed = try failure(installation)
        #expect(failed.message.contains("delimiter"))
        #expect(installation.directory.names(in: "home/files/upload") == ["contacts.csv"])
    }

    @Test("IMP-6: two columns with one name are both named")
    func twoColumnsOneName() throws {
        let installation = try installation()
        try installation.put("contacts.csv", "mail,FIRST_NAME,first_name\nann@example.com,Ann,Anna\n")
        #expect(try failure(installation).message.uppercased().contains("FIRST_NAME"))
    }

    @Test("IMP-3: a binary file is recognised before anything is loaded")
    func binaryFile() throws {
        let installation = try installation()
        try installation.put("contacts.csv", Data([0x1F, 0x8B, 0x08, 0x00] + (0..<4000).map { UInt8($0 % 251) }))
        #expect(try failure(installation).code == "file.binary")
    }

    @Test("MGT-6: a job file with three mistakes reports all three, each with its line")
    func threeMistakes() throws {
        let installation = try installation()
        let text = """
            jobs:
              - name: broken
                kind: import-list
                file: { naem: x.csv, name: x.csv }
                target: { list: NOWHERE, on_match: replace }
            """
        let result = try installation.run("validate", "-", input: text)
        #expect(result.status == 3)
        let lines = result.output.split(separator: "\n")
        #expect(lines.contains { $0.contains(":4:") && $0.contains("\"name\"") })
        #expect(lines.contains { $0.contains(":5:") && $0.contains("on_match") })
        #expect(lines.contains { $0.contains(":5:") && $0.contains("NOWHERE") })
    }

    @Test("MGT-6: an export with a mistake of every sort reports them all: a field's name, its value, a reference, the format, the name's pattern")
    func mistakesOfEverySort() throws {
        let installation = try installation()
        let text = """
            jobs:
              - name: broken
                kind: export
                source: { type: list, name: NOWHERE, records: some }
                file: { server: nowhere, naem: x, name: "a{YYY}.csv", delimiter: ",,", split_records: 0 }
            """
        let result = try installation.run("validate", "-", input: text)
        #expect(result.status == 3)
        for part in ["naem", "source.records", "split_records", "NOWHERE", "\"nowhere\"", "{YYY}", ",,"] {
            #expect(result.output.contains(part), "nothing of \(part) in:\n\(result.output)")
        }
        let unnamed = try installation.run("validate", "-", input: text.replacingOccurrences(of: "name: \"a{YYY}.csv\", ", with: ""))
        #expect(unnamed.status == 3 && unnamed.output.contains("\"file.name\" is missing") && unnamed.output.contains(",,"), "\(unnamed.output)")
    }

    @Test("MGT-6: each problem of a file names its field for programs, beside file and line")
    func fieldsOfProblems() throws {
        let installation = try installation()
        let file = try installation.directory.write(
            "broken.yaml",
            """
            srevers: []
            tables:
              - { name: SCORES, key: [ID], fields: { ID: SHORT } }
              - { fields: { A: STR25 } }
            jobs:
              - name: fine
                kind: import-list
                file: { name: x.csv }
                target: { list: CONTACTS }
              - name: broken
                kind: import-list
                file: { naem: x.csv }
                target: { list: NOWHERE }
                mapping:
                  fields: { mail: NOTHING }
              - { name: fine, kind: import-lits }
            """)
        let result = try installation.run("validate", file, "--json")
        #expect(result.status == 3)
        let problems = JSONObject(try JSONSerialization.jsonObject(with: Data(result.output.utf8)))["problems"]
        let found = (0..<problems.count).map { index in
            "\(problems[index]["field"].string ?? "-") \(problems[index]["path"].string?.split(separator: ":").last ?? "-")"
        }
        for expected in [
            "srevers 1", "tables[0].fields.ID 3", "tables[1].name 4", "jobs[1].file.naem 12", "jobs[1].file.name 12", "jobs[1].target.list 13",
            "jobs[2].name 16", "jobs[2].kind 16",
        ] {
            #expect(found.contains(expected), "\(expected) is not among \(found)")
        }
        #expect(problems.count == found.filter { !$0.hasPrefix("-") }.count)
    }

    @Test("MGT-6: what is exported can be applied and changes nothing")
    func exportRoundTrip() throws {
        let installation = try installation()
        let exported = try installation.expectSuccess("export")
        #expect(try installation.apply(exported).contains("Nothing to change."))
    }

    @Test(
        "IMP-1: a list that is gone is named, and the file stays",
        arguments: [("DELETE FROM audience_table", "table.missing"), (nil, "store.corrupt")])
    func listGone(_ statement: String?, _ code: String) throws {
        let installation = try installation()
        try installation.put("contacts.csv", "mail,FIRST_NAME\nann@example.com,Ann\n")
        // Nothing but a hand at the files can take a list away from a job.
        if let statement {
            #expect(try ChildRun("sqlite3", [installation.home + "/audience.sqlite", statement]).wait().status == 0)
        } else {
            try FileManager.default.removeItem(atPath: installation.home + "/audience.tables")
        }
        #expect(try installation.json("jobs", "run", "contacts")["error"]["code"].string == code)
        #expect(installation.directory.names(in: "home/files/upload") == ["contacts.csv"])
    }

    @Test("IMP-1: a list that a job loads into is not dropped")
    func listInUse() throws {
        let installation = try installation()
        let refused = try installation.run("lists", "drop", "CONTACTS", "--yes")
        #expect(refused.status == 3)
        #expect(refused.errors.contains("contacts"))
    }

    @Test("IMP-16: limits on records and rejects stop the load", arguments: ["min_records: 3", "max_rejected_percent: 10"])
    func limits(_ limit: String) throws {
        let installation = try installation("{ name: contacts.csv }", "    limits: { \(limit) }")
        try installation.put("contacts.csv", "mail,FIRST_NAME\nann@example.com,Ann\nbad,Bad\n")
        #expect(try failure(installation).code.hasPrefix("limit."))
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.1"])
    }

    @Test("OPS-4: usage mistakes end with 2, a missing home with 3")
    func exitCodes() throws {
        let installation = try installation()
        #expect(try installation.run("jobs", "run").status == 2)
        for part in ["--limit=-1", "--offset=-1"] {
            #expect(try installation.run("jobs", "list", part).status == 2)
            #expect(try installation.run("runs", "list", part).status == 2)
        }
        #expect(try installation.run("jobs", "run", "nothing").status == 3)
        #expect(try ChildRun(Installation.program, ["jobs", "list", "--home", installation.directory.path + "/none"]).wait().status == 3)
    }

    @Test("IMP-3: bytes without sense are told from text, and nothing is loaded")
    func noise() throws {
        let installation = try installation()
        var generator = SystemRandomNumberGenerator()
        try installation.put("contacts.csv", Data((0..<100_000).map { _ in UInt8.random(in: 1...255, using: &generator) }))
        #expect(try failure(installation).code == "file.binary")
    }

    @Test("IMP-3: a record that may be longer than the run's memory allows is refused with the memory it needs")
    func recordBeyondMemory() throws {
        let result = try installation().run(
            "validate", "-",
            input: "jobs: [{ name: a, kind: import-list, file: { name: a.csv, max_record_bytes: 1073741824 }, target: { list: CONTACTS } }]")
        #expect(result.status == 3 && result.output.contains("worker.memory_mb: 6145"), "\(result.output)")
    }

    @Test("FS-4: the account's own file server cannot be removed, and an empty home is no home")
    func ownServer() throws {
        let installation = try installation()
        let refused = try installation.run("servers", "remove", "files")
        #expect(refused.status == 3 && refused.errors.contains("servers set files"))
        #expect(try ChildRun(Installation.program, ["init", "--home", ""]).wait().status == 2)
    }

    @Test("OPS-4: a home that may not be written is named, with exit code 3")
    func readOnlyHome() throws {
        let installation = try installation()
        try installation.put("contacts.csv", "mail,FIRST_NAME\nann@example.com,Ann\n")
        let rights = { (mode: String) in try ChildRun("/bin/chmod", ["-R", mode, installation.home]).wait().status }
        #expect(try rights("a-w") == 0)
        defer { _ = try? rights("u+w") }
        // Root may write everywhere until it gives that up.
        let dropping = getuid() == 0 ? ["setpriv", "--bounding-set=-dac_override"] : ["env"]
        let result = try ChildRun(
            "/usr/bin/env",
            dropping + [Installation.program, "jobs", "run", "contacts"] + installation.options
        ).wait()
        #expect(result.status == 3 && result.errors.contains("home"), "\(result)")
    }
}

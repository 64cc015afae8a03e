import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// Exports as a person runs them, to the account's own server.
@Suite(.waits) struct ExportTests {
    private static let lists = """
        lists:
          - name: CONTACTS
            fields: { FIRST_NAME: STR100, TIER: STR25, POINTS: INTEGER, NOTES: STR4000 }
        """

    private static let load = """
        jobs:
          - name: load
            kind: import-list
            file: { name: people.csv }
            target: { list: CONTACTS }
            mapping: { fields: { mail: EMAIL_ADDRESS_ } }
        """

    private func installation(people: String = Self.people(0..<20)) throws -> Installation {
        let installation = try Installation()
        try installation.apply(Self.lists + "\n" + Self.load)
        try load(people, installation)
        return installation
    }

    private func load(_ people: String, _ installation: Installation) throws {
        try installation.put("people.csv", people)
        try installation.expectSuccess("jobs", "run", "load")
    }

    private static func people(_ numbers: Range<Int>, tier: String = "GOLD") -> String {
        "mail,FIRST_NAME,TIER,POINTS,NOTES\n"
            + numbers.map { "p\($0)@example.com,Näme \($0),\($0 % 3 == 0 ? "SILVER" : tier),\($0 * 10),\"a, \"\"b\"\"\nc\"\n" }.joined()
    }

    private func job(_ name: String, source: String, file: String, options: String = "") -> String {
        "jobs:\n  - name: \(name)\n    kind: export\n    source: { \(source) }\n    file: { \(file) }\n"
            + (options.isEmpty ? "" : "    options: { \(options) }\n")
    }

    private func files(_ installation: Installation) -> [String] { installation.directory.names(in: "home/files/download") }

    private func text(_ installation: Installation, _ name: String) -> String {
        String(decoding: installation.directory.contents("home/files/download/" + name) ?? Data(), as: UTF8.self)
    }

    @Test("EXP-1, EXP-3, EXP-6, domain §5.2: a list comes as a file under its job's and run's number, the ready file with its count beside it")
    func wholeList() throws {
        let installation = try installation()
        try installation.apply(
            job(
                "out", source: "type: list, name: CONTACTS, columns: [POINTS, EMAIL_ADDRESS_, NOTES]",
                file: "name: people.csv, prefix: \"x_\", suffix: \"_{YYYY}\", ready_file: count"))
        let preview = try installation.json("jobs", "preview", "out", "--rows", "1")
        #expect(preview["file"].string?.hasPrefix("download/2_2_x_people_20") == true)
        #expect(preview["lines"][0].string == "POINTS,EMAIL_ADDRESS_,NOTES")
        let run = try installation.json("jobs", "run", "out")
        #expect(run["status"].string == "succeeded", "\(run.value ?? "")")
        let name = try #require(run["export"]["files"][0]["path"].string)
        #expect(name == preview["file"].string)
        #expect(run["export"]["files"][0]["records"].int == 20)
        let file = name.replacingOccurrences(of: "download/", with: "")
        #expect(files(installation) == [file, file.replacingOccurrences(of: ".csv", with: ".ready")].sorted())
        #expect(text(installation, file.replacingOccurrences(of: ".csv", with: ".ready")) == "20\n")
        #expect(text(installation, file).hasPrefix("POINTS,EMAIL_ADDRESS_,NOTES\n0,p0@example.com,\"a, \"\"b\"\"\nc\"\n"))
        #expect(text(installation, file).components(separatedBy: "@example.com").count == 21)
    }

    @Test("EXP-2: changed records alone, from the watermark on, which a failed run leaves where it was")
    func changes() throws {
        let installation = try installation()
        try installation.apply(
            job("out", source: "type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_], records: changed", file: "name: p.csv, header: false"))
        func export() throws -> JSONObject { try installation.json("jobs", "run", "out") }
        #expect(try export()["records"]["read"].int == 20)
        #expect(try export()["records"]["read"].int == 0)
        try load(Self.people(18..<25), installation)
        // The directory is gone: the run fails and the watermark stays.
        let download = installation.home + "/files/download"
        try FileManager.default.moveItem(atPath: download, toPath: download + "-away")
        #expect(try export()["status"].string == "failed")
        try FileManager.default.moveItem(atPath: download + "-away", toPath: download)
        let run = try export()
        #expect(run["records"]["read"].int == 5)
        let file = try #require(run["export"]["files"][0]["path"].string)
        #expect(text(installation, String(file.dropFirst("download/".count))) == (20..<25).map { "p\($0)@example.com\n" }.joined())
        #expect(run["export"]["changes_only"].bool == true)
        #expect(!files(installation).contains { $0.hasSuffix(".part") })
    }

    @Test("EXP-7: missed runs get a file each, under their own numbers, when the job asks for it")
    func missedRuns() throws {
        let installation = try installation()
        try installation.apply(
            job(
                "out", source: "type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_], records: changed", file: "name: p.csv, header: false",
                options: "process_missed: true"))
        try installation.expectSuccess("jobs", "run", "out")
        let download = installation.home + "/files/download"
        func fail() throws -> String {
            try FileManager.default.moveItem(atPath: download, toPath: download + "-away")
            defer { try? FileManager.default.moveItem(atPath: download + "-away", toPath: download) }
            return try #require(try installation.json("jobs", "run", "out")["run"].string)
        }
        try load(Self.people(20..<22), installation)
        let first = try fail()
        try load(Self.people(22..<23), installation)
        let second = try fail()
        try load(Self.people(23..<26), installation)
        let run = try installation.json("jobs", "run", "out")
        #expect(run["status"].string == "succeeded", "\(run.value ?? "")")
        let made = (0..<3).compactMap { run["export"]["files"][$0]["path"].string.map { String($0.dropFirst("download/".count)) } }
        #expect(
            made.map { String($0.prefix { $0 != "p" }) }
                == [first, second, run["run"].string ?? ""].map { $0.replacingOccurrences(of: ".", with: "_") + "_" })
        #expect(made.map { text(installation, $0) } == [20..<22, 22..<23, 23..<26].map { $0.map { "p\($0)@example.com\n" }.joined() })
    }

    @Test("EXP-7: a mail says what was exported, and that a run failed; an export launches no campaign")
    func notification() throws {
        let installation = try installation()
        try MessageSink.with("smtp") { sink in
            try installation.expectSuccess(
                "account", "mail", "set", "--set", "host=localhost", "--set", "port=\(sink["PORT"])", "--set", "from=connect@example.com", "--set",
                "security=none")
            let out = job(
                "out", source: "type: list, name: CONTACTS", file: "name: p.csv", options: "notify: { when: always, to: [ops@example.com] }")
            try installation.apply(out)
            let refused = try installation.run("validate", "-", input: out.replacing("notify:", with: "launch: { campaigns: [Welcome] }, notify:"))
            #expect(refused.status == 3 && refused.output.contains("launch"))
            try installation.expectSuccess("jobs", "run", "out")
            let download = installation.home + "/files/download"
            try FileManager.default.moveItem(atPath: download, toPath: download + "-away")
            #expect(try installation.json("jobs", "run", "out")["status"].string == "failed")
            let mails = try sink.taken.map(ParsedMail.init)
            #expect(mails.count == 2 && mails[0].subject.hasPrefix("out: run 2.2 succeeded") && mails[1].subject == "out: run 2.3 failed")
            #expect(mails.first?.text.contains("20") == true && mails.last?.text.contains("Why: ") == true)
        }
    }

    @Test("EXP-1: audience, filter, PET-free view and what they are made of, in documents and commands")
    func savedSelections() throws {
        let installation = try installation()
        try installation.apply(
            """
            filters:
              - { name: Gold, list: CONTACTS, where: "TIER = 'GOLD'" }
              - { name: Rich, list: CONTACTS, where: POINTS >= 150 }
              - { name: Odd, list: CONTACTS, where: RIID_ % 2 = 1 }
            audiences:
              - { name: Wanted, list: CONTACTS, all: [Gold], any: [Rich, Odd], except: [Odd] }
            views:
              - { name: Tiers, sql: "SELECT TIER, count(*) AS PEOPLE FROM CONTACTS GROUP BY TIER ORDER BY TIER;" }
            """
                + "\n"
                + job("audience", source: "type: audience, name: Wanted, list: CONTACTS, columns: [POINTS]", file: "name: a.csv, header: false")
                + job("filter", source: "type: filter, name: Rich, columns: [POINTS]", file: "name: f.csv, header: false").dropFirst("jobs:\n".count)
                + job("view", source: "type: view, name: Tiers", file: "name: v.csv").dropFirst("jobs:\n".count))
        func export(_ name: String) throws -> String {
            let run = try installation.json("jobs", "run", name)
            return text(installation, String((run["export"]["files"][0]["path"].string ?? "").dropFirst("download/".count)))
        }
        #expect(try export("audience") == "170\n190\n")
        #expect(try export("filter") == "150\n160\n170\n180\n190\n")
        #expect(try export("view") == "TIER,PEOPLE\nGOLD,13\nSILVER,7\n")
        #expect(try installation.json("filters", "test", "Rich")["rows"].int == 5)
        #expect(try installation.json("audiences", "test", "Wanted", "--limit", "1")["cut"].bool == true)
        #expect(try installation.json("filters", "list").count == 3)
        #expect(try installation.json("filters", "drop", "Rich")["error"]["code"].string == "filter.used")
        let wrong = try installation.run("filters", "create", "Bad", "--list", "CONTACTS", "--where", "TEAR = 'GOLD'")
        #expect(wrong.status == 3)
        #expect(wrong.errors.contains("no such column: TEAR, at character 1"))
        let exported = try installation.expectSuccess("export")
        try installation.expectSuccess("diff", "-", input: exported)
        let undated = try installation.run("apply", "-", input: job("x", source: "type: view, name: Tiers, records: changed", file: "name: v.csv"))
        #expect(undated.status == 3)
        #expect(undated.errors.contains("MODIFIED_DATE_"))
        let column = try installation.run("apply", "-", input: job("x", source: "type: list, name: CONTACTS, columns: [NOPE]", file: "name: v.csv"))
        #expect(column.errors.contains("no field NOPE"))
    }

    @Test("EXP-1: PETs, App Channel lists and supplemental tables, each by its own type; another type is refused")
    func otherTables() throws {
        let installation = try installation()
        let sources = [
            ("pet", "LOYALTY", "list: CONTACTS"), ("app_list", "APPS", "list: CONTACTS"), ("table", "ORDERS", ""), ("audience_scope", "ORDERS", ""),
        ]
        try installation.apply(
            """
            pets:
              - { name: LOYALTY, list: CONTACTS, fields: { LEVEL: STR25 } }
            apps:
              - { name: APPS, list: CONTACTS }
            tables:
              - { name: ORDERS, key: [NUMBER], fields: { NUMBER: INTEGER, TOTAL: NUMBER } }
            jobs:
              - { name: pets, kind: import-pet, file: { name: pets.csv }, target: { list: CONTACTS, pet: LOYALTY, match: [EMAIL_ADDRESS_] } }
              - { name: orders, kind: import-table, file: { name: orders.csv }, target: { table: ORDERS } }

            """
                + sources.map { type, name, list in
                    "  - { name: \(type), kind: export, source: { type: \(type), name: \(name)\(list.isEmpty ? "" : ", " + list) }, file: { name: \(type).csv } }\n"
                }.joined())
        try installation.put("pets.csv", "EMAIL_ADDRESS_,LEVEL\np1@example.com,A\np2@example.com,B\n")
        try installation.put("orders.csv", "NUMBER,TOTAL\n7,9.5\n8,12\n")
        for job in ["pets", "orders"] { try installation.expectSuccess("jobs", "run", job) }
        let counts = try sources.map { type, _, _ in try installation.json("jobs", "run", type)["export"]["files"][0]["records"].int }
        #expect(counts == [2, 0, 2, 2])
        let pet = try #require(files(installation).first { $0.hasSuffix("pet.csv") })
        #expect(text(installation, pet).hasPrefix("RIID_,CREATED_DATE_,MODIFIED_DATE_,LEVEL\n2,"))
        let orders = try #require(files(installation).first { $0.hasSuffix("_table.csv") })
        #expect(text(installation, orders).contains(",7,9.5\n"))
        for (source, field) in [
            ("type: list, name: ORDERS", "source.type"), ("type: pet, name: LOYALTY, list: OTHER", "source.list"),
            ("type: table, name: NOPE", "source.name"),
        ] {
            let refused = try installation.json("validate", try installation.directory.write("x.yaml", job("x", source: source, file: "name: x.csv")))
            #expect(refused["problems"].count == 1, "\(field): \(refused.value ?? "")")
        }
    }

    @Test("EXP-1: what a job exports, or a saved selection reads, cannot be dropped, and who uses it is said")
    func drops() throws {
        let installation = try installation()
        try installation.expectSuccess("jobs", "delete", "load", "--yes")
        try installation.apply(
            "filters:\n  - { name: Gold, list: CONTACTS, where: \"TIER = 'GOLD'\" }\nviews:\n  - { name: Tiers, sql: SELECT TIER FROM contacts }\n"
                + job("out", source: "type: list, name: CONTACTS", file: "name: p.csv"))
        func refusal() throws -> String { try installation.run("lists", "drop", "CONTACTS", "--yes").errors }
        #expect(try refusal().contains("exported by \"out\""))
        try installation.expectSuccess("jobs", "delete", "out", "--yes")
        #expect(try refusal().contains("read by filter \"Gold\", view \"Tiers\""))
        try installation.expectSuccess("filters", "drop", "Gold")
        try installation.expectSuccess("views", "drop", "Tiers")
        try installation.expectSuccess("lists", "drop", "CONTACTS", "--yes")
    }

    @Test("EXP-4, EXP-5: what the character set does not have is replaced and counted; gunzip and unzip read the packed file")
    func packed() throws {
        let installation = try installation(people: Self.people(0..<3) + "z@example.com,日本,,,\n")
        try installation.apply(
            job(
                "gz", source: "type: list, name: CONTACTS, columns: [FIRST_NAME]",
                file: "name: p.csv, charset: ISO-8859-1, compression: gzip, ready_file: empty, ready_name: append")
                + job("zip", source: "type: list, name: CONTACTS, columns: [FIRST_NAME]", file: "name: p.csv, compression: zip, line_end: crlf")
                .dropFirst("jobs:\n".count))
        let run = try installation.json("jobs", "run", "gz")
        #expect(run["export"]["replaced_characters"].int == 2)
        #expect(run["warnings"].count == 1)
        #expect(files(installation) == ["2_2_p.csv.gz", "2_2_p.csv.gz.ready"])
        let unpacked = try ChildRun("gunzip", ["-c", installation.home + "/files/download/2_2_p.csv.gz"]).wait()
        #expect(unpacked.status == 0)
        let raw = try ChildRun("bash", ["-c", "gunzip -c '\(installation.home)/files/download/2_2_p.csv.gz' | iconv -f LATIN1 -t UTF-8"]).wait()
        #expect(raw.output == "FIRST_NAME\nNäme 0\nNäme 1\nNäme 2\n??\n")
        try installation.expectSuccess("jobs", "run", "zip")
        let zipped = try ChildRun("unzip", ["-p", installation.home + "/files/download/3_3_p.csv.zip", "3_3_p.csv"]).wait()
        #expect(zipped.output == "FIRST_NAME\r\nNäme 0\r\nNäme 1\r\nNäme 2\r\n日本\r\n")
    }

    @Test("EXP-3: split into parts of N records; no file at all for no record, when the job says so; the account's own form of names")
    func parts() throws {
        let installation = try installation()
        try installation.expectSuccess("account", "file-names", "{PREFIX}{NAME}-{RUN}{SUFFIX}")
        #expect(try installation.run("account", "file-names", "{NAME}").status == 3)
        try installation.apply(
            job(
                "parts", source: "type: list, name: CONTACTS, columns: [RIID_]",
                file: "name: p.csv, split_records: 8, header: false, ready_file: count")
                + job("none", source: "type: list, name: CONTACTS, records: changed", file: "name: n.csv", options: "if_empty: skip").dropFirst(
                    "jobs:\n".count)
                + job("fails", source: "type: list, name: CONTACTS, records: changed", file: "name: n.csv", options: "if_empty: fail").dropFirst(
                    "jobs:\n".count))
        try installation.expectSuccess("jobs", "run", "parts")
        #expect(files(installation) == (1...3).flatMap { ["p-2_00\($0).csv", "p-2_00\($0).ready"] })
        #expect(text(installation, "p-2_003.csv") == "17\n18\n19\n20\n")
        #expect(text(installation, "p-2_003.ready") == "4\n")
        for name in ["none", "fails"] { try installation.expectSuccess("jobs", "run", name) }
        let before = files(installation)
        let skipped = try installation.json("jobs", "run", "none")
        #expect(skipped["status"].string == "succeeded")
        #expect(skipped["export"]["files"].count == 0)
        #expect(try installation.json("jobs", "run", "fails")["error"]["code"].string == "export.empty")
        #expect(files(installation) == before)
    }

    @Test("EXP-4: what is exported is imported again value for value", arguments: ["UTF-8", "UTF-16", "windows-1252", "GB18030"])
    func roundTrip(_ charset: String) throws {
        let installation = try installation(people: Self.people(0..<200))
        for (index, (delimiter, enclosure, compression)) in [(",", "double", "none"), ("tab", "single", "gzip"), ("|", "double", "zip")].enumerated()
        {
            let file = "charset: \(charset), delimiter: \"\(delimiter)\", enclosure: \(enclosure), compression: \(compression)"
            let name = "\(index + 10)"
            try installation.apply(
                "lists:\n  - name: COPY\(name)\n    fields: { FIRST_NAME: STR100, TIER: STR25, POINTS: INTEGER, NOTES: STR4000 }\n"
                    + job(
                        "out\(name)", source: "type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, FIRST_NAME, TIER, POINTS, NOTES]",
                        file: "name: out.csv, " + file)
                    + "  - name: in\(name)\n    kind: import-list\n    file: { directory: download, name: \"*out.csv*\", \(file) }\n    target: { list: COPY\(name) }\n"
            )
            try installation.expectSuccess("jobs", "run", "out\(name)")
            try installation.expectSuccess("jobs", "run", "in\(name)")
            let fields = "EMAIL_ADDRESS_,FIRST_NAME,TIER,POINTS,NOTES"
            #expect(try installation.rows("COPY\(name)", fields) == installation.rows("CONTACTS", fields))
        }
    }

    @Test(
        "EXP-8: an export starts when asked, once, and again and again; the last day of the month is offered to it, and the 31st and an import's last day are not"
    )
    func schedules() throws {
        let installation = try installation()
        let source = "type: list, name: CONTACTS"
        func scheduled(_ name: String, _ schedule: String) -> String {
            job(name, source: source, file: "name: p.csv") + "    schedule: { \(schedule) }\n"
        }
        try installation.apply(job("asked", source: source, file: "name: p.csv"))
        for (name, schedule, type, starts) in [
            ("once", "repeat: once, date: 2099-12-31, hour: 5, slot: 0-14", "one-time", 1),
            ("daily", "repeat: daily, hour: 5, slot: 0-14", "recurring", 14),
            ("monthly", "repeat: monthly, day: last, hour: 5, slot: 0-14", "recurring", 14),
        ] {
            try installation.apply(scheduled(name, schedule))
            let next = try installation.json("schedule", "next", name, "-n", "14")
            #expect(next["type"].string == type && next["starts"].count == starts, "\(next.value ?? "")")
            guard name == "monthly" else { continue }
            let days = (0..<starts).compactMap {
                next["starts"][$0]["at"].string.flatMap { try? Date($0.prefix(10) + "T00:00:00Z", strategy: .iso8601) }
            }
            let calendar = Calendar(identifier: .iso8601)
            let following = days.map { calendar.dateComponents(in: .gmt, from: $0 + 86400) }
            #expect(following.count == 14 && following.allSatisfy { $0.day == 1 } && Set(following.map(\.month)).count == 12)
        }
        #expect(try installation.json("schedule", "next", "asked")["starts"].count == 0)
        try installation.expectSuccess("jobs", "run", "asked")
        #expect(try installation.run("validate", "-", input: scheduled("x", "repeat: monthly, day: 31, hour: 5, slot: 0-14")).status == 3)
        let imported =
            Self.load.replacing("name: load", with: "name: other") + "\n    schedule: { repeat: monthly, day: last, hour: 5, slot: 0-14 }\n"
        #expect(try installation.run("validate", "-", input: imported).status == 3)
    }
}

import ConnectTesting
import Foundation
import Testing

/// Whether a file is whole, right and new, through the program as its users have it.
@Suite(.waits) struct DeliveryTests {
    private func installation(file: String, more: String = "") throws -> Installation {
        let installation = try Installation()
        try apply(file: file, more: more, to: installation)
        return installation
    }

    private func apply(file: String, more: String = "", to installation: Installation) throws {
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { \(file) }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
                \(more)
            """)
    }

    private func records(_ range: Range<Int>) -> String { "mail,NAME\n" + range.map { "p\($0)@example.com,Name \($0)\n" }.joined() }

    private func rows(_ installation: Installation) throws -> Int? { try installation.json("lists", "count", "CONTACTS")["count"].int }

    @Test(
        "IMP-5, T17, domain §5.2: with the right count, as a number or as a file of records, the file is loaded and both are archived",
        arguments: ["100", "00000100", "100\r\n", "\u{FEFF}100\n", " 100 ", "records"])
    func rightCount(count: String) throws {
        let installation = try installation(file: "name: contacts.csv, count_file: contacts.cnt")
        try installation.put("contacts.csv", records(0..<100))
        try installation.put("contacts.cnt", count == "records" ? records(500..<600) : count)
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 100)
        #expect(installation.directory.names(in: "home/files/archive").sorted() == ["contacts.cnt.1.1", "contacts.csv.1.1"])
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
    }

    @Test("IMP-5, IMP-7, T17: another count loads nothing, names both numbers, and archives the file", arguments: ["300", "records"])
    func wrongCount(count: String) throws {
        let installation = try installation(file: "name: contacts.csv, count_file: \"{NAME}.cnt\"")
        try installation.put("contacts.csv", records(0..<100))
        try installation.put("contacts.cnt", count == "records" ? records(0..<300) : count)
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["error"]["code"].string == "count.mismatch")
        #expect(run["error"]["message"].string?.contains("300") == true && run["error"]["message"].string?.contains("100") == true)
        #expect(try rows(installation) == 0)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
    }

    @Test("IMP-5, T17: a count file that is missing or says nothing loads nothing, and the data file stays", arguments: [nil, "", "many"])
    func noCount(content: String?) throws {
        let installation = try installation(file: "name: \"*.csv\", count_file: \"{NAME}.cnt\"")
        try installation.put("contacts.csv", records(0..<100))
        if let content { try installation.put("contacts.cnt", content) }
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "failed")
        #expect(try rows(installation) == 0)
        // Text that is no number is a header line without records, which announces none.
        if content != "many" { #expect(installation.directory.names(in: "home/files/upload").contains("contacts.csv")) }
        #expect(
            try installation.run(
                "validate", "-",
                input: "jobs: [{ name: a, kind: import-list, file: { name: a.csv, count_file: \"*.cnt\" }, target: { list: CONTACTS } }]"
            ).status == 3)
    }

    @Test("IMP-2, T15: with a ready file only whole files are taken, the oldest first, and a ready file stands for one delivery")
    func ready() throws {
        let installation = try installation(file: "name: \"contacts*.csv\", ready_file: \"{NAME}.ready\", settle_seconds: 3600")
        func run() throws -> JSONObject { try installation.json("jobs", "run", "contacts") }
        try put("contacts_1.csv", records(0..<10), at: 1_577_836_800, in: installation)
        try put("contacts_2.csv", records(10..<30), at: 1_577_836_801, in: installation)
        let early = try run()
        #expect(early["error"]["code"].string == "file.not-ready" && early["error"]["message"].string?.contains("contacts_1.ready") == true)
        try installation.put("contacts_2.ready", "")
        #expect(try run()["records"]["inserted"].int == 20, "the older one is not whole yet")
        #expect(installation.directory.names(in: "home/files/upload") == ["contacts_1.csv"])
        #expect(installation.directory.names(in: "home/files/archive").sorted() == ["contacts_2.csv.1.2", "contacts_2.ready.1.2"])
        try installation.put("contacts_2.csv", records(40..<50))
        #expect(try run()["error"]["code"].string == "file.not-ready", "the ready file was of the delivery before")
        try apply(file: "name: contacts_1.csv, ready_file: contacts.flag", to: installation)
        #expect(try run()["error"]["message"].string?.contains("contacts.flag") == true)
        try installation.put("contacts.flag", "10")
        #expect(try run()["records"]["inserted"].int == 10)
        #expect(try rows(installation) == 30)
        let refused = try installation.run(
            "validate", "-",
            input: "jobs: [{ name: a, kind: import-list, file: { name: a.csv, ready_file: \"*.ready\" }, target: { list: CONTACTS } }]")
        #expect(refused.status == 3 && refused.output.contains("One ready file belongs to one data file"))
    }

    @Test("T15: a file that is written to while it is read loads nothing and stays for the next run")
    func growing() throws {
        let installation = try installation(file: "name: contacts.csv")
        try installation.put("contacts.csv", records(0..<20_000))
        let file = try #require(FileHandle(forWritingAtPath: installation.upload + "/contacts.csv"))
        try file.seekToEnd()
        let child = try installation.start(["jobs", "run", "contacts", "--json"])
        // A line now and then: a writer that is faster than the reader would never let it come to the end.
        let writer = Thread { [file] in
            while !Thread.current.isCancelled {
                try? file.write(contentsOf: Data("late@example.com,Late\n".utf8))
                usleep(5000)
            }
        }
        writer.start()
        let result = child.wait()
        writer.cancel()
        #expect(result.output.contains("file.changed"), "\(result.output)")
        #expect(try rows(installation) == 0)
        #expect(installation.directory.names(in: "home/files/upload") == ["contacts.csv"])
    }

    @Test("T15: a run that waits for quiet takes the whole of a slowly written file")
    func settles() throws {
        let installation = try installation(file: "name: contacts.csv, settle_seconds: 4")
        try installation.put("contacts.csv", "mail,NAME\n")
        let path = installation.upload + "/contacts.csv"
        let child = try installation.start(["jobs", "run", "contacts", "--json"])
        for number in 0..<12 {
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("p\(number)@example.com,Name\n".utf8))
            try file.close()
            usleep(50_000)
        }
        let result = child.wait()
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(try rows(installation) == 12)
    }

    @Test("T16, domain §5.4: the same bytes under another name are told or refused, as the job says")
    func sameContent() throws {
        let installation = try installation(file: "name: \"*.csv\"")
        try installation.put("monday.csv", records(0..<10))
        #expect(try installation.json("jobs", "run", "contacts")["warnings"].count == 0)
        try installation.put("tuesday.csv", records(0..<10))
        let told = try installation.json("jobs", "run", "contacts")
        #expect(told["status"].string == "succeeded")
        #expect(told["warnings"][0].string?.contains("monday.csv") == true)
        try apply(file: "name: \"*.csv\"", more: "options: { same_content: refuse }", to: installation)
        try installation.put("wednesday.csv", records(0..<10))
        #expect(try installation.json("jobs", "run", "contacts")["error"]["code"].string == "file.same-content")
        try installation.put("wednesday.csv", records(0..<11))
        #expect(try installation.json("jobs", "run", "contacts")["records"]["inserted"].int == 1)
    }

    @Test("IMP-16: gates for the number of records and for its deviation from the last runs load nothing when they close")
    func volume() throws {
        let installation = try installation(
            file: "name: contacts.csv", more: "limits: { min_records: 5, max_records: 1000, max_deviation_percent: 50 }")
        func code(_ count: Int) throws -> String? {
            try installation.put("contacts.csv", records(0..<count) + "# \(UUID().uuidString)@example.com,x\n")
            return try installation.json("jobs", "run", "contacts")["error"]["code"].string
        }
        #expect(try code(3) == "limit.min-records")
        #expect(try code(1001) == "limit.max-records")
        for _ in 0..<3 { #expect(try code(99) == nil) }
        #expect(try code(160) == "limit.deviation")
        #expect(try code(30) == "limit.deviation")
        #expect(try code(120) == nil)
    }

    private func put(_ name: String, _ text: String, at time: Int, in installation: Installation) throws {
        try installation.put(name, text)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(time))], ofItemAtPath: installation.upload + "/" + name)
    }

    private func blockArchive(of installation: Installation) throws {
        try FileManager.default.removeItem(atPath: installation.home + "/files/archive")
        try installation.directory.write("home/files/archive", "in the way")
    }

    private func unblockArchive(of installation: Installation) throws {
        try FileManager.default.removeItem(atPath: installation.home + "/files/archive")
    }

    @Test("IMP-17: a file with the path, size and time of a loaded one, but other content, is loaded")
    func likeAnEarlierOne() throws {
        let installation = try installation(file: "name: contacts.csv")
        try put("contacts.csv", "mail,NAME\naaa@example.com,A\n", at: 1_577_836_800, in: installation)
        try blockArchive(of: installation)
        _ = try installation.run("jobs", "run", "contacts")
        #expect(try rows(installation) == 1 && installation.directory.names(in: "home/files/upload") == ["contacts.csv"])
        try unblockArchive(of: installation)
        try put("contacts.csv", "mail,NAME\nbbb@example.com,B\n", at: 1_577_836_800, in: installation)
        #expect(try installation.json("jobs", "run", "contacts")["records"]["inserted"].int == 1)
        #expect(try rows(installation) == 2)
    }

    @Test("IMP-17: where nothing can be archived, a pattern still loads every file, each once")
    func archiveBroken() throws {
        let installation = try installation(file: "name: \"*.csv\"")
        try blockArchive(of: installation)
        for number in 1...3 { try put("\(number).csv", "mail,NAME\np\(number)@example.com,x\n", at: 1_577_836_800 + number, in: installation) }
        for _ in 1...3 { _ = try installation.run("jobs", "run", "contacts") }
        #expect(try rows(installation) == 3)
        try unblockArchive(of: installation)
        for _ in 1...3 { _ = try installation.run("jobs", "run", "contacts") }
        #expect(try rows(installation) == 3)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty && installation.directory.names(in: "home/files/archive").count == 3)
    }

    @Test("IMP-17, T28: of runs started at the same moment one loads the file, and none fails whose rows are there")
    func startedTogether() throws {
        let installation = try installation(file: "name: contacts.csv")
        for round in 0..<4 {
            try installation.put("contacts.csv", records(round * 500..<round * 500 + 500))
            let results = try (0..<3).map { _ in try installation.start(["jobs", "run", "contacts", "--json"]) }.map { $0.wait() }
            #expect(results.count { $0.status == 0 } >= 1, "\(results.map(\.output))")
            #expect(try rows(installation) == (round + 1) * 500)
            for result in results where result.status != 0 {
                #expect(
                    result.output.contains("run.active") || result.errors.contains("run.active") || result.output.contains("file.missing"),
                    "\(result)")
            }
        }
        let runs = try installation.json("runs", "list")
        let inserted = (0..<runs.count).map { runs[$0]["status"].string == "succeeded" ? runs[$0]["records"]["inserted"].int ?? 0 : 0 }
        #expect(inserted.reduce(0, +) == 2000)
        #expect(try installation.run("runs", "recover").status == 0)
    }

    @Test("IMP-6: a column of the file that goes nowhere is told, unless the job says that it is ignored")
    func leftOut() throws {
        let installation = try installation(file: "name: contacts.csv")
        try installation.put("contacts.csv", "mail,NAME,SHOE SIZE\na@example.com,A,44\n")
        #expect(try installation.json("jobs", "run", "contacts")["warnings"][0].string?.contains("SHOE SIZE") == true)
    }
}

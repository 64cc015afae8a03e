import ConnectTesting
import Foundation
import Testing

/// What an export finds on its server, and what it makes of it: the table of Docs/run-states.md.
@Suite(.waits) struct ExportPublicationTests {
    private func installation(_ more: String = "ready_file: count") throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
            jobs:
              - name: load
                kind: import-list
                file: { name: people.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ } }
              - name: out
                kind: export
                source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_], records: changed }
                file: { name: p.csv, header: false, \(more) }
            """)
        try installation.put("people.csv", "mail,FIRST_NAME\n" + (0..<10).map { "p\($0)@example.com,N\n" }.joined())
        try installation.expectSuccess("jobs", "run", "load")
        return installation
    }

    private static let whole = (0..<10).map { "p\($0)@example.com\n" }.joined()

    private func files(_ installation: Installation) -> [String] { installation.directory.names(in: "home/files/download") }

    private func text(_ installation: Installation, _ name: String) -> String? {
        installation.directory.contents("home/files/download/" + name).map { String(decoding: $0, as: UTF8.self) }
    }

    private func kill(_ installation: Installation, at failpoint: String) throws {
        #expect(try installation.run("jobs", "run", "out", environment: ["CONNECTHOST_FAILPOINT": failpoint]).status != 0, "\(failpoint) was not met")
    }

    private func temporary(_ installation: Installation) throws -> String {
        installation.home + "/files/download/" + (try #require(files(installation).first { $0.hasSuffix(".part") }))
    }

    private func last(_ installation: Installation) throws -> JSONObject {
        try installation.json("runs", "show", try #require(try installation.json("runs", "list", "--job", "out")[0]["run"].string))
    }

    @Test(
        "EXP-2, EXP-6: another's file under the name, though it has the same size, fails the run and stays; nothing else is left, the watermark stays",
        arguments: [nil, "export.before-rename"])
    func anothers(_ failpoint: String?) throws {
        let installation = try installation()
        let other = String(Self.whole.reversed())
        if let failpoint {
            try kill(installation, at: failpoint)
            try installation.directory.write("home/files/download/2_2_p.csv", other)
            try installation.run("runs", "recover")
        } else {
            try installation.directory.write("home/files/download/2_2_p.csv", other)
            try installation.run("jobs", "run", "out")
        }
        let run = try installation.json("runs", "show", "2.2")
        #expect(run["status"].string == "failed" && run["error"]["code"].string == "export.exists", "\(run.value ?? "")")
        #expect(files(installation) == ["2_2_p.csv"] && text(installation, "2_2_p.csv") == other)
        #expect(try installation.json("jobs", "run", "out")["records"]["read"].int == 10)
    }

    @Test("EXP-2: a file that went before its rename was asked for is written again, and not called published")
    func lost() throws {
        let installation = try installation()
        try kill(installation, at: "export.uploaded")
        try FileManager.default.removeItem(atPath: try temporary(installation))
        try installation.run("runs", "recover")
        #expect(try last(installation)["status"].string == "succeeded")
        #expect(files(installation) == ["2_2_p.csv", "2_2_p.ready"] && text(installation, "2_2_p.csv") == Self.whole)
        #expect(try installation.json("jobs", "run", "out")["records"]["read"].int == 0)
    }

    @Test("EXP-2: one part lost, all are written again; with another part published already, the run fails, takes it back and is exported again")
    func lostPart() throws {
        let installation = try installation("split_records: 4, ready_file: count")
        try kill(installation, at: "export.uploaded")
        let second = try #require(files(installation).first { $0.contains("_002") })
        try FileManager.default.removeItem(atPath: installation.home + "/files/download/" + second)
        try installation.run("runs", "recover")
        #expect(try last(installation)["status"].string == "succeeded")
        #expect(files(installation) == (1...3).flatMap { ["2_2_p_00\($0).csv", "2_2_p_00\($0).ready"] })

        try installation.put("people.csv", "mail,FIRST_NAME\n" + (0..<10).map { "p\($0)@example.com,Other\n" }.joined())
        try installation.expectSuccess("jobs", "run", "load")
        try kill(installation, at: "export.after-rename")
        let third = try #require(files(installation).first { $0.hasPrefix(".") && $0.contains("_003") })
        try FileManager.default.removeItem(atPath: installation.home + "/files/download/" + third)
        try installation.run("runs", "recover")
        let failed = try last(installation)
        #expect(failed["status"].string == "failed" && failed["error"]["code"].string == "export.lost", "\(failed.value ?? "")")
        #expect(files(installation).allSatisfy { $0.hasPrefix("2_2_") })
        #expect(try installation.json("jobs", "run", "out")["records"]["read"].int == 10)
    }

    @Test("EXP-2: a file that its receiver took right after the rename is published, and the run says so")
    func fetched() throws {
        let installation = try installation()
        try kill(installation, at: "export.after-rename")
        try FileManager.default.removeItem(atPath: installation.home + "/files/download/2_2_p.csv")
        try installation.run("runs", "recover")
        let run = try installation.json("runs", "show", "2.2")
        #expect(run["status"].string == "succeeded" && run["warnings"][0].string?.contains("taken away") == true, "\(run.value ?? "")")
        #expect(files(installation) == ["2_2_p.ready"])
    }

    @Test("EXP-6: a rename that was cut off between its new name and the old one leaves one file")
    func halfRenamed() throws {
        let installation = try installation()
        try kill(installation, at: "export.before-rename")
        try FileManager.default.linkItem(atPath: try temporary(installation), toPath: installation.home + "/files/download/2_2_p.csv")
        try installation.run("runs", "recover")
        #expect(try last(installation)["status"].string == "succeeded")
        #expect(files(installation) == ["2_2_p.csv", "2_2_p.ready"] && text(installation, "2_2_p.csv") == Self.whole)
    }

    @Test("EXP-2: what a run that was given up left under temporary names goes with the job's next run")
    func givenUp() throws {
        let installation = try installation("split_records: 4")
        try kill(installation, at: "export.uploaded")
        try installation.run("runs", "stop", "2.2")
        // Of another run, and of another installation that writes to the same directory.
        let others = [".2_2_p_001.csv.1-abc.part", ".2_9_p.csv.1.part"]
        for name in others { try installation.directory.write("home/files/download/" + name, "another's") }
        try installation.expectSuccess("jobs", "run", "out")
        #expect(files(installation) == others + (1...3).map { "2_3_p_00\($0).csv" })
    }

    @Test("EXP-6: ready files of different runs and parts have different names, whatever dots are in the form, the suffix and the name")
    func readyNames() throws {
        let installation = try installation()
        try installation.apply(
            "jobs:\n  - name: plain\n    kind: export\n    source: { type: list, name: CONTACTS }\n    file: { name: customers, suffix: _v1.2, split_records: 4, ready_file: count, compression: gzip }\n"
        )
        try installation.expectSuccess("jobs", "run", "plain")
        #expect(files(installation) == (1...3).flatMap { ["3_2_customers_v1.2_00\($0).gz", "3_2_customers_v1.2_00\($0).ready"] })
        try installation.expectSuccess("account", "file-names", "{NAME}.{RUN}")
        try installation.apply(
            "jobs:\n  - name: plain\n    kind: export\n    source: { type: list, name: CONTACTS }\n    file: { name: customers, ready_file: count }\n"
        )
        for _ in 0..<2 { try installation.expectSuccess("jobs", "run", "plain") }
        #expect(files(installation).filter { $0.hasPrefix("c") } == ["customers.3", "customers.3.ready", "customers.4", "customers.4.ready"])
    }
}

import ConnectTesting
import Foundation
import Testing

/// EXP-2, EXP-6 (T05): whatever is killed, wherever: afterwards there is one file under a final name, whole, its ready file says its count, nothing is
/// left under a temporary name, and the watermark has moved once. `CRASH_ROUNDS` sets the number of random kills.
@Suite(.waits) struct ExportCrashTests {
    /// A home in which 3,000 rows have been exported and 1,000 more have come since.
    private struct Stage {
        let template: Installation
        /// Whom the file is encrypted for; nil: it is compressed only.
        let partner: PGPPartner?
        private var ending: String { partner == nil ? ".csv.gz" : ".csv.gz.gpg" }

        init(isEncrypted: Bool = false) throws {
            template = try Installation()
            partner = try isEncrypted ? PGPPartner() : nil
            try partner?.giveKey(to: template)
            try template.apply(
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
                    source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, FIRST_NAME], records: changed }
                    file: { name: people.csv, header: false, compression: gzip, ready_file: count\(isEncrypted ? ", encryption: pgp, recipients: [data@partner.example]" : "") }
                """)
            try Self.load(0..<3000, template)
            try template.expectSuccess("jobs", "run", "out")
            for name in template.directory.names(in: "home/files/download") {
                try FileManager.default.removeItem(atPath: template.home + "/files/download/" + name)
            }
            try Self.load(2500..<4000, template)
        }

        static func load(_ numbers: Range<Int>, _ installation: Installation) throws {
            try installation.put("people.csv", "mail,FIRST_NAME\n" + numbers.map { "p\($0)@example.com,Name \($0)\n" }.joined())
            try installation.expectSuccess("jobs", "run", "load")
        }

        /// No moment between kill and recovery may show a receiver anything that is not whole.
        func expectNothingHalf(_ installation: Installation, _ what: Comment) throws {
            let names = installation.directory.names(in: "home/files/download").filter { !$0.hasPrefix(".") }
            for name in names where name.hasSuffix(ending) { #expect(try lines(installation, name) == 1000, what) }
            for name in names where name.hasSuffix(".ready") {
                #expect(names.contains(name.replacingOccurrences(of: ".ready", with: ending)), what)
                #expect(installation.directory.contents("home/files/download/" + name) == Data("1000\n".utf8), what)
            }
        }

        /// Recovers, runs again where the killed run never began, and compares everything.
        func expectWhole(_ installation: Installation, _ what: Comment) throws {
            for _ in 0..<5 where try installation.json("runs", "recover").count > 0 {}
            let runs = try installation.json("runs", "list", "--job", "out")
            if runs[0]["status"].string != "succeeded" || runs.count < 2 { try installation.expectSuccess("jobs", "run", "out") }
            let names = installation.directory.names(in: "home/files/download")
            #expect(names.count == 2, "\(what): \(names)")
            #expect(!names.contains { $0.hasPrefix(".") }, what)
            try expectNothingHalf(installation, what)
            // Everything has been exported, and nothing will be again.
            #expect(try installation.json("jobs", "run", "out")["records"]["read"].int == 0, what)
        }

        private func lines(_ installation: Installation, _ name: String) throws -> Int {
            let file = installation.home + "/files/download/" + name
            let packed = try partner.map { try installation.directory.write("opened.gz", try $0.open(file).content) } ?? file
            let unpacked = try ChildRun("gunzip", ["-c", packed]).wait()
            guard unpacked.status == 0 else { throw TestFailure("\(name) is not whole: \(unpacked.errors)") }
            return unpacked.output.split(separator: "\n").count
        }
    }

    private static let rounds = ProcessInfo.processInfo.environment["CRASH_ROUNDS"].flatMap(Int.init) ?? 6
    private static let failpoints = [
        "export.claimed", "export.windowed", "export.half", "export.before-commit", "export.uploaded", "export.before-rename", "export.after-rename",
        "export.published", "export.before-ready", "export.after-ready", "export.ready", "export.finished",
    ]

    @Test("EXP-2, EXP-6 (T05): killed at every step boundary, and once more while recovering, one whole file and one ready file come of a run")
    func everyBoundary() throws {
        let stage = try Stage()
        for failpoint in Self.failpoints {
            for second in [nil]
                + (failpoint == "export.uploaded"
                    ? ["export.after-rename", "export.published", "export.ready"] : failpoint == "export.half" ? ["export.half"] : [])
            {
                let installation = try Installation(copying: stage.template)
                let killed = try installation.run("jobs", "run", "out", environment: ["CONNECTHOST_FAILPOINT": failpoint])
                #expect(killed.status != 0 || failpoint == "export.finished", "\(failpoint) was not met")
                try stage.expectNothingHalf(installation, "\(failpoint)")
                if let second {
                    try installation.run("runs", "recover", environment: ["CONNECTHOST_FAILPOINT": second])
                    try stage.expectNothingHalf(installation, "\(failpoint), then \(second)")
                }
                try stage.expectWhole(installation, "\(failpoint)\(second.map { ", then \($0)" } ?? "")")
            }
        }
    }

    @Test("EXP-5, EXP-6: killed while a file is encrypted, and after, one whole message comes of a run")
    func encrypted() throws {
        let stage = try Stage(isEncrypted: true)
        for failpoint in ["export.half", "export.before-commit", "export.uploaded", "export.after-rename"] {
            let installation = try Installation(copying: stage.template)
            #expect(
                try installation.run("jobs", "run", "out", environment: ["CONNECTHOST_FAILPOINT": failpoint]).status != 0, "\(failpoint) was not met")
            try stage.expectNothingHalf(installation, "\(failpoint)")
            try stage.expectWhole(installation, "\(failpoint)")
        }
    }

    @Test("EXP-2, EXP-6: killed at random moments, worker or host, one whole file comes of a run")
    func randomMoments() throws {
        let stage = try Stage()
        for round in 0..<Self.rounds {
            let installation = try Installation(copying: stage.template)
            let run = try installation.start(["jobs", "run", "out", "--quiet"])
            usleep(UInt32.random(in: 0..<400_000))
            // A worker whose host is gone stops in good order by itself; recovery waits for nobody, so the test does.
            if round % 2 == 0 { try run.killAndWaitForChildren() } else { run.children.forEach { kill($0, SIGKILL) } }
            _ = run.wait()
            try stage.expectNothingHalf(installation, "round \(round)")
            try stage.expectWhole(installation, "round \(round)")
        }
    }

    @Test(
        "EXP-2 (T43): while four writers load and exports are killed, the files together hold every version of every row once, and the last is the table"
    )
    func changesWhileWriting() throws {
        let installation = try Installation()
        let writers = (1...4).map {
            "  - name: load\($0)\n    kind: import-list\n    file: { name: people\($0).csv }\n    target: { list: CONTACTS }\n    mapping: { fields: { mail: EMAIL_ADDRESS_ } }\n"
        }
        try installation.apply(
            "lists:\n  - name: CONTACTS\n    fields: { VERSION: STR100 }\njobs:\n" + writers.joined()
                + "  - name: out\n    kind: export\n    source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, VERSION], records: changed }\n    file: { name: p.csv, header: false }\n"
        )
        for round in 0..<max(6, Self.rounds / 4) {
            let loads = try (1...4).map { writer in
                let first = Int.random(in: 0..<800)
                try installation.put(
                    "people\(writer).csv", "mail,VERSION\n" + (first..<first + 300).map { "p\($0)@example.com,\(round)-\(writer)\n" }.joined())
                return try installation.start(["jobs", "run", "load\(writer)", "--quiet"])
            }
            let export = try installation.start(["jobs", "run", "out", "--quiet"])
            usleep(UInt32.random(in: 0..<400_000))
            if round % 3 != 2 { try export.killAndWaitForChildren() }
            _ = export.wait()
            for load in loads { #expect(load.wait().status == 0) }
        }
        for _ in 0..<5 where try installation.json("runs", "recover").count > 0 {}
        try installation.expectSuccess("jobs", "run", "out")
        let names = installation.directory.names(in: "home/files/download").sorted { Self.number($0) < Self.number($1) }
        var last: [String: String] = [:]
        var seen: Set<String> = []
        for line in names.flatMap({
            String(decoding: installation.directory.contents("home/files/download/" + $0) ?? Data(), as: UTF8.self).split(separator: "\n")
        }) {
            let parts = line.split(separator: ",").map(String.init)
            #expect(seen.insert(String(line)).inserted, "\(line) stands in two files")
            last[parts[0]] = parts[1]
        }
        let table = try installation.expectSuccess("lists", "query", "CONTACTS", "--fields", "EMAIL_ADDRESS_,VERSION", "--limit", "0", "--json")
            .split(separator: "\n")
        let exported = last.map { "{\"EMAIL_ADDRESS_\":\"\($0.key)\",\"VERSION\":\"\($0.value)\"}" }
        #expect(exported.sorted() == table.map(String.init).sorted())
    }

    /// Of the run in a file's name.
    private static func number(_ name: String) -> Int { Int(name.split(separator: "_").dropFirst().first ?? "") ?? 0 }
}

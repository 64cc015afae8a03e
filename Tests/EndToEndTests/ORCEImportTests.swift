import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// Imports of ORCE data through the connector's interface alone.
@Suite(.waits) struct ORCEImportTests {
    private static let samples = CompiledConnector.root + "/Plugins/ORCEImport/Samples"

    /// A list with three people, and a table for each kind of data.
    private static func host() throws -> Installation {
        let host = try Installation()
        try host.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
            pets:
              - name: LOYALTY
                list: CONTACTS
                fields: { LOYALTY_PROGRAM: STR50, ACCOUNT_NUMBER: STR50, TIER: STR25, POINTS_BALANCE: INTEGER, ACTIVE: CHAR, ENROLLED: TIMESTAMP }
              - name: ATTRIBUTES
                list: CONTACTS
                fields: { ATTRIBUTE_SHOE_SIZE: STR25, ATTRIBUTE_HOME_STORE: STR100, ATTRIBUTE_LAST_VISIT: TIMESTAMP }
              - name: SEGMENTS
                list: CONTACTS
                fields: { SEGMENT: STR50, STRATUM: STR25, ASSIGNED: TIMESTAMP }
            jobs:
              - name: People
                kind: import-list
                file: { name: people.csv }
                target: { list: CONTACTS, match: [CUSTOMER_ID_] }
            """)
        try host.put(
            "people.csv",
            "CUSTOMER_ID_,EMAIL_ADDRESS_\nC00000001,a@example.com\nC00000002,b@example.com\nC00000003,c@example.com\n")
        try host.expectSuccess("jobs", "run", "People")
        for kind in ["loyalty", "attributes", "segments"] {
            try host.expectSuccess("connectors", "profile", "set", "orce-\(kind)", "--set", "server=files", "--set", "directory=upload")
        }
        return host
    }

    private static func put(_ name: String, _ host: Installation) throws {
        let data = try #require(FileManager.default.contents(atPath: samples + "/" + name))
        try host.put(name, data)
    }

    private func rows(_ host: Installation, _ pet: String, _ fields: String) throws -> [String] {
        try host.expectSuccess("pets", "query", pet, "--fields", fields, "--limit", "0", "--json").split(separator: "\n").map(String.init).sorted()
    }

    @Test(
        "ORC-1: each kind of data goes from the account's file into a table that exists, and the file to the archive",
        arguments: [
            ("loyalty", "demo_LoyaltyAccountsSync.txt", "LOYALTY", "mapping: { LEVEL: TIER }", "TIER", #"{"TIER":"GOLD"}"#),
            (
                "attributes", "demo_CustomersSync.txt", "ATTRIBUTES", "replace_all: false", "ATTRIBUTE_HOME_STORE",
                #"{"ATTRIBUTE_HOME_STORE":"Zagreb"}"#
            ),
            ("segments", "demo_SegmentsSync.txt", "SEGMENTS", "replace_all: true", "STRATUM", #"{"STRATUM":"D"}"#),
        ])
    func imports(kind: String, file: String, pet: String, extra: String, field: String, row: String) throws {
        let host = try Self.host()
        try Self.put(file, host)
        try host.apply("jobs:\n  - name: ORCE\n    kind: orce-\(kind)\n    settings: { list: CONTACTS, pet: \(pet), \(extra) }\n")
        #expect(try host.expectSuccess("jobs", "preview", "ORCE").contains("Nothing was written"))
        let run = try host.json("jobs", "run", "ORCE")
        #expect(
            run["status"].string == "succeeded" && run["records"]["inserted"].int == 3 && run["archived"].string?.hasPrefix("archive/\(file)") == true
        )
        #expect(run["kind"].string == "org.connecthost.orce.\(kind)" && run["state"].string == "finished")
        #expect(try rows(host, pet, field).contains(row))
        #expect(host.directory.names(in: "home/files/upload").isEmpty)
    }

    @Test("ORC-2: every error of a job is told at once, each with its field, also those of the host's own import")
    func errors() throws {
        let host = try Self.host()
        let draft = """
            jobs:
              - name: Draft
                kind: orce-loyalty
                settings: { list: NOBODY, mapping: { A: TIER, B: TIER }, mapping_file: "X,X" }
                options: { notify: { when: always, to: ["no address"] } }
                active: false
            """
        try host.expectSuccess("apply", "--draft", "-", input: draft)
        let report = try host.json("jobs", "errors", "Draft")
        let paths = Set((0..<report["problems"].count).compactMap { report["problems"][$0]["path"].string })
        #expect(
            paths.isSuperset(of: ["settings.list", "settings.pet", "settings.mapping", "settings.mapping_file", "options.notify.to"]), "\(paths)")
        #expect(try host.run("jobs", "errors", "Draft").status == 3)
        #expect(try host.run("jobs", "activate", "Draft").status == 3)
    }

    @Test("ORC-2: mail, event and campaign launch follow a run that loaded records; one that failed is told by mail, and nothing else follows it")
    func postProcessing() throws {
        let host = try Self.host()
        try MessageSink.with("smtp") { mails in
            try MessageSink.with("http") { calls in
                try host.expectSuccess(
                    "account", "mail", "set", "--set", "host=localhost", "--set", "port=\(mails["PORT"])", "--set", "from=connect@example.com",
                    "--set", "security=none")
                try host.expectSuccess("account", "network", "set", "--set", "allow=127.0.0.0/8,::1")
                try host.expectSuccess("hooks", "add", "crm", "--url", calls.url + "/crm")
                try host.expectSuccess("account", "campaigns", "set", "--set", "profile=plain", "--set", "url=\(calls.url)/launch/{campaign}")
                try host.apply(
                    """
                    jobs:
                      - name: ORCE
                        kind: orce-loyalty
                        settings: { list: CONTACTS, pet: LOYALTY, mapping: { LEVEL: TIER } }
                        options:
                          notify: { when: always, to: ["ops@example.com, crm@example.com"] }
                          event: { name: loyalty-loaded, with_records: true }
                          launch: { campaigns: [Tier change], progress_to: [ann@example.com], progress_every: 50000, failure_to: [ann@example.com] }
                    """)
                try Self.put("demo_LoyaltyAccountsSync.txt", host)
                let run = try host.json("jobs", "run", "ORCE")
                #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
                #expect(
                    try mails.taken.map(ParsedMail.init).map { "\($0.head["RCPT-TO"] ?? "") \($0.subject)" }
                        == ["ops@example.com", "crm@example.com"].map { "\($0) ORCE: run 2.2 succeeded, 3 records loaded" })
                let taken = calls.taken.map { JSONObject(try? JSONSerialization.jsonObject(with: Data($0.utf8))) }
                #expect(Set(taken.compactMap { $0["path"].string }) == ["/crm", "/launch/Tier%20change"])
                #expect(taken.contains { $0["body"].string?.contains("connecthost.event.loyalty-loaded") == true })
                let outbox = try host.json("outbox", "list")
                #expect((0..<outbox.count).allSatisfy { outbox[$0]["state"].string == "delivered" })

                try host.put("demo_LoyaltyAccountsSync.txt", "\u{0}\u{1}no text")
                #expect(try host.json("jobs", "run", "ORCE")["status"].string == "failed")
                #expect(try mails.taken.dropFirst(2).map(ParsedMail.init).map(\.subject) == ["ORCE: run 2.3 failed", "ORCE: run 2.3 failed"])
                #expect(calls.taken.count == taken.count, "nothing is launched or raised after a failure")
            }
        }
    }

    @Test("ORC-2: a mapping file names the columns, and with replace-all earlier rows are gone")
    func mappingFile() throws {
        let host = try Self.host()
        try host.expectSuccess(
            "connectors", "profile", "set", "orce-segments", "--set", "header=false", "--set", "delimiter=,", "--set", "file_name=seg.csv")
        try host.apply(
            """
            jobs:
              - name: Segments
                kind: orce-segments
                settings: { list: CONTACTS, pet: SEGMENTS, replace_all: true, mapping_file: "CUSTOMER_ID;'SEGMENT';STRATUM", mapping_file_delimiter: ";", mapping_file_enclosure: single }
            """)
        for (content, expected) in [("C00000001,Old,A\nC00000002,Old,B\n", 2), ("C00000003,New,C\n", 1)] {
            try host.put("seg.csv", content)
            let run = try host.json("jobs", "run", "Segments")
            #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
            #expect(try rows(host, "SEGMENTS", "SEGMENT").count == expected)
        }
    }

    @Test("ORC-3: a draft may lack anything; it is checked when it is activated, and a file that is empty goes to the archive")
    func drafts() throws {
        let host = try Self.host()
        try host.expectSuccess("apply", "--draft", "-", input: "jobs:\n  - name: Draft\n    kind: orce-attributes\n    active: false\n")
        #expect(try host.run("jobs", "activate", "Draft").status == 3)
        try host.apply("jobs:\n  - name: Draft\n    kind: orce-attributes\n    settings: { list: CONTACTS, pet: ATTRIBUTES }\n    active: true\n")
        try host.put("demo_CustomersSync.txt", "\u{0}\u{1}\u{2}\u{0}not text at all")
        let run = try host.json("jobs", "run", "Draft")
        #expect(run["status"].string == "failed" && run["error"]["category"].string == "data", "\(run["error"]["message"].string ?? "")")
        #expect(
            host.directory.names(in: "home/files/upload").isEmpty
                && host.directory.names(in: "home/files/archive").contains { $0.hasPrefix("demo_CustomersSync") })
    }
}

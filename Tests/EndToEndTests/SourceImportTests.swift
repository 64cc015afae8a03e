import ConnectTesting
import Foundation
import Testing

/// Imports that read the rows of a source connector: the example in C, which has six contacts and a cursor.
@Suite struct SourceImportTests {
    /// An installation with the example as server "crm".
    private static func host() throws -> Installation {
        let host = try Installation()
        let built = try CompiledConnector.buildExample("c-source", into: host.directory.path)
        try FileManager.default.copyItem(atPath: built, toPath: host.home + "/connectors/contacts_source.so")
        try host.expectSuccess("servers", "add", "crm", "com.example.c-contacts")
        return host
    }

    private static func document(_ source: String, load: String = "merge") -> String {
        """
        tables:
          - { name: SCORES, key: [ID], fields: { ID: INTEGER, EMAIL: STR100, SCORE: NUMBER, ACTIVE: INTEGER } }
        jobs:
          - name: scores
            kind: import-table
            source: { server: crm, stream: contacts\(source) }
            target: { table: SCORES, load: \(load) }
        """
    }

    private static let rows = [
        #"{"ACTIVE":"0","EMAIL":"bert@example.com","ID":"2","SCORE":"1.25"}"#, #"{"ACTIVE":"0","EMAIL":"dora@example.com","ID":"4","SCORE":"0"}"#,
        #"{"ACTIVE":"1","EMAIL":"anna@example.com","ID":"1","SCORE":"0.5"}"#, #"{"ACTIVE":"1","EMAIL":"jürgen@example.com","ID":"6","SCORE":"8"}"#,
        #"{"ACTIVE":"1","ID":"3","SCORE":"-3"}"#, #"{"ACTIVE":"1","ID":"5","SCORE":"2.5"}"#,
    ]

    private func scores(_ host: Installation) throws -> [String] {
        try host.expectSuccess("tables", "query", "SCORES", "--fields", "ID,EMAIL,SCORE,ACTIVE", "--limit", "0", "--json")
            .split(separator: "\n").map(String.init).sorted()
    }

    @Test("CON-9, IMP-6: rows of a source in C are mapped by the names of their columns and merged like records of a file")
    func reads() throws {
        let host = try Self.host()
        #expect(try host.expectSuccess("servers", "test", "crm").contains("1: contacts"))
        try host.apply(Self.document(""))
        let preview = try host.json("jobs", "preview", "scores")
        #expect(preview["records"]["read"].int == 6 && preview["records"]["inserted"].int == 6)
        #expect(try scores(host).isEmpty, "a preview writes nothing")
        let run = try host.json("jobs", "run", "scores")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["read"].int == 6 && run["records"]["inserted"].int == 6)
        #expect(run["file"]["path"].string == "contacts" && run["archived"].isMissing)
        #expect(try scores(host) == Self.rows)
        let again = try host.json("jobs", "run", "scores")
        #expect(again["records"]["read"].int == 6 && again["records"]["unchanged"].int == 6)
        #expect(again["sha256"].string == run["sha256"].string, "the same rows, the same sum")
        #expect(again["warnings"].count == 0, "a table that is as it was is nothing to warn of")
    }

    @Test("CON-9, IMP-15: a row that is refused is kept with its number, its reason and its values")
    func rejects() throws {
        let host = try Self.host()
        try host.apply(
            """
            lists:
              - { name: CONTACTS, fields: { SCORE: NUMBER } }
            jobs:
              - name: contacts
                kind: import-list
                source: { server: crm, stream: contacts }
                target: { list: CONTACTS }
                mapping: { fields: { email: EMAIL_ADDRESS_, id: CUSTOMER_ID_ }, ignore: [active] }
                limits: { max_rejected_percent: 60 }
            """)
        let run = try host.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["rejects"]["by_reason"]["MATCH_KEY_EMPTY"].int == 2)
        let rejects = try host.expectSuccess("runs", "rejects", "1.1")
        #expect(rejects.contains(#"3,"MATCH_KEY_EMPTY","EMAIL_ADDRESS_","A match field is empty.","3,,-3.0,1""#), "\(rejects)")
        #expect(rejects.contains(#""5,,2.5,1""#))
        try host.apply(
            "jobs:\n  - name: contacts\n    kind: import-list\n    source: { server: crm, stream: contacts }\n    target: { list: CONTACTS }\n"
                + "    mapping: { fields: { email: EMAIL_ADDRESS_ } }\n    limits: { max_rejected_percent: 10 }")
        #expect(try host.json("jobs", "run", "contacts")["error"]["code"].string == "limit.max-rejected")
        try host.apply(
            "jobs:\n  - name: contacts\n    kind: import-list\n    source: { server: crm, stream: contacts }\n    target: { list: CONTACTS }\n"
                + "    mapping: { fields: { address: EMAIL_ADDRESS_ } }")
        let unfit = try host.json("jobs", "run", "contacts")["error"]
        #expect(
            unfit["code"].string == "mapping.invalid" && unfit["message"].string?.contains("The stream has no column \"address\"") == true, "\(unfit)"
        )
        #expect(!"\(unfit["message"].string ?? "file")\(unfit["remedy"].string ?? "file")".contains("file"), "\(unfit)")
    }

    @Test("CON-9, IMP-17: how far a run has read is committed with its rows: whatever is killed, every row is inserted once")
    func exactlyOnce() throws {
        let template = try Self.host()
        // Without a key and with inserts only, a row that came twice would stand there twice.
        try template.apply(Self.document(", records: new", load: "insert").replacingOccurrences(of: "key: [ID], ", with: ""))
        for place in ["run.claimed", "run.selected", "run.staged", "run.rejects-written", "run.applied"] {
            let host = try Installation(copying: template)
            let killed = try host.run("jobs", "run", "scores", environment: ["CONNECTHOST_FAILPOINT": place])
            #expect(killed.status != 0, "killed at \(place)")
            let next = try host.json("jobs", "run", "scores")
            #expect(next["status"].string == "succeeded", "\(place): \(next["error"]["message"].string ?? "")")
            #expect(try scores(host) == Self.rows, "killed at \(place)")
            let last = try host.json("jobs", "run", "scores")
            #expect(last["status"].string == "succeeded" && last["records"]["read"].int == 0, "nothing is new")
        }
    }

    @Test("CON-9: a run that loads nothing moves no mark")
    func failedRun() throws {
        let host = try Self.host()
        try host.apply(Self.document(", records: new") + "\n    limits: { max_records: 5 }")
        #expect(try host.json("jobs", "run", "scores")["error"]["code"].string == "limit.max-records")
        try host.apply(Self.document(", records: new") + "\n    limits: { max_records: 6 }")
        #expect(try host.json("jobs", "run", "scores")["records"]["inserted"].int == 6)
        #expect(try host.json("jobs", "run", "scores")["records"]["read"].int == 0)
    }

    @Test("CON-5: a section source is checked before anything runs")
    func checked() throws {
        let host = try Self.host()
        func problems(_ text: String) throws -> String {
            let result = try host.run("validate", "-", input: text)
            #expect(result.status == 3, "\(result.output)")
            return result.output
        }
        let job = Self.document("")
        #expect(try problems(job + "\n    file: { name: a.csv }").contains("leave out the section file"))
        #expect(try problems(job.replacingOccurrences(of: "server: crm", with: "server: files")).contains("holds files and gives no rows"))
        #expect(try problems(job.replacingOccurrences(of: "server: crm", with: "server: crn")).contains("Did you mean \"crm\"?"))
        #expect(try problems(job.replacingOccurrences(of: ", stream: contacts", with: "")).contains("Name the stream"))
        #expect(
            try problems(job.replacingOccurrences(of: "source: { server: crm, stream: contacts }", with: "file: { server: crm, name: a.csv }"))
                .contains("gives rows and holds no files"))
        #expect(try problems(Self.document(", settings: { speed: \"9\" }")).contains("There is no setting \"speed\""))
        #expect(try problems(Self.document(", records: new", load: "replace")).contains("cannot take the place of all others"))
        try host.apply(job)
        let used = try host.run("servers", "remove", "crm")
        #expect(used.status == 3 && used.errors.contains("is used by \"scores\""))
        try host.apply(job.replacingOccurrences(of: "stream: contacts", with: "stream: invoices"))
        let missing = try host.json("jobs", "run", "scores")
        #expect(missing["error"]["category"].string == "configuration" && missing["error"]["message"].string?.contains("there is: contacts") == true)
    }
}

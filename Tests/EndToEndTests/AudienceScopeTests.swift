import ConnectTesting
import Foundation
import Testing

/// The audience scope file beside a list import: looked at as a whole before anything is committed (IMP-1).
@Suite(.waits) struct AudienceScopeTests {
    private func installation(_ limits: String = "") throws -> Installation {
        let installation = try Installation()
        try installation.expectSuccess("account", "set", "audience-scope=on")
        try installation.apply(
            """
            lists:
              - { name: CONTACTS, fields: { FIRST_NAME: STR100 } }
            pets:
              - { name: SCOPE, list: CONTACTS, fields: { REGION: STR25, SINCE: TIMESTAMP } }
            jobs:
              - name: scoped
                kind: import-list
                file: { name: people.csv }
                target: { list: CONTACTS, match: [CUSTOMER_ID_], scope_file: "{NAME}.scope", scope_pet: SCOPE }
                mapping: { fields: { who: CUSTOMER_ID_ } }
                \(limits)
            """)
        try installation.put("people.csv", "who,FIRST_NAME\nC1,Ann\nC2,Bob\n")
        return installation
    }

    private func expectNothing(_ installation: Installation, _ run: JSONObject, _ what: Comment) throws {
        #expect(run["status"].string == "failed", what)
        #expect(run["error"]["code"].string == "scope.invalid", what)
        #expect(run["error"]["message"].string?.contains("people.scope") == true, what)
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0, what)
        #expect(try installation.json("pets", "count", "SCOPE")["count"].int == 0, what)
        #expect(installation.directory.names(in: "home/files/upload") == ["people.csv", "people.scope"], what)
    }

    @Test(
        "IMP-1, IMP-17: a scope file that cannot be read or does not fit fails the run before anything is committed; a right one is loaded afterwards"
    )
    func wrong() throws {
        let installation = try installation("limits: { max_rejected_percent: 40 }")
        let wrong: [(Comment, Data)] = [
            ("its columns do not fit", Data("person,REGION\nC1,North\n".utf8)),
            ("it is no text", Data([0x50, 0x4B, 0x03, 0x04] + [UInt8](repeating: 0, count: 500))),
            ("too many of its records are refused", Data("who,REGION,SINCE\nC1,North,2024-01-01 00:00:00\nC2,South,yesterday\n".utf8)),
        ]
        for (what, contents) in wrong {
            try installation.put("people.scope", contents)
            try expectNothing(installation, try installation.json("jobs", "run", "scoped"), what)
        }
        try installation.put("people.scope", "who,REGION,SINCE\nC1,North,2024-01-01 00:00:00\nC2,South,\nC9,West,\n")
        let run = try installation.json("jobs", "run", "scoped")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 2)
        #expect(try installation.json("pets", "count", "SCOPE")["count"].int == 2)
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
    }

    @Test("IMP-18: a preview shows the scope file too, and what is wrong with it, and writes nothing")
    func preview() throws {
        let installation = try installation()
        let missing = try installation.json("jobs", "preview", "scoped")
        #expect(missing["records"]["inserted"].int == 2)
        #expect(missing["scope"].isMissing)
        #expect(missing["problems"][0]["path"].string == "target.scope_file")
        #expect(missing["problems"][0]["message"].string?.contains("people.scope") == true)
        try installation.put("people.scope", "who,REGION,SINCE,NOTE\nC1,North,2024-01-01 00:00:00,x\nC2,South,yesterday,y\n")
        let preview = try installation.json("jobs", "preview", "scoped")
        let scope = preview["scope"]
        #expect(preview["problems"].count == 0)
        #expect(scope["table"].string == "SCOPE" && scope["file"]["path"].string == "upload/people.scope")
        #expect(scope["read"].int == 2 && scope["rejected"].int == 1)
        #expect(scope["rejected_by_reason"]["TIMESTAMP_INVALID"].int == 1)
        #expect(scope["first_rejects"][0]["line"].int == 3 && scope["first_rejects"][0]["field"].string == "SINCE")
        #expect(scope["mapping"][0]["target"].string == "CUSTOMER_ID_" && scope["mapping"][3]["target"].isMissing)
        let text = try installation.expectSuccess("jobs", "preview", "scoped")
        #expect(text.contains("Audience scope file upload/people.scope, for SCOPE") && text.contains("2 records, of which the checks reject 1"))
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
    }
}

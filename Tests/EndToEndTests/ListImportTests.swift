import ConnectTesting
import Foundation
import Testing

/// The main job on the account's own file server: a delimited file becomes rows of a list.
@Suite(.waits) struct ListImportTests {
    static let document = """
        lists:
          - name: CONTACTS
            fields: { FIRST_NAME: STR100, TIER: STR25, BORN: TIMESTAMP }
        jobs:
          - name: contacts
            kind: import-list
            file: { name: contacts.csv }
            target: { list: CONTACTS, match: [EMAIL_ADDRESS_] }
            mapping: { fields: { mail: EMAIL_ADDRESS_, first: FIRST_NAME } }
        """

    @Test("IMP-1, IMP-8, IMP-17: a file is merged, archived once, and a second run loads nothing")
    func mergesAndArchives() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put("contacts.csv", "mail,first,tier\nann@example.com,Ann,GOLD\nbob@example.com,Bob,SILVER\n")
        let first = try installation.json("jobs", "run", "contacts")
        #expect(first["status"].string == "succeeded")
        #expect(first["records"]["read"].int == 2)
        #expect(first["records"]["inserted"].int == 2)
        #expect(first["run"].string == "1.1")
        #expect(installation.directory.names(in: "home/files/upload").isEmpty)
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.1"])

        let again = try installation.run("jobs", "run", "contacts", "--json")
        #expect(again.status == 1)
        #expect(again.output.contains("file.missing"))

        try installation.put("contacts.csv", "mail,first,tier\nann@example.com,Anna,GOLD\ncat@example.com,Cat,GOLD\nbob@example.com,Bob,SILVER\n")
        let second = try installation.json("jobs", "run", "contacts")
        #expect(second["records"]["inserted"].int == 1)
        #expect(second["records"]["updated"].int == 1)
        #expect(second["records"]["unchanged"].int == 1)
        #expect(
            try installation.rows("CONTACTS", "EMAIL_ADDRESS_,FIRST_NAME") == [
                #"{"EMAIL_ADDRESS_":"ann@example.com","FIRST_NAME":"Anna"}"#,
                #"{"EMAIL_ADDRESS_":"bob@example.com","FIRST_NAME":"Bob"}"#,
                #"{"EMAIL_ADDRESS_":"cat@example.com","FIRST_NAME":"Cat"}"#,
            ])
    }

    @Test("IMP-15: rejected records are kept with line, reason and raw text, and the rest is loaded")
    func keepsRejects() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put(
            "contacts.csv",
            "mail,first,tier\nann@example.com,Ann,GOLD\nnot an address,Bad,GOLD\nx@example.nosuchtld,Tld,GOLD\n,Empty,GOLD\n\"open@example.com,Open,GOLD\nbob@example.com,Bob\n"
        )
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded")
        #expect(run["records"]["inserted"].int == 1)
        #expect(run["records"]["rejected"].int == 5)
        #expect(run["rejects"]["by_reason"]["EMAIL_MALFORMED"].int == 1)
        #expect(run["rejects"]["by_reason"]["EMAIL_UNKNOWN_TLD"].int == 1)
        #expect(run["rejects"]["by_reason"]["MATCH_KEY_EMPTY"].int == 1)
        #expect(run["rejects"]["by_reason"]["FIELDS_TOO_FEW"].int == 1)
        #expect(run["rejects"]["by_reason"]["ENCLOSURE_UNTERMINATED"].int == 1)
        let rejects = try installation.expectSuccess("runs", "rejects", "1.1")
        #expect(rejects.contains("not an address,Bad,GOLD"))
        #expect(rejects.split(separator: "\n").count == 6)
    }

    @Test("IMP-18: a preview shows mapping and counts and writes nothing")
    func previewWritesNothing() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put("contacts.csv", "mail,first,tier\nann@example.com,Ann,GOLD\nbad,Bad,GOLD\n")
        let preview = try installation.json("jobs", "preview", "contacts")
        #expect(preview["records"]["inserted"].int == 1)
        #expect(preview["records"]["rejected"].int == 1)
        #expect(preview["mapping"][2]["target"].string == "TIER" && preview["mapping"][2]["type"].string == "STR25")
        #expect(try installation.expectSuccess("jobs", "preview", "contacts").contains("LOOKS LIKE"))
        try installation.put("contacts.csv", "mail;first;tier\nann@example.com;Ann;GOLD\n")
        let unfit = try installation.expectSuccess("jobs", "preview", "contacts")
        #expect(
            unfit.contains("the file looks like ;") && unfit.contains("A run would fail and load nothing.") && !unfit.contains("Would be"), "\(unfit)"
        )
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        #expect(installation.directory.names(in: "home/files/upload") == ["contacts.csv"])
        #expect(try installation.json("runs", "list").count == 0)
    }

    @Test("IMP-7: a delivery that was loaded but not archived is archived by the next run and not loaded again")
    func loadsADeliveryOnce() throws {
        let installation = try Installation()
        try installation.apply(Self.document)
        try installation.put("contacts.csv", "mail,first,tier\nann@example.com,Ann,GOLD\n")
        // A file stands where the archive directory should be, so that nothing can be moved there.
        try FileManager.default.removeItem(atPath: installation.home + "/files/archive")
        try installation.directory.write("home/files/archive", "in the way")
        let first = try installation.json("jobs", "run", "contacts")
        #expect(first["status"].string == "succeeded")
        #expect(first["warnings"].count == 1)
        try FileManager.default.removeItem(atPath: installation.home + "/files/archive")
        let second = try installation.json("jobs", "run", "contacts")
        #expect(second["status"].string == "succeeded")
        #expect(second["records"]["read"].int == 0)
        #expect(installation.directory.names(in: "home/files/archive") == ["contacts.csv.1.2"])
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 1)
    }
}

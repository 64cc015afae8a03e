import ConnectTesting
import Foundation
import Testing

/// EXP-5: exports that are encrypted for somebody, who opens them with a GnuPG of their own.
@Suite(.waits) struct EncryptedExportTests {
    private func installation() throws -> Installation {
        let installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
              - name: COPY
                fields: { FIRST_NAME: STR100 }
            jobs:
              - { name: load, kind: import-list, file: { name: people.csv }, target: { list: CONTACTS }, mapping: { fields: { mail: EMAIL_ADDRESS_ } } }
            """)
        try installation.put("people.csv", "mail,FIRST_NAME\n" + (0..<2000).map { "p\($0)@example.com,\"Näme, \($0)\"\n" }.joined())
        try installation.expectSuccess("jobs", "run", "load")
        try installation.expectSuccess("keys", "generate", "Host", "--email", "us@example.com", "--type", "ed25519")
        return installation
    }

    private func job(_ name: String, _ file: String) -> String {
        "  - name: \(name)\n    kind: export\n    source: { type: list, name: CONTACTS, columns: [EMAIL_ADDRESS_, FIRST_NAME] }\n    file: { \(file) }\n"
    }

    private func file(_ run: JSONObject) throws -> String {
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        return try #require(run["export"]["files"][0]["path"].string)
    }

    @Test("EXP-5: a file is compressed, encrypted for each recipient and signed; each opens it with gpg, and an import of the host's own, too")
    func recipients() throws {
        let host = try installation()
        let partner = try PGPPartner()
        try partner.exchangeKeys(with: host)
        let pgp = "encryption: pgp, recipients: [data@partner.example, us@example.com], sign_with: us@example.com"
        try host.apply(
            "jobs:\n" + job("zipped", "name: people.csv, suffix: _S, compression: gzip, ready_file: count, \(pgp)")
                + job("text", "name: people.csv.pgp, armored: true, ready_file: empty, ready_name: append, \(pgp)")
                + "  - { name: in, kind: import-list, file: { directory: download, name: \"*.csv.gz.gpg\" }, target: { list: COPY } }\n")
        let expected = "EMAIL_ADDRESS_,FIRST_NAME\n" + (0..<2000).map { "p\($0)@example.com,\"Näme, \($0)\"\n" }.joined()

        #expect(try host.json("jobs", "preview", "zipped")["file"].string == "download/2_2_people_S.csv.gz.gpg")
        let path = try file(try host.json("jobs", "run", "zipped"))
        #expect(path == "download/2_2_people_S.csv.gz.gpg")
        let opened = try partner.open(host.home + "/files/" + path)
        #expect(opened.remarks.contains("GOODSIG") && opened.remarks.contains("us@example.com"))
        let packed = try host.directory.write("people.gz", opened.content)
        #expect(try ChildRun("gunzip", ["-c", packed]).wait().output == expected)
        #expect(host.directory.contents("home/files/download/2_2_people_S.ready") == Data("2000\n".utf8))

        let text = try file(try host.json("jobs", "run", "text"))
        #expect(text == "download/3_3_people.csv.pgp")
        #expect(host.directory.contents("home/files/" + text)?.starts(with: Data("-----BEGIN PGP MESSAGE-----".utf8)) == true)
        #expect(try partner.open(host.home + "/files/" + text).content == Data(expected.utf8))
        #expect(host.directory.names(in: "home/files/download").contains("3_3_people.csv.pgp.ready"))

        #expect(try host.json("jobs", "run", "in")["status"].string == "succeeded")
        let fields = "EMAIL_ADDRESS_,FIRST_NAME"
        #expect(try host.rows("COPY", fields) == host.rows("CONTACTS", fields))
    }

    @Test(
        "EXP-5: a key that is not there, has expired, or is made for something else keeps a job from being activated, each with its field; a draft may name it"
    )
    func refusedKeys() throws {
        let host = try installation()
        let signing = try PGPPartner("signer@partner.example", algorithm: "ed25519", usage: "sign")
        let old = try PGPPartner("old@partner.example", expiry: "2d", options: ["--faked-system-time", "20200101T000000!"])
        for partner in [signing, old] { try partner.giveKey(to: host) }
        func problems(_ file: String) throws -> [String] {
            try host.expectSuccess(
                "apply", "--draft", "-", input: "jobs:\n" + job("x", "name: x.csv, encryption: pgp, " + file) + "    active: false\n")
            let report = try host.json("jobs", "errors", "x")
            return (0..<report["problems"].count).map {
                "\(report["problems"][$0]["path"].string ?? ""): \(report["problems"][$0]["message"].string ?? "")"
            }
        }
        let found = try problems("recipients: [nobody@partner.example, signer@partner.example, old@partner.example], sign_with: old@partner.example")
        #expect(found.count == 4, "\(found)")
        for (field, words) in [
            ("file.recipients", "no key \"nobody@partner.example\""), ("file.recipients", "cannot encrypt"), ("file.recipients", "is expired"),
            ("file.sign_with", "is expired"),
        ] {
            #expect(found.contains { $0.hasPrefix(field) && $0.contains(words) }, "\(words) of \(field) is missing from \(found)")
        }
        #expect(try problems("recipients: []").contains { $0.hasPrefix("file.recipients") })
        #expect(try problems("recipients: [us@example.com], sign_with: signer@partner.example").contains { $0.contains("The private half") })

        try host.expectSuccess(
            "apply", "--draft", "-",
            input: "jobs:\n" + job("x", "name: x.csv, encryption: pgp, recipients: [nobody@partner.example]") + "    active: false\n")
        let refused = try host.run("jobs", "activate", "x")
        #expect(refused.status == 3 && refused.errors.contains("nobody@partner.example"))
    }

    @Test("EXP-5: a key that is gone when a run begins fails it before anything is written; the next run, with the key, exports the same")
    func missingKey() throws {
        let host = try installation()
        let partner = try PGPPartner()
        try partner.giveKey(to: host)
        try host.apply("jobs:\n" + job("x", "name: x.csv, encryption: pgp, recipients: [data@partner.example]"))
        try host.expectSuccess("keys", "remove", "data@partner.example")
        let failed = try host.json("jobs", "run", "x")
        #expect(failed["status"].string == "failed" && failed["error"]["code"].string == "key.missing")
        #expect(host.directory.names(in: "home/files/download").isEmpty)
        try partner.giveKey(to: host)
        let path = try file(try host.json("jobs", "run", "x"))
        #expect(try partner.open(host.home + "/files/" + path).content.split(separator: UInt8(ascii: "\n")).count == 2001)
    }
}

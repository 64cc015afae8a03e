import ConnectTesting
import Foundation
import Testing

/// What follows runs, as files have it.
@Suite(.waits) struct AfterDocumentTests {
    private static let document = """
        lists:
          - name: CONTACTS
        jobs:
          - name: a
            kind: import-list
            file: { name: a.csv }
            target: { list: CONTACTS }
          - name: b
            kind: import-list
            file: { name: b.csv }
            target: { list: CONTACTS }
        groups:
          - name: both
            jobs: [a, b]
            schedule: { repeat: daily, hour: 2, slot: 0-14 }
        mail:
          host: smtp.example.com
          user: connect
          password: env:MAIL_WORD
          from: connect@example.com
        campaigns: { profile: rest, url: "https://login.example.net", user: api, secret: vault, unsure: hold }
        network: { allow: [10.0.0.0/8, "fd00::/8"] }
        hooks:
          - name: crm
            url: https://crm.example.com/connect
            events: [loaded]
            secrets: { signing: vault, bearer: "env:CRM_WORD" }
          - name: program
            command: /opt/crm/start
            arguments: ["--from", "connect: yes"]
            timeout_seconds: 5
        """

    @Test(
        "MGT-6: hooks, mail, campaign and network settings and groups are applied, shown as a difference, exported and applied again without a change"
    )
    func roundTrip() throws {
        let installation = try Installation()
        let plan = try installation.expectSuccess("diff", "-", input: Self.document)
        for line in [
            "+ setting \"mail\"", "+ setting \"campaigns\"", "+ setting \"network\"", "+ hook \"crm\"", "+ hook \"program\"", "+ group \"both\"",
        ] {
            #expect(plan.contains(line), "\(plan)")
        }
        #expect(try installation.json("hooks", "list").count == 0)
        try installation.apply(Self.document)
        #expect(try installation.apply(Self.document).contains("Nothing to change"))
        let exported = try installation.expectSuccess("export")
        #expect(try installation.apply(exported).contains("Nothing to change"))
        #expect(try installation.expectSuccess("export") == exported)
        // A home that has nothing gets the same by it, and says the same of itself.
        let other = try Installation()
        try other.apply(exported.replacingOccurrences(of: installation.home, with: other.home))
        #expect(try other.expectSuccess("export") == exported.replacingOccurrences(of: installation.home, with: other.home))
        let hooks = try other.json("hooks", "list")
        #expect(hooks[1]["command"].string == "/opt/crm/start" && hooks[1]["arguments"].value as? [String] == ["--from", "connect: yes"])
        #expect(hooks[1]["timeout_seconds"].int == 5 && hooks[0]["secrets"]["bearer"].string == "env:CRM_WORD")
        #expect(try other.json("account", "mail", "show")["mail"]["port"].int == 587)
        #expect(try other.json("account", "campaigns", "show")["campaigns"]["unsure"].string == "hold")
        // What a command has changed is a difference to the file.
        try installation.expectSuccess("account", "campaigns", "set", "--set", "unsure=retry")
        let back = try installation.expectSuccess("diff", "-", input: exported)
        #expect(back.contains("~ setting \"campaigns\"") && back.contains("unsure: retry -> hold"), "\(back)")
        #expect(try installation.apply(exported).contains("~ setting \"campaigns\" updated"))
    }

    @Test("MGT-6, OPS-3: secrets stand in files by reference only, and are given by `hooks set`; what is wrong is told at once, with its line")
    func problems() throws {
        let installation = try Installation()
        let wrong = """
            mail: { host: smtp.example.com, from: connect@example.com, user: connect, password: plain-word-7, prot: 25 }
            campaigns: { profile: rast, url: "https://login.example.net", user: api, secret: vault }
            network: { allow: [everything] }
            hooks:
              - name: crm
                url: https://user@crm.example.com/
              - name: crm
                command: relative
              - name: both
                url: https://a.example.com
                command: /bin/true
            """
        let result = try installation.run("apply", "-", input: wrong)
        #expect(result.status == 3)
        for words in [
            "(input):1", "by reference only", "\"prot\" is not known", "Did you mean \"port\"", "\"rast\" is not", "not a range of addresses",
            "secrets.signing",
            "Leave user and password out", "2 times", "does not begin with /", "either \"url\" or \"command\"",
        ] { #expect(result.errors.contains(words), "\(words) is missing from:\n\(result.errors)") }
        #expect(!result.errors.contains("plain-word-7"))
        #expect(try installation.expectSuccess("audit", "list", "--object", "hook/").contains("No changes"))
        try installation.apply("hooks: [{ name: crm, url: \"https://crm.example.com/\", secrets: { signing: vault } }]")
        let missing = try installation.run("hooks", "test", "crm")
        #expect(missing.status == 3 && missing.errors.contains("--secret signing"), "\(missing.errors)")
        try installation.expectSuccess("hooks", "set", "crm", "--secret", "signing", input: "word-of-the-hook\n")
        #expect(try installation.expectSuccess("secrets", "list").contains("hook/crm"))
        #expect(try !installation.expectSuccess("export").contains("word-of-the-hook"))
    }
}

import ConnectTesting
import Foundation
import ServerSupport
import Testing

@Suite(.waits) struct SecretTests {
    /// Values that must be found nowhere but where they are needed.
    private static func seeds() -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: ["mail", "bearer", "signing", "campaign", "server", "environment", "file"].map {
                ($0, "seed-\($0)-\(UUID().uuidString)")
            })
    }

    @Test("OPS-3, T28: secrets of every kind are in no output, no log, no database and no mail, also when what they are for fails")
    func redaction() throws {
        let seeds = Self.seeds()
        let stage = try FollowUpStage(
            options: "{ notify: { when: always, to: [ann@example.com] }, event: { name: loaded }, launch: { campaigns: [W] } }")
        let installation = stage.installation
        let environment = ["SEED_PASSWORD": seeds["environment"] ?? ""]
        let file = try installation.directory.write("secret.txt", (seeds["file"] ?? "") + "\n")
        try stage.allowLoopback()
        var said = ""
        func say(_ arguments: [String], input: String = "") throws {
            let result = try installation.start(arguments, environment: environment, input: input).wait()
            said += result.output + result.errors
        }
        try MessageSink.with("smtp", "--auth", "--tls", "tls") { mails in
            try MessageSink.with("http") { sink in
                try say(
                    [
                        "account", "mail", "set", "--set", "host=localhost", "--set", "port=\(mails["PORT"])", "--set", "security=tls", "--set",
                        "user=tester",
                        "--set", "from=c@example.com", "--set", "ca_file=\(mails["CERTIFICATE"])", "--secret", "password",
                    ], input: (seeds["mail"] ?? "") + "\n")
                try say(
                    ["hooks", "add", "crm", "--url", sink.url, "--secret", "signing", "--secret", "bearer"],
                    input: "\(seeds["signing"] ?? "")\n\(seeds["bearer"] ?? "")\n")
                try say(
                    ["account", "campaigns", "set", "--set", "url=\(sink.url)", "--set", "user=tester", "--secret", "secret"],
                    input: (seeds["campaign"] ?? "") + "\n")
                for (name, options) in [
                    ("vaulted", ["--secret", "password"]), ("named", ["--secret-from", "password=env:SEED_PASSWORD"]),
                    ("filed", ["--secret-from", "password=file:\(file)"]),
                ] {
                    try say(
                        ["servers", "add", name, "sftp", "--set", "host=127.0.0.1", "--set", "port=1", "--set", "username=u"] + options,
                        input: (seeds["server"] ?? "") + "\n")
                    try say(["servers", "test", name, "--json"])
                }
                try sink.behave("500", "401")
                try stage.run(good: 2, bad: 1, "--leave-outbox")
                try say(["outbox", "deliver"])
                for command in [
                    ["servers", "list"], ["servers", "show", "vaulted"], ["account", "mail", "show"],
                    ["account", "mail", "test", "--to", "a@example.com"], ["account", "campaigns", "show"],
                    ["hooks", "list"], ["hooks", "test", "crm"], ["audit", "list"], ["outbox", "list"], ["secrets", "list"], ["secrets", "verify"],
                    ["runs", "list"], ["runs", "log", "1.1"],
                ] { try say(command + ["--json"]) }
                try say(["export"])
                #expect(said.contains("mail.login") && said.contains("AUTHENTICATION_FAILED") && said.contains("env:SEED_PASSWORD"), "\(said)")
                // The receiver needs the bearer, and nobody else does.
                #expect(sink.taken.contains { $0.contains(seeds["bearer"] ?? "-") })
                said += mails.taken.joined()
            }
        }
        let files = try FileManager.default.subpathsOfDirectory(atPath: installation.home).compactMap {
            FileManager.default.contents(atPath: installation.home + "/" + $0)
        }
        #expect(files.count > 5)
        for (name, seed) in seeds {
            #expect(!said.contains(seed), "\(name) was said")
            for form in [Data(seed.utf8), Data(Data(seed.utf8).base64EncodedString().utf8)] {
                #expect(!files.contains { $0.range(of: form) != nil }, "\(name) lies in the home")
            }
        }
    }

    @Test("OPS-3: a worker has no secret in its arguments or environment, writes no core file, and no customer stands in the run's log")
    func worker() throws {
        let seeds = Self.seeds()
        let stage = try FollowUpStage(options: "{ notify: { when: always, to: [ann@example.com] } }")
        let installation = stage.installation
        try installation.expectSuccess(
            "servers", "add", "named", "sftp", "--set", "host=127.0.0.1", "--set", "port=1", "--set", "username=u", "--secret-from",
            "password=env:SEED_PASSWORD")
        try installation.apply(
            """
            jobs:
              - name: slow
                kind: import-list
                file: { name: slow.csv, settle_seconds: 600 }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_ }, ignore: [x] }
            """)
        let people = (0..<1000).map { $0 % 10 == 0 ? "no-address-seed\($0)" : "seed\($0)@people.example.com" }
        try installation.put("slow.csv", "mail,x\n" + people.map { $0 + ",1\n" }.joined())
        let child = try installation.start(
            ["jobs", "run", "slow"], environment: ["SEED_PASSWORD": seeds["environment"] ?? "", "CREDENTIALS_DIRECTORY": "/nowhere"])
        defer {
            child.send(signal: SIGKILL)
            _ = child.wait()
        }
        let worker = String(try #require(child.firstChild()))
        let words = { (name: String) in String(decoding: FileManager.default.contents(atPath: "/proc/\(worker)/\(name)") ?? Data(), as: UTF8.self) }
        while !words("cmdline").contains("worker"), FileManager.default.fileExists(atPath: "/proc/\(worker)") {}
        // The limit is set before any connector is loaded; until then the worker has been told nothing.
        while !words("limits").contains(where: \.isNewline)
            || words("limits").range(of: "Max core file size +0 +0", options: .regularExpression) == nil,
            FileManager.default.fileExists(atPath: "/proc/\(worker)")
        {}
        #expect(words("limits").range(of: "Max core file size +0 +0", options: .regularExpression) != nil)
        for name in ["cmdline", "environ"] {
            #expect(!words(name).contains(seeds["environment"] ?? "-") && !words(name).contains("CREDENTIALS_DIRECTORY"), "\(name)")
        }
        // The same people in a run that ends.
        try installation.put("contacts.csv", "mail,first\n" + people.map { $0 + ",A\n" }.joined())
        let run = try installation.json("jobs", "run", "contacts", "--leave-outbox")
        #expect(run["records"]["rejected"].int == 100)
        let log = installation.directory.contents("home/runs/\(run["run"].string ?? "")/log.jsonl") ?? Data()
        #expect(!log.isEmpty && log.range(of: Data("seed".utf8)) == nil)
        for name in ["control.sqlite", "control.sqlite-wal"] {
            #expect(installation.directory.contents("home/" + name)?.range(of: Data("people.example".utf8)) == nil, "\(name)")
        }
    }

    @Test("OPS-3: the key is rotated while mails are sent; the old key opens nothing any more, and a wrong key says so")
    func rotation() throws {
        let stage = try FollowUpStage(options: "{ fail_if_empty: false }")
        let installation = stage.installation
        try MessageSink.with("smtp", "--tls", "starttls", "--auth") { sink in
            try stage.useMail(sink, "security=starttls", "user=tester", "ca_file=\(sink["CERTIFICATE"])")
            let old = try #require(installation.directory.contents("home/secret.key"))
            for _ in 0..<4 {
                let mails = try (0..<3).map { _ in try installation.start(["account", "mail", "test", "--to", "ann@example.com"]) }
                try installation.expectSuccess("secrets", "rotate")
                for mail in mails {
                    let result = mail.wait()
                    #expect(result.status == 0, "\(result.errors)")
                }
            }
            #expect(sink.taken.count == 12)
            let new = try #require(installation.directory.contents("home/secret.key"))
            #expect(new != old && new.count == 45)
            try installation.directory.write("home/secret.key", old)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: installation.home + "/secret.key")
            let wrong = try installation.run("secrets", "verify", "--json")
            #expect(wrong.status == 3 && wrong.output.contains("setting/mail"))
            // A rotation that cannot read everything changes nothing.
            #expect(try installation.run("secrets", "rotate").status == 3)
            try installation.directory.write("home/secret.key", new)
            try installation.expectSuccess("secrets", "verify")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: installation.home + "/secret.key")
            let open = try installation.run("secrets", "verify")
            #expect(open.status == 3 && open.errors.contains("chmod 600"))
        }
    }

    @Test("OPS-3: sealed values that change places do not open")
    func swapped() throws {
        let installation = try Installation()
        for name in ["a", "b"] {
            try installation.expectSuccess("hooks", "add", name, "--url", "https://example.com/", "--secret", "signing", input: "secret-\(name)\n")
        }
        try installation.expectSuccess("secrets", "verify")
        let swap = try ChildRun(
            "sqlite3",
            [
                installation.home + "/control.sqlite",
                "UPDATE secret SET sealed = (SELECT sealed FROM secret s WHERE s.owner <> secret.owner AND s.owner LIKE 'hook/%') WHERE owner = 'hook/a'",
            ]
        ).wait()
        #expect(swap.status == 0, "\(swap.errors)")
        let result = try installation.run("secrets", "verify", "--json")
        #expect(result.status == 3 && result.output.contains("hook/a") && !result.output.contains("hook/b"))
    }

    @Test("OPS-3: the key may come from the environment or from systemd's credentials; then the home has none")
    func sources() throws {
        let installation = try Installation()
        try FileManager.default.removeItem(atPath: installation.home + "/secret.key")
        let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let next = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let variable = ["CONNECTHOST_SECRET_KEY": key]
        #expect(try installation.run("hooks", "add", "a", "--url", "https://example.com/").status == 3)
        try installation.expectSuccess("init", environment: variable)
        try installation.expectSuccess("hooks", "add", "a", "--url", "https://example.com/", environment: variable)
        try installation.expectSuccess("secrets", "verify", environment: variable)
        let file = try installation.directory.write("credentials/connecthost.key", "\(next)\n\(key)\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file)
        let credentials = ["CREDENTIALS_DIRECTORY": installation.directory.path + "/credentials"]
        try installation.expectSuccess("secrets", "rotate", environment: credentials)
        #expect(try installation.run("secrets", "verify", environment: variable).status == 3)
        try installation.expectSuccess("secrets", "verify", environment: ["CONNECTHOST_SECRET_KEY": next])
        #expect(installation.directory.contents("home/secret.key") == nil)
        #expect(try installation.run("secrets", "verify", environment: ["CONNECTHOST_SECRET_KEY": "short"]).status == 3)
    }

    @Test("OPS-3: the audit log tells who changed what, without secrets")
    func audit() throws {
        let stage = try FollowUpStage(options: "{ fail_if_empty: false }")
        let installation = stage.installation
        try installation.expectSuccess("hooks", "add", "crm", "--url", "https://example.com/", "--secret", "signing", input: "audit-word-77\n")
        try installation.expectSuccess("account", "set", "external-servers=off")
        try installation.expectSuccess("jobs", "delete", "contacts", "--yes")
        let all = try installation.expectSuccess("audit", "list", "--json")
        #expect(!all.contains("audit-word-77") && all.contains("secret/hook/crm/signing"))
        let jobs = try installation.json("audit", "list", "--object", "job/", "--since", "1h")
        #expect((0..<jobs.count).map { jobs[$0]["action"].string } == ["remove", "create"])
        #expect(jobs[0]["before"]["name"].string == "contacts" && jobs[0]["after"].isMissing)
        #expect(jobs[0]["actor"].string?.contains("(\(getuid()))") == true)
        #expect(try installation.json("audit", "list", "--since", "2999-01-01").count == 0)
        #expect(try installation.run("audit", "list", "--since", "yesterday").status == 2)
    }
}

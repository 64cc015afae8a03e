import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// Where an administrator lets mails and files go (`account network`).
@Suite(.waits) struct NetworkPolicyTests {
    private func restrict(_ installation: Installation, _ settings: String...) throws {
        let result = try installation.start(["account", "network", "set"] + settings.flatMap { ["--set", $0] }).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    private func add(_ server: TestServer, host: String, to installation: Installation, _ settings: String...) throws {
        let given = ["host=\(host)", "port=\(server.port)", "username=\(server["USERNAME"])", "directory=\(server["DIRECTORY"])"] + settings
        let result = try installation.start(
            ["servers", "add", "partner", "sftp", "--secret-file", "private_key=\(server["USER_KEY_ED25519"])"] + given.flatMap { ["--set", $0] }
        ).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    private func add(_ server: FTPServer, host: String, to installation: Installation, _ settings: String...) throws {
        try installation.expectSuccess("account", "set", "plaintext-transfers=on")
        let given = ["host=\(host)", "port=\(server.port)", "username=\(server["USERNAME"])", "security=none", "allow_plaintext=true"] + settings
        let result = try installation.start(
            ["servers", "add", "partner", "ftp", "--secret", "password"] + given.flatMap { ["--set", $0] }, input: server["PASSWORD"] + "\n"
        ).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    /// The words behind "connecthost" in the remedy of a refusal.
    private func command(in text: String) throws -> [String] {
        let found = try #require(text.firstMatch(of: /connecthost (account network set --set \S+)/), "\(text)")
        return found.1.split(separator: " ").map(String.init)
    }

    @Test("OPS-3: the policy for mail and file servers is shown, kept in documents and checked; by default they may be anywhere")
    func settings() throws {
        let installation = try Installation()
        var shown = try installation.json("account", "network", "show")["network"]
        #expect(shown["mail_servers"].value as? [String] == ["anywhere"] && shown["file_servers"].value as? [String] == ["anywhere"])
        try restrict(installation, "file_servers=public,10.30.0.0/16", "allow=10.20.0.0/16")
        try restrict(installation, "mail_servers=10.20.0.25")
        shown = try installation.json("account", "network", "show")["network"]
        #expect(shown["file_servers"].value as? [String] == ["public", "10.30.0.0/16"] && shown["mail_servers"].value as? [String] == ["10.20.0.25"])
        #expect(shown["allow"].value as? [String] == ["10.20.0.0/16"])
        #expect(try installation.expectSuccess("account", "network", "show").contains("file_servers  public, 10.30.0.0/16"))
        let exported = try installation.expectSuccess("export")
        #expect(exported.contains("file_servers:"), "\(exported)")
        try restrict(installation, "file_servers=", "mail_servers=")
        try installation.apply(exported)
        #expect(try installation.json("account", "network", "show")["network"]["file_servers"].value as? [String] == ["public", "10.30.0.0/16"])
        let difference = try installation.run("diff", "-", input: exported).output.split(separator: "\n")
        #expect(difference.contains { $0.hasPrefix("=") && $0.contains("network") }, "\(difference)")
        for wrong in ["anywhere,10.0.0.0/8", "publik"] {
            let refused = try installation.run("account", "network", "set", "--set", "file_servers=\(wrong)")
            #expect(refused.status == 3 && refused.errors.contains("file_servers"), "\(wrong): \(refused.errors)")
        }
        let nothing = try installation.run("validate", "-", input: "network: { mail_servers: [] }\n")
        #expect(nothing.status == 3 && (nothing.output + nothing.errors).contains("mail_servers"))
    }

    @Test("ACT-1, OPS-3, T25: a mail server at a private address is refused with the command that allows it, and takes mail after that command")
    func mail() throws {
        let stage = try FollowUpStage(options: "{ notify: { when: always, to: [ann@example.com] } }")
        try MessageSink.with("smtp") { sink in
            try stage.useMail(sink)
            try restrict(stage.installation, "mail_servers=public,10.20.0.25")
            let refused = try stage.installation.run("account", "mail", "test", "--to", "ann@example.com")
            #expect(refused.status == 3 && refused.errors.contains("has the address"), "\(refused.output)\(refused.errors)")
            try stage.run()
            let message = try stage.message("1")
            #expect(message["error"]["code"].string == "delivery.address" && message["state"].string == "dead")
            #expect(sink.taken.isEmpty)
            let allowing = try command(in: refused.errors)
            // All that this machine has, where it has several.
            let allowed = try #require(allowing.last)
            #expect(allowed.hasPrefix("mail_servers=public,10.20.0.25,") && allowed.contains("127.0.0.1"), "\(allowed)")
            #expect(try stage.installation.start(allowing).wait().status == 0)
            try stage.installation.expectSuccess("account", "mail", "test", "--to", "ann@example.com")
            #expect(sink.taken.count == 1)
        }
    }

    @Test(
        "FS-2, FS-3, OPS-3, T25: a file server at a private address is not connected to, however its address is written, by any engine, also not to look at its key"
    )
    func spellings() throws {
        let installation = try Installation()
        let witness = try ConnectionWitness()
        try restrict(installation, "file_servers=public")
        try installation.expectSuccess("account", "set", "plaintext-transfers=on")
        // A key that is trusted already leads to the log-in; without one the key is looked at.
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpWuz5xkvOvveKACc2JoNdrg0dPtdVX2Fi8/EvW+MSe"
        let secret = try installation.directory.write("password", "secret")
        let places = [
            ("127.1", "ftp"), ("0x7f000001", "openssh"), ("2130706433", "libssh2"), ("017700000001", "ftp"), ("localhost", "openssh"),
            ("::ffff:127.0.0.1", "ftp"), ("::ffff:7f00:1", "openssh"), ("::1", "libssh2"), ("127.0.0.1", "jump"), ("localhost.", "ftp"),
            ("0177.1", "scp"),
        ]
        let entries = places.enumerated().map { number, place in
            let (host, kind) = place
            let pinned = number % 2 == 0 ? ", host_keys: [\"\(key)\"]" : ""
            let own =
                switch kind {
                case "ftp": "host: \"\(host)\", security: none, allow_plaintext: true"
                case "jump": "host: partner.example, jump_host: \"me@\(host):\(witness.port)\", jump_host_keys: [\"\(key)\"], authentication: agent"
                case "scp": "host: \"\(host)\", authentication: password\(pinned)"
                default: "host: \"\(host)\", engine: \(kind), authentication: password\(pinned)"
                }
            let connector = ["ftp", "scp"].contains(kind) ? kind : "sftp"
            let secrets = kind == "jump" ? "" : ", secrets: { password: \"file:\(secret)\" }"
            return "  - { name: s\(number), connector: \(connector), settings: { port: \(witness.port), username: me, \(own) }\(secrets) }\n"
        }
        try installation.apply("servers:\n" + entries.joined())
        for (number, place) in places.enumerated() {
            let refused = try installation.run("servers", "test", "s\(number)")
            let said = refused.output + refused.errors
            if place.0 != "localhost." || said.contains("has the address") {
                #expect(refused.status == 3 && said.contains("account network set --set file_servers=public,"), "\(place): \(said)")
            } else {
                // A machine whose resolver does not know the name that way cannot connect to it either.
                #expect(refused.status != 0, "\(place): \(said)")
            }
        }
        let trust = try installation.run("servers", "trust", "s1", "--yes")
        #expect(trust.status == 3 && trust.errors.contains("account network set --set file_servers=public,"), "\(trust.output)\(trust.errors)")
        #expect(witness.connections == 0)
        try installation.expectSuccess("servers", "add", "other", "ftp", "--set", "host=me@127.0.0.1", "--set", "username=me")
        let user = try installation.run("servers", "test", "other")
        #expect(user.status == 3 && user.errors.contains("neither a host name nor an address"), "\(user.output)\(user.errors)")
    }

    @Test("FS-2, OPS-3: a run from a server that is not allowed fails for good and names the command; after that command it works")
    func run() throws {
        try TestServer.with { server in
            let installation = try Installation()
            try add(server, host: "127.0.0.1", to: installation, "host_keys=\(server["HOST_KEY_ED25519"])")
            try installation.apply(
                """
                lists: [{ name: CONTACTS }]
                jobs:
                  - { name: contacts, kind: import-list, file: { server: partner, name: a.csv }, target: { list: CONTACTS, match: [EMAIL_ADDRESS_] } }
                """)
            try Data("EMAIL_ADDRESS_\nann@example.com\n".utf8).write(to: server.files.appendingPathComponent("a.csv"))
            try restrict(installation, "file_servers=public,10.0.0.0/8")
            let run = try installation.json("jobs", "run", "contacts")
            #expect(run["status"].string == "failed" && run["error"]["category"].string == "configuration", "\(run.value ?? "")")
            let message = try #require(run["error"]["message"].string)
            #expect(message.contains("127.0.0.1:\(server.port) has the address 127.0.0.1"), "\(message)")
            #expect(!server.log.contains("Connection from"), "somebody has connected")
            let allowing = try command(in: message)
            #expect(allowing.last == "file_servers=public,10.0.0.0/8,127.0.0.1")
            #expect(try installation.start(allowing).wait().status == 0)
            #expect(try installation.json("jobs", "run", "contacts")["status"].string == "succeeded")
        }
    }

    @Test("FS-2, OPS-3: a jump host must be allowed; what lies behind it is its own affair")
    func jumpHost() throws {
        try TestServer.with(address: "127.0.0.2") { jump in
            try TestServer.with { server in
                let installation = try Installation()
                try add(
                    server, host: "127.0.0.1", to: installation, "jump_host=\(jump["USERNAME"])@127.0.0.2:\(jump.port)",
                    "jump_private_key_file=\(jump["USER_KEY_ED25519"])")
                let keys = ["jump_host_keys": jump["HOST_KEY_ED25519"], "host_keys": server["HOST_KEY_ED25519"]]
                for (name, key) in keys { try installation.expectSuccess("servers", "set", "partner", "--set", "\(name)=\(key)") }
                try restrict(installation, "file_servers=127.0.0.1")
                let refused = try installation.run("servers", "test", "partner")
                #expect(
                    refused.status == 3 && (refused.output + refused.errors).contains("127.0.0.2:\(jump.port) has the address"), "\(refused.output)")
                try restrict(installation, "file_servers=127.0.0.2")
                try installation.expectSuccess("servers", "test", "partner")
            }
        }
    }

    @Test("FS-3, OPS-3: an FTP server that is allowed opens the data connections itself too")
    func activeMode() throws {
        try FTPServer.with(address: "127.0.0.2") { server in
            let installation = try Installation()
            try add(server, host: "127.0.0.2", to: installation, "mode=active")
            try restrict(installation, "file_servers=127.0.0.2")
            try installation.expectSuccess("servers", "test", "partner")
        }
    }

    @Test("FS-3, OPS-3, T25: a name that leads elsewhere the next time is refused when it is connected to, though its first answer was allowed")
    func changingNameFTP() throws {
        try FTPServer.with(address: "127.0.0.2") { server in
            let name = try ChangingName(["127.0.0.2", "127.0.0.1"])
            let witness = try? ConnectionWitness("127.0.0.1", port: server.port)
            let installation = try Installation()
            try add(server, host: ChangingName.name, to: installation)
            try restrict(installation, "file_servers=127.0.0.2")
            // The look at the server is the first connection, the file that is written for a test the second.
            let result = try installation.run("servers", "test", "partner", environment: name.environment)
            #expect(result.output.contains("✓ list"), "\(result.output)\(result.errors)")
            #expect(result.status == 3 && (result.output + result.errors).contains("has the address 127.0.0.1,"), "\(result.output)\(result.errors)")
            // Where the port is somebody else's on the other address, the refusal alone has to do.
            #expect(name.lookUps == 2 && (witness?.connections ?? 0) == 0)
        }
    }

    @Test("FS-2, OPS-3, T25: the address that was checked is the one that SSH connects to, whatever the name says next")
    func changingNameSSH() throws {
        try TestServer.with(address: "127.0.0.2") { server in
            let name = try ChangingName(["127.0.0.2", "127.0.0.1"])
            let witness = try? ConnectionWitness("127.0.0.1", port: server.port)
            let installation = try Installation()
            try add(server, host: ChangingName.name, to: installation, "host_keys=\(server["HOST_KEY_ED25519"])")
            for engine in ["openssh", "libssh2"] {
                try installation.expectSuccess("servers", "set", "partner", "--set", "engine=\(engine)")
                try restrict(installation, "file_servers=127.0.0.2")
                try name.lead(to: ["127.0.0.2", "127.0.0.1"])
                let works = try installation.run("servers", "test", "partner", "--read-only", environment: name.environment)
                #expect(works.status == 0, "\(works.output)\(works.errors)")
                #expect(name.lookUps == 1, "one look-up, whose answer is checked and used")
                let refused = try installation.run("servers", "test", "partner", "--read-only", environment: name.environment)
                let said = refused.output + refused.errors
                #expect(refused.status == 3 && said.contains("has the address 127.0.0.1,"), "\(said)")
                // Of several addresses one that is allowed is taken, and of these one that answers.
                try restrict(installation, "file_servers=127.0.0.2/31")
                try name.lead(to: ["127.0.0.1,127.0.0.3,127.0.0.2"])
                try installation.expectSuccess("servers", "test", "partner", "--read-only", environment: name.environment)
            }
            #expect((witness?.connections ?? 0) == 0)
        }
    }

    @Test("ACT-1, ACT-2, OPS-3, T25: calls and mails are held to the address that a changing name has when they connect")
    func changingNameCalls() throws {
        let installation = try Installation()
        let (witness, name) = (try ConnectionWitness("127.0.0.1"), try ChangingName(["127.0.0.2", "127.0.0.1"]))
        let allowed = try? ConnectionWitness("127.0.0.2", port: witness.port)
        try restrict(installation, "allow=127.0.0.2", "mail_servers=127.0.0.2")
        try installation.expectSuccess(
            "account", "mail", "set", "--set", "host=\(ChangingName.name)", "--set", "port=\(witness.port)", "--set", "security=none", "--set",
            "from=a@example.com")
        try installation.expectSuccess("hooks", "add", "crm", "--url", "http://\(ChangingName.name):\(witness.port)/", "--timeout", "1")
        let mail = ["account", "mail", "test", "--to", "ann@example.com"]
        for command in [["hooks", "test", "crm"], mail] {
            try name.lead(to: ["127.0.0.1", "127.0.0.2"])
            let refused = try installation.start(command, environment: name.environment).wait()
            #expect(
                refused.status == 3 && (refused.output + refused.errors).contains("has the address 127.0.0.1,"), "\(refused.output)\(refused.errors)")
            #expect(name.lookUps == 1)
        }
        #expect(witness.connections == 0)
        // The same name, when it leads where calls may go.
        try name.lead(to: ["127.0.0.2"])
        _ = try installation.run("hooks", "test", "crm", environment: name.environment)
        #expect((allowed?.connections ?? 1) == 1 && witness.connections == 0)
    }
}

import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// How an account gets at a server, and what it may use.
@Suite(.waits) struct ServerAccessTests {
    private func add(_ server: TestServer, to installation: Installation, _ more: String...) throws {
        let arguments = [
            "servers", "add", "partner", "sftp", "--set", "host=127.0.0.1", "--set", "port=\(server.port)", "--set", "username=\(server["USERNAME"])",
            "--set", "directory=\(server["DIRECTORY"])",
        ]
        let result = try installation.start(arguments + more).wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    private func allow(_ line: String, on server: TestServer) throws {
        let file = server.files.deletingLastPathComponent().appendingPathComponent("authorized_keys")
        try Data((line + "\n").utf8).write(to: file)
    }

    @Test("FS-5: a key made by the host lets it in once its line is installed; the private half stays sealed", arguments: ["ed25519", "rsa-3072"])
    func generatedKey(type: String) throws {
        try TestServer.with { server in
            let installation = try Installation()
            try add(server, to: installation)
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            let key = try installation.json("servers", "keygen", "partner", "--type", type)
            #expect(key["fingerprint"].string?.hasPrefix("SHA256:") == true)
            #expect(key["public_key"].string?.hasPrefix(type == "ed25519" ? "ssh-ed25519 " : "ssh-rsa ") == true)
            #expect(try installation.run("servers", "test", "partner").status == 4, "the server does not know the key yet")
            try allow(try #require(key["authorized_keys"].string), on: server)
            let test = try installation.expectSuccess("servers", "test", "partner")
            #expect(test.contains("✓ write") && test.contains("✓ rename") && test.contains("✓ delete"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path).isEmpty)
            #expect(try installation.run("servers", "keygen", "partner").status == 3, "a key in use is not replaced unasked")
            let everything = try FileManager.default.subpathsOfDirectory(atPath: installation.home)
            for path in everything {
                let bytes = FileManager.default.contents(atPath: installation.home + "/" + path) ?? Data()
                #expect(bytes.range(of: Data("OPENSSH PRIVATE KEY".utf8)) == nil, "\(path) holds the private key")
            }
        }
    }

    @Test("FS-5: a key pair in files is for its owner alone and overwrites nothing")
    func keyFile() throws {
        let installation = try Installation()
        let file = installation.directory.path + "/partner-key"
        try installation.expectSuccess("servers", "keygen", "--file", file)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        let before = FileManager.default.contents(atPath: file)
        #expect(try installation.run("servers", "keygen", "--file", file).status == 3)
        #expect(FileManager.default.contents(atPath: file) == before)
        #expect(try installation.run("servers", "keygen").status == 2)
    }

    @Test("FS-6: a directory that may only be read is told, and is no failure; --read-only writes nothing")
    func readOnlyDirectory() throws {
        try TestServer.with { server in
            let installation = try Installation()
            try add(server, to: installation, "--secret-file", "private_key=\(server["USER_KEY_ED25519"])")
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            #expect(try !installation.expectSuccess("servers", "test", "partner", "--read-only").contains("write"))
            let missing = try installation.run("servers", "test", "partner", "--directory", "not-there")
            #expect(missing.status == 3)
            #expect(missing.output.contains("✗ write"))
            // A file system in which nobody, not even root, may make files.
            try installation.expectSuccess("servers", "add", "system", "local", "--set", "directory=/sys")
            #expect(try installation.expectSuccess("servers", "test", "system").contains("not allowed here"))
        }
    }

    @Test("FS-7: host keys are pinned from a file of known hosts, hashed names too; a host that is not in it is refused")
    func knownHosts() throws {
        try TestServer.with { server in
            let installation = try Installation()
            try add(server, to: installation, "--secret-file", "private_key=\(server["USER_KEY_ED25519"])")
            let file = installation.directory.path + "/known_hosts"
            try installation.directory.write("known_hosts", "files.example.com \(server["HOST_KEY_RSA"])\n")
            #expect(try installation.run("servers", "trust", "partner", "--known-hosts", file).status == 4)
            try installation.directory.write("known_hosts", "[127.0.0.1]:\(server.port) \(server["HOST_KEY_ED25519"])\n")
            _ = try Program.run("/usr/bin/env", ["ssh-keygen", "-q", "-H", "-f", file])
            #expect(try !String(contentsOfFile: file, encoding: .utf8).contains("127.0.0.1"))
            let pinned = try installation.json("servers", "trust", "partner", "--known-hosts", file)
            #expect(pinned["pinned"].count == 1)
            try installation.expectSuccess("servers", "test", "partner")
        }
    }

    @Test("FS-9: a capability that is off refuses servers and jobs that need it, and says so")
    func capabilities() throws {
        let installation = try Installation()
        let document = """
            servers:
              - { name: partner, connector: local, settings: { directory: \(installation.directory.path) } }
            lists: [{ name: CONTACTS }]
            jobs:
              - { name: contacts, kind: import-list, file: { server: partner, name: a.csv }, target: { list: CONTACTS } }
            """
        try installation.apply(document)
        try installation.expectSuccess("account", "set", "external-servers=off")
        let refused = try installation.run("validate", "-", input: document)
        #expect(refused.status == 3)
        #expect((refused.output + refused.errors).contains("external-servers"))
        #expect(try installation.run("servers", "test", "partner").status == 3)
        let run = try installation.run("jobs", "run", "contacts")
        #expect(run.status != 0)
        #expect((run.output + run.errors).contains("external-servers"))
        #expect(try installation.run("servers", "test", "files").status == 0, "the account's own server is not external")
        try installation.expectSuccess("account", "set", "external-servers=on")
        try installation.expectSuccess("servers", "test", "partner")
        #expect(try installation.run("account", "set", "no-such-thing=off").status == 3)
        #expect(try installation.run("account", "set", "external-servers=maybe").status == 2)
        #expect(try installation.json("account", "show")["capabilities"].count >= 1)
    }
}

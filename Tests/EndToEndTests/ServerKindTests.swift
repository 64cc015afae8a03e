import ConnectTesting
import Foundation
import ServerSupport
import Testing

/// Servers of each kind as a user adds them: by IPv6, by FTP, in another generation of SSH.
@Suite(.waits) struct ServerKindTests {
    private func add(_ installation: Installation, _ arguments: [String], input: String = "") throws {
        let result = try installation.start(["servers", "add", "partner"] + arguments, input: input).wait()
        guard result.status == 0 else { throw TestFailure(result.output + result.errors) }
    }

    private func expectCopies(_ installation: Installation, _ files: URL) throws {
        let content = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        let here = try installation.directory.write("here/f", content)
        try installation.expectSuccess("bench-transfer", "put", "partner", "f", here)
        #expect(try Data(contentsOf: files.appendingPathComponent("f")) == content)
        try installation.expectSuccess("bench-transfer", "get", "partner", "f", installation.directory.path + "/back")
        #expect(installation.directory.contents("back") == content)
        #expect(try FileManager.default.contentsOfDirectory(atPath: files.path) == ["f"])
    }

    @Test(
        "FS-2, FS-1: a server is reached by its IPv6 address, pinned under it, tested and used", arguments: ["openssh", "libssh2"], ["sftp", "scp"])
    func ssh6(engine: String, connector: String) throws {
        try TestServer.with(address: "::1") { server in
            let installation = try Installation()
            try add(
                installation,
                [
                    connector, "--set", "host=::1", "--set", "port=\(server.port)", "--set", "username=\(server["USERNAME"])", "--set",
                    "directory=\(server["DIRECTORY"])", "--set", "engine=\(engine)", "--secret-file", "private_key=\(server["USER_KEY_ED25519"])",
                ])
            let untrusted = try installation.run("servers", "test", "partner")
            #expect(
                untrusted.status == 4 && (untrusted.output + untrusted.errors).contains("[::1]:\(server.port)"),
                "\(untrusted.output)\(untrusted.errors)")
            let file = try installation.directory.write("known_hosts", "[::1]:\(server.port) \(server["HOST_KEY_ED25519"])\n")
            try installation.expectSuccess("servers", "trust", "partner", "--known-hosts", file)
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            #expect(try installation.expectSuccess("servers", "test", "partner").contains("works"))
            try expectCopies(installation, server.files)
        }
    }

    @Test("FS-3: an FTP server with TLS is reached by its IPv6 address")
    func ftp6() throws {
        try FTPServer.with(security: "explicit", address: "::1") { server in
            let installation = try Installation()
            try add(
                installation,
                ["ftp", "--set", "host=::1", "--set", "port=\(server.port)", "--set", "username=\(server["USERNAME"])", "--secret", "password"],
                input: server["PASSWORD"] + "\n")
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            #expect(try installation.expectSuccess("servers", "test", "partner").contains("works"))
            try expectCopies(installation, server.files)
        }
    }

    @Test("FS-3, FS-9: plain FTP is refused until an administrator has allowed it, by command and by file, and every test warns of it")
    func plainFTP() throws {
        try FTPServer.with { server in
            let installation = try Installation()
            let arguments = [
                "ftp", "--set", "host=127.0.0.1", "--set", "port=\(server.port)", "--set", "username=\(server["USERNAME"])", "--set", "security=none",
                "--set",
                "allow_plaintext=true", "--secret", "password",
            ]
            let refused = try installation.start(["servers", "add", "partner"] + arguments, input: server["PASSWORD"] + "\n").wait()
            #expect(refused.status == 3 && refused.errors.contains("plaintext-transfers=on"), "\(refused.output)\(refused.errors)")
            let document = """
                servers:
                  - { name: old, connector: ftp, settings: { host: files.example.com, username: me, security: none, allow_plaintext: true } }
                """
            let invalid = try installation.run("validate", "-", input: document)
            #expect(invalid.status == 3 && (invalid.output + invalid.errors).contains("plaintext-transfers"), "\(invalid.output)\(invalid.errors)")
            #expect(try installation.expectSuccess("account", "show").contains("off plaintext-transfers"))
            try installation.expectSuccess("account", "set", "plaintext-transfers=on")
            try add(installation, arguments, input: server["PASSWORD"] + "\n")
            try installation.expectSuccess("servers", "test", "partner")
            try expectCopies(installation, server.files)
            // Taken back, it is refused again, the server that is there included.
            try installation.expectSuccess("account", "set", "plaintext-transfers=off")
            #expect(try installation.run("servers", "test", "partner").status == 3)
        }
    }

    @Test("FS-2: a host that has only new algorithms, and one that has only old ones")
    func generations() throws {
        try TestServer.with(algorithms: "new") { server in
            let installation = try Installation()
            try add(installation, settings(server, "private_key=\(server["USER_KEY_ED25519"])"))
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            try expectCopies(installation, server.files)
            try installation.expectSuccess("servers", "set", "partner", "--set", "engine=libssh2")
            let refused = try installation.run("servers", "test", "partner")
            #expect(refused.status != 0 && (refused.output + refused.errors).contains("openssh"), "\(refused.output)\(refused.errors)")
        }
        try TestServer.with(algorithms: "old") { server in
            let installation = try Installation()
            try add(installation, settings(server, "private_key=\(server["USER_KEY_RSA"])"))
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            #expect(try installation.run("servers", "test", "partner").status != 0, "broken algorithms are not taken unasked")
            try installation.expectSuccess("servers", "set", "partner", "--set", "algorithms=legacy")
            try expectCopies(installation, server.files)
        }
    }

    private func settings(_ server: TestServer, _ key: String) -> [String] {
        [
            "sftp", "--set", "host=127.0.0.1", "--set", "port=\(server.port)", "--set", "username=\(server["USERNAME"])", "--set",
            "directory=\(server["DIRECTORY"])", "--secret-file", key,
        ]
    }

    @Test("FS-8: every file of a directory goes over several connections at once, whole and under its own name", arguments: ["sftp", "scp"])
    func manyFiles(connector: String) throws {
        try TestServer.with { server in
            let installation = try Installation()
            var arguments = settings(server, "private_key=\(server["USER_KEY_ED25519"])")
            arguments[0] = connector
            try add(installation, arguments)
            try installation.expectSuccess("servers", "trust", "partner", "--yes")
            for number in 0..<120 { try installation.directory.write("many/file \(number)", Data(repeating: UInt8(number), count: number * 100)) }
            try FileManager.default.createDirectory(atPath: server.files.path + "/in", withIntermediateDirectories: false)
            let put = try installation.json(
                "bench-transfer", "put", "partner", "in", installation.directory.path + "/many", "--directory", "--connections", "3")
            #expect(put["files"].int == 120 && put["bytes"].int == 714_000)
            try FileManager.default.createDirectory(atPath: installation.directory.path + "/back", withIntermediateDirectories: false)
            try installation.expectSuccess("bench-transfer", "get", "partner", "in", installation.directory.path + "/back", "--directory")
            for number in 0..<120 {
                #expect(installation.directory.contents("back/file \(number)") == Data(repeating: UInt8(number), count: number * 100))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: server.files.path + "/in")
            #expect(names.count == 120)
        }
    }
}

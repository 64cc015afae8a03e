import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

@Suite(.timeLimit(.minutes(10))) struct EngineTests {
    private typealias Changes = [String: SettingValues.Value?]

    /// Expects that a session through libssh2 is refused with `words` and the way out, and that OpenSSH opens one.
    private func expectOpenSSHOnly(_ server: TestServer, _ changes: Changes, _ words: String) throws {
        let refused = failure { try server.session(changes.merging(["engine": .string("libssh2")]) { $1 }) { _ in } }
        #expect(refused?.message.contains(words) == true, "\(refused?.message ?? "no error")")
        #expect(refused?.message.contains("Set `engine` to openssh") == true)
        #expect(refused?.status == .configuration || refused?.status == .authentication)
        try server.session(changes.merging(["engine": .string("openssh")]) { $1 }) { (session) throws in #expect(try session.names() == []) }
    }

    @Test("FS-2: keys that libssh2 can use log in, against the host keys it can check")
    func keyTypes() throws {
        try TestServer.with(.libssh2) { server in
            for (user, host) in [("ED25519", "ECDSA"), ("ECDSA", "ED25519")] {
                let changes: Changes = [
                    "private_key_file": .string(server["USER_KEY_\(user)"]), "host_keys": .strings([server["HOST_KEY_\(host)"]]),
                ]
                try server.session(changes) { (session) throws in #expect(try session.names() == [], "\(user) key on \(host) host") }
            }
        }
    }

    @Test("FS-2: what libssh2 cannot serve is said, with the engine that can: an RSA host key")
    func rsaHostKey() throws {
        try TestServer.with(options: ["HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256"]) { server in
            try expectOpenSSHOnly(server, ["host_keys": .strings([server["HOST_KEY_RSA"]])], "RSA with SHA-1 only")
        }
    }

    @Test("FS-2: what libssh2 cannot serve is said, with the engine that can: an RSA user key")
    func rsaUserKey() throws {
        try TestServer.with { server in
            try expectOpenSSHOnly(server, ["private_key_file": .string(server["USER_KEY_RSA"])], "signs with an RSA key by SHA-1 only")
            let allowed: Changes = [
                "private_key_file": .string(server["USER_KEY_RSA"]), "engine": .string("libssh2"), "algorithms": .string("legacy"),
            ]
            let refused = failure { try server.session(allowed) { _ in } }
            #expect(refused?.status == .authentication)
            #expect(refused?.message.contains("SHA-1 only") == true, "\(refused?.message ?? "no error")")
        }
    }

    @Test(
        "FS-2: what libssh2 cannot serve is said, with the engine that can: ciphers and codes",
        arguments: [
            (["Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com", "MACs hmac-sha2-256-etm@openssh.com"], "aes128-gcm@openssh.com"),
            (["Ciphers aes128-ctr", "MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"], "hmac-sha2-256-etm@openssh.com"),
            (["KexAlgorithms sntrup761x25519-sha512@openssh.com"], "sntrup761x25519-sha512@openssh.com"),
        ])
    func algorithmsOfToday(options: [String], named: String) throws {
        try TestServer.with(options: options) { server in try expectOpenSSHOnly(server, [:], named) }
    }

    @Test("FS-2: an old server is refused unless its algorithms are allowed by `legacy`, which warns in the log", arguments: engines)
    func oldServer(engine: SSHEngine) throws {
        let old = [
            "KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc,3des-cbc", "MACs hmac-sha1", "HostKeyAlgorithms ssh-rsa",
            "PubkeyAcceptedAlgorithms +ssh-rsa",
        ]
        try TestServer.with(engine, options: old) { server in
            let content = patterned(3_000_000)
            try server.put("f", content)
            let keys: Changes = ["private_key_file": .string(server["USER_KEY_RSA"]), "host_keys": .strings([server["HOST_KEY_RSA"]])]
            for policy in ["modern", "compatible"] {
                let error = failure { try server.session(keys.merging(["algorithms": .string(policy)]) { $1 }) { _ in } }
                #expect(error?.status == .configuration || error?.status == .authentication, "\(policy): \(error?.message ?? "no error")")
                #expect(!server.log.contains("Accepted"))
            }
            let call = RecordingCall()
            try server.session(keys.merging(["algorithms": .string("legacy")]) { $1 }, call) { (session) throws in
                #expect(try session.content("f") == content)
            }
            #expect(call.lines.contains { $0.hasPrefix("warning:") && $0.contains("legacy") })
        }
    }

    @Test("FS-2: `modern` takes no group of 2048 bits and no SHA-1 code, `compatible` does", arguments: engines)
    func modern(engine: SSHEngine) throws {
        for options in [["KexAlgorithms diffie-hellman-group14-sha256"], ["Ciphers aes256-ctr", "MACs hmac-sha1"]] {
            try TestServer.with(engine, options: options) { server in
                let error = failure { try server.session(["algorithms": .string("modern")]) { _ in } }
                #expect(error?.status == .configuration, "\(error?.message ?? "no error")")
                try server.session(["algorithms": .string("compatible")]) { (session) throws in #expect(try session.names() == []) }
            }
        }
        try TestServer.with(engine) { server in
            try server.session(["algorithms": .string("modern")]) { (session) throws in #expect(try session.names() == []) }
        }
    }

    @Test(
        "FS-2: keyboard-interactive takes the password where the server asks for one",
        .enabled(if: TestServer.canTestPasswords, "needs root"), arguments: engines)
    func keyboardInteractive(engine: SSHEngine) throws {
        let first = ["UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no"]
        try TestServer.with(engine, password: true, first: first) { server in
            let login: Changes = ["authentication": .string("password"), "private_key_file": nil]
            try server.session(login.merging(["password": .string(server["PASSWORD"])]) { $1 }) { (session) throws in
                #expect(try session.names() == [])
            }
            #expect(server.log.contains("Accepted keyboard-interactive/pam"))
            let error = failure { try server.session(login.merging(["password": .string("wrong")]) { $1 }) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains("Check `username` and `password`.") == true)
        }
    }

    @Test("FS-2: a certificate logs a key in that the server does not know; libssh2 refuses in words")
    func certificate() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-ca-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let (authority, key) = (place.appendingPathComponent("ca").path, place.appendingPathComponent("key").path)
        try run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", authority)
        try run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        try TestServer.with(options: ["TrustedUserCAKeys \(authority).pub"]) { server in
            try run("/usr/bin/ssh-keygen", "-q", "-s", authority, "-I", "test", "-n", server["USERNAME"], key + ".pub")
            let unknown = failure { try server.session(["private_key_file": .string(key)]) { _ in } }
            #expect(unknown?.status == .authentication)
            try expectOpenSSHOnly(
                server, ["private_key_file": .string(key), "certificate_file": .string(key + "-cert.pub")], "certificate_file")
            let noCertificate = failure { try server.session(["certificate_file": .string(key + ".pub")]) { _ in } }
            #expect(noCertificate?.status == .configuration)
            #expect(noCertificate?.message.contains("`certificate_file`") == true)
        }
    }

    @Test("FS-2: an agent's key logs in; libssh2 refuses in words, and a missing agent is said")
    func agent() throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("ca-" + UUID().uuidString.prefix(8))
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let socket = place.appendingPathComponent("agent").path
        let started = try run("/usr/bin/ssh-agent", "-s", "-a", socket)
        let pid = try #require(started.firstMatch(of: /SSH_AGENT_PID=([0-9]+)/).flatMap { Int32($0.1) })
        // An agent that inherits a blocked SIGTERM would stay.
        defer { kill(pid, SIGKILL) }
        try TestServer.with { server in
            try run("/usr/bin/env", "SSH_AUTH_SOCK=" + socket, "ssh-add", "-q", server["USER_KEY_ECDSA"])
            let changes: Changes = ["authentication": .string("agent"), "private_key_file": nil, "agent_socket": .string(socket)]
            try expectOpenSSHOnly(server, changes, "authentication: agent")
            #expect(server.log.contains("Accepted publickey"))
            let missing = failure { try server.session(changes.merging(["agent_socket": .string("/nonexistent/agent")]) { $1 }) { _ in } }
            #expect(missing?.status == .configuration)
            #expect(missing?.message.contains("`agent_socket`") == true)
        }
    }

    @Test("FS-8: a name with several addresses is connected to at the one that answers", arguments: engines)
    func severalAddresses(engine: SSHEngine) throws {
        // The server listens on 127.0.0.1 only; the name may mean ::1 too.
        try TestServer.with(engine) { server in
            try server.session(["host": .string("localhost")]) { (session) throws in #expect(try session.names() == []) }
        }
    }

    @Test("FS-8, T16: a silent server that gives signs of life is waited for, one that gives none is given up", arguments: engines)
    func keepalive(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("f", patterned(3_000_000))
            let proxy = try ChaosProxy(to: server.port) { _ in .stall(afterBytes: 500_000) }
            defer { proxy.stop() }
            // Nothing but the missing signs of life ends this within the test's time limit.
            let changes: Changes = [
                "port": .integer(Int64(proxy.port)), "stall_timeout_seconds": .integer(3600), "keepalive_seconds": .integer(1),
            ]
            let error = failure { try server.session(changes) { _ = try $0.content("f") } }
            #expect(error?.status == .timeout || error?.status == .transient, "\(error?.message ?? "no error")")
        }
    }

    @Test("FS-6: a connection test through libssh2 names the same steps, and the one that failed")
    func check() throws {
        try TestServer.with(.libssh2) { server in
            let good = RecordingCall()
            try SFTPConnector.check(sftpSettings(server), good)
            #expect(good.steps.map(\.name) == ["resolve", "connect", "host key", "authenticate", "open directory", "list"])
            #expect(good.steps[2].message.contains(try fingerprint(server["HOST_KEY_ED25519"])))
            let refused = RecordingCall()
            _ = failure { try SFTPConnector.check(sftpSettings(server, ["username": .string("nobody-here")]), refused) }
            #expect(refused.steps.map(\.succeeded) == [true, true, true, false])
            #expect(refused.steps.last?.name == "authenticate")
        }
    }

    @Test("CON-5: an engine or a policy that does not exist is named", arguments: ["engine", "algorithms"])
    func choices(setting: String) {
        let values: [String: SettingValues.Value] = [
            "host": .string("h"), "username": .string("u"), "private_key": .string("x"), setting: .string("best"),
        ]
        let error = failure { _ = try SFTPConnector.makeSettings(SettingValues(values)) }
        #expect(error?.status == .configuration)
        #expect(error?.message.contains("`\(setting)`") == true)
    }
}

@discardableResult
private func run(_ program: String, _ arguments: String...) throws -> String {
    let outcome = try Program.run(program, arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output
}

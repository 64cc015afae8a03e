import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

@Suite(.timeLimit(.minutes(2))) struct ConnectingTests {
    @Test("FS-2: keys of every type log in, against host keys of every type")
    func keyTypes() throws {
        try TestServer.with { server in
            for (user, host) in [("ED25519", "RSA"), ("ECDSA", "ED25519"), ("RSA", "ECDSA")] {
                let changes: [String: SettingValues.Value?] = [
                    "private_key_file": .string(server["USER_KEY_\(user)"]), "host_keys": .strings([server["HOST_KEY_\(host)"]]),
                ]
                try server.session(changes) { (session) throws in #expect(try session.names() == [], "\(user) key on \(host) host") }
            }
        }
    }

    @Test("FS-2: a key as text logs in, without its last line end and with Windows line ends", arguments: engines)
    func keyText(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let text = try String(contentsOfFile: server["USER_KEY_ED25519"], encoding: .utf8)
            let pasted = text.trimmingCharacters(in: .newlines).replacingOccurrences(of: "\n", with: "\r\n")
            try server.session(["private_key_file": nil, "private_key": .string(pasted)]) { (session) throws in #expect(try session.names() == []) }
        }
    }

    @Test("FS-2: a protected key needs its passphrase, and a wrong or missing one is said", arguments: engines)
    func passphrase(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let path = server["USER_KEY_ECDSA"]
            try run("/usr/bin/ssh-keygen", "-q", "-p", "-P", "", "-N", "pass 'phrase\\", "-f", path)
            let key: [String: SettingValues.Value?] = ["private_key_file": .string(path)]
            try server.session(key.merging(["passphrase": .string("pass 'phrase\\")]) { $1 }) { (session) throws in #expect(try session.names() == [])
            }
            let wrong = failure { try server.session(key.merging(["passphrase": .string("wrong")]) { $1 }) { _ in } }
            #expect(wrong?.status == .authentication)
            #expect(wrong?.message.contains("passphrase") == true)
            let missing = failure { try server.session(key) { _ in } }
            #expect(missing?.status == .configuration)
            #expect(missing?.message.contains("`passphrase`") == true)
        }
    }

    @Test("FS-2: a key that is not installed is refused with what to do", arguments: engines)
    func unknownKey(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let stranger = server.files.appendingPathComponent("stranger").path
            try run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger)
            let error = failure { try server.session(["private_key_file": .string(stranger)]) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains("refused the log-in of \(server["USERNAME"])") == true)
        }
    }

    @Test("FS-2: a key file that others may read, or that is not there, is refused before anything is sent", arguments: engines)
    func keyFiles(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: server["USER_KEY_RSA"])
            let open = failure { try server.session(["private_key_file": .string(server["USER_KEY_RSA"])]) { _ in } }
            #expect(open?.status == .configuration)
            #expect(open?.message.contains("chmod 600") == true)
            let missing = failure { try server.session(["private_key_file": .string("/nonexistent/key")]) { _ in } }
            #expect(missing?.status == .configuration)
            #expect(missing?.message.contains("/nonexistent/key") == true)
            #expect(!server.log.contains("Connection from"))
        }
    }

    @Test("FS-2: the right password logs in and a wrong one is refused", .enabled(if: TestServer.canTestPasswords, "needs root"), arguments: engines)
    func passwords(engine: SSHEngine) throws {
        try TestServer.with(engine, password: true) { server in
            let login: [String: SettingValues.Value?] = ["authentication": .string("password"), "private_key_file": nil]
            try server.session(login.merging(["password": .string(server["PASSWORD"])]) { $1 }) { (session) throws in
                try session.write("by password", [1, 2, 3])
                #expect(try session.names() == ["by password"])
            }
            let error = failure { try server.session(login.merging(["password": .string("wrong $(id) 'x")]) { $1 }) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains("Check `username` and `password`.") == true)
            #expect(error.map { "\($0)\($0.detail ?? "")".contains("wrong $(id)") } == false)
            #expect(server.log.contains("Failed password for \(server["USERNAME"])"))
        }
    }

    @Test("FS-7: without a trusted key nothing is opened; the keys that were seen are named", arguments: engines)
    func untrusted(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let error = failure { try server.session(["host_keys": .strings([])]) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains("connecthost servers trust") == true)
            for type in ["ED25519", "ECDSA", "RSA"] {
                let seen = try fingerprint(server["HOST_KEY_\(type)"])
                #expect(error?.message.contains(seen) == true)
            }
            #expect(!server.log.contains("Accepted"))
        }
    }

    @Test(
        "FS-7, T21: a changed host key is refused with both fingerprints, and no password is sent", arguments: ["same type", "other type"], engines)
    func changedHostKey(how: String, engine: SSHEngine) throws {
        // Only an Ed25519 key is offered in the second case, where an ECDSA key was trusted.
        let options = how == "same type" ? [] : ["HostKeyAlgorithms ssh-ed25519"]
        try TestServer.with(engine, options: options) { server in
            let other = try TestServer()
            defer { other.stop() }
            let trusted = how == "same type" ? other["HOST_KEY_ED25519"] : server["HOST_KEY_ECDSA"]
            let changes: [String: SettingValues.Value?] = [
                "host_keys": .strings([trusted]), "authentication": .string("password"), "password": .string("secret"),
            ]
            let error = failure { try server.session(changes) { _ in } }
            #expect(error?.status == .authentication)
            let both = try (fingerprint(trusted), fingerprint(server["HOST_KEY_ED25519"]))
            #expect(error?.message.contains(both.0) == true)
            #expect(error?.message.contains(both.1) == true)
            #expect(!server.log.contains("password for"))
            #expect(!server.log.contains("Postponed"))
        }
    }

    @Test("FS-7: identify tells the server's keys as ssh-keygen shows them, and sends no credential")
    func identify() throws {
        try TestServer.with { server in
            let keys = try SFTPConnector.identify(
                SettingValues(["host": .string(server["HOST"]), "port": .integer(Int64(server.port))]), RecordingCall())
            #expect(Set(keys.map(\.pin)) == Set(["ED25519", "ECDSA", "RSA"].map { server["HOST_KEY_\($0)"] }))
            let shown = try run("/usr/bin/ssh-keygen", "-l", "-f", server["LOG"].replacingOccurrences(of: "sshd.log", with: "host_rsa.pub"))
            #expect(keys.contains { $0.type == "ssh-rsa" && shown.contains($0.fingerprint) })
            #expect(!server.log.contains("Accepted"))
        }
    }

    @Test("FS-6: a connection test names its steps in order, and the one that failed", arguments: engines)
    func check(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let good = RecordingCall()
            try SFTPConnector.check(sftpSettings(server), good)
            #expect(good.steps.map(\.name) == ["resolve", "connect", "host key", "authenticate", "open directory", "list"])
            #expect(!good.steps.map(\.succeeded).contains(false))
            #expect(good.steps[2].message.contains("SHA256:"))

            let bad = RecordingCall()
            let error = failure { try SFTPConnector.check(sftpSettings(server, ["directory": .string("/no such place")]), bad) }
            #expect(error?.status == .notFound)
            #expect(error?.message.contains("/no such place") == true)
            #expect(bad.steps.last?.name == "open directory")
            #expect(bad.steps.last?.succeeded == false)

            let refused = RecordingCall()
            let stranger = failure { try SFTPConnector.check(sftpSettings(server, ["username": .string("nobody-here")]), refused) }
            #expect(stranger?.status == .authentication)
            #expect(refused.steps.map(\.succeeded) == [true, true, true, false])
            #expect(refused.steps.last?.name == "authenticate")
        }
    }

    @Test("FS-6: a missing name, a closed port and a service that is not SSH each get their own words", arguments: engines)
    func unreachable(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let name = failure { try server.session(["host": .string("no-such-host.invalid")]) { _ in } }
            #expect(name?.message.contains("no-such-host.invalid was not found") == true)
            let closed = try ChaosProxy(to: server.port) { _ in .none }
            closed.stop()
            let refused = failure { try server.session(["port": .integer(Int64(closed.port))]) { _ in } }
            #expect(refused?.status == .transient)
            #expect(refused?.message.contains("refused the connection") == true)
            let mute = try ChaosProxy(to: server.port) { _ in .cut(afterBytes: 0) }
            defer { mute.stop() }
            let silent = failure { try server.session(["port": .integer(Int64(mute.port))]) { _ in } }
            #expect(silent?.status == .transient)
            #expect(silent?.message.contains("before SSH began") == true)
        }
    }

    @Test("FS-2: a server that runs something else instead of file transfer is not taken for a refused log-in", arguments: engines)
    func noSubsystem(engine: SSHEngine) throws {
        try TestServer.with(engine, options: ["Match all", "ForceCommand /bin/false"]) { server in
            let error = failure { try server.session { _ in } }
            #expect(error != nil)
            #expect(error?.status != .authentication)
        }
    }

    @Test("CON-5: wrong settings are named")
    func settingNames() throws {
        let base: [String: SettingValues.Value] = ["host": .string("h"), "username": .string("u"), "private_key": .string("x")]
        let wrong: [(String, SettingValues.Value)] = [
            ("host", .string("-oProxyCommand=x")), ("username", .string("a b")), ("port", .integer(70000)), ("host_keys", .strings(["nonsense"])),
            ("private_key", .string("")), ("directory", .string("a\0b")),
        ]
        for (name, value) in wrong {
            let error = failure { _ = try SFTPConnector.makeSettings(SettingValues(base.merging([name: value]) { $1 })) }
            #expect(error?.status == .configuration)
            #expect(error?.message.contains("`\(name)`") == true)
        }
    }
}

@discardableResult
private func run(_ program: String, _ arguments: String...) throws -> String {
    let outcome = try Program.run(program, arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output
}

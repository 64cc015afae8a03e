import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

/// A server behind another host (OpenSSH's ProxyJump).
@Suite(.timeLimit(.minutes(10))) struct JumpTests {
    /// The server's own key opens the jump host too where `sameKey`; else it has one of its own.
    private func changes(_ jump: TestServer, _ more: [String: SettingValues.Value?] = [:]) -> [String: SettingValues.Value?] {
        let place = "\(jump["USERNAME"])@127.0.0.1:\(jump.port)"
        return [
            "jump_host": .string(place), "jump_host_keys": .strings([jump["HOST_KEY_ED25519"]]),
            "jump_private_key_file": .string(jump["USER_KEY_ED25519"]),
        ].merging(more) { _, new in new }
    }

    private func with(jumpOptions: [String] = [], _ body: (_ server: TestServer, _ jump: TestServer) throws -> Void) throws {
        try TestServer.with(options: jumpOptions) { jump in try TestServer.with { try body($0, jump) } }
    }

    @Test("FS-2: files come and go through a jump host, which sees a connection to the server and not its contents")
    func files() throws {
        try with { (server, jump) throws in
            let content = patterned(2_000_000)
            try server.session(changes(jump)) { (session) throws in
                try session.write("f", content)
                #expect(try session.content("f") == content)
            }
            #expect(try server.content("f") == content)
            #expect(jump.log.contains("Accepted publickey"))
            let call = RecordingCall()
            try SFTPConnector.check(sftpSettings(server, changes(jump)), call)
            #expect(
                call.steps.map(\.name).prefix(4) == ["resolve", "connect", "host key", "authenticate"] && call.steps.allSatisfy(\.succeeded),
                "\(call.steps)")
        }
    }

    @Test("FS-2: the server's own key opens the jump host where none is named")
    func sameKey() throws {
        try with { (server, jump) throws in
            let keys = jump.files.deletingLastPathComponent().appendingPathComponent("authorized_keys")
            try Data(contentsOf: URL(fileURLWithPath: server["USER_KEY_ED25519"] + ".pub")).write(to: keys)
            try server.session(changes(jump, ["jump_private_key_file": nil])) { (session) throws in try session.write("f", [1, 2, 3]) }
            #expect(try server.content("f") == [1, 2, 3])
        }
    }

    @Test("FS-7: a jump host that is not trusted is refused with its key, one that has changed with both fingerprints, and no server is asked")
    func untrusted() throws {
        try with { (server, jump) throws in
            let unknown = failure { try server.session(changes(jump, ["jump_host_keys": .strings([])])) { _ in } }
            #expect(unknown?.status == .authentication)
            #expect(unknown?.message.contains(jump["HOST_KEY_ED25519"]) == true, "\(unknown?.message ?? "no error")")
            let changed = failure { try server.session(changes(jump, ["jump_host_keys": .strings([server["HOST_KEY_ED25519"]])])) { _ in } }
            #expect(changed?.status == .authentication, "\(changed?.message ?? "no error")")
            #expect(try changed?.message.contains(fingerprint(server["HOST_KEY_ED25519"])) == true)
            #expect(try changed?.message.contains(fingerprint(jump["HOST_KEY_ED25519"])) == true)
            #expect(changed?.message.contains("jump host") == true)
            #expect(!server.log.contains("Connection from"))
        }
    }

    @Test("FS-6: what goes wrong at the jump host is told as its doing, and who has to act")
    func failures() throws {
        try with { (server, jump) throws in
            let refused = failure { try server.session(changes(jump, ["jump_private_key_file": .string(server["USER_KEY_RSA"])])) { _ in } }
            #expect(refused?.status == .authentication)
            #expect(refused?.message.contains("jump host") == true, "\(refused?.message ?? "no error")")
            let closed = failure { try server.session(changes(jump, ["port": .integer(1)])) { _ in } }
            #expect(closed?.status == .transient)
            #expect(closed?.message.contains("jump host") == true, "\(closed?.message ?? "no error")")
            let gone = failure { try server.session(changes(jump, ["jump_host": .string("\(jump["USERNAME"])@127.0.0.1:1")])) { _ in } }
            #expect(gone?.status == .transient)
            #expect(gone?.message.contains("jump host") == true, "\(gone?.message ?? "no error")")
        }
        try with(jumpOptions: ["AllowTcpForwarding no"]) { (server, jump) throws in
            let error = failure { try server.session(changes(jump)) { _ in } }
            #expect(error?.status == .permission, "\(error?.message ?? "no error")")
        }
    }

    @Test("FS-7: the server's key is looked at through the jump host")
    func identify() throws {
        try with { (server, jump) throws in
            let values: [String: SettingValues.Value] = [
                "host": .string("127.0.0.1"), "port": .integer(Int64(server.port)), "username": .string(server["USERNAME"]),
                "jump_host": .string("\(jump["USERNAME"])@127.0.0.1:\(jump.port)"), "jump_host_keys": .strings([jump["HOST_KEY_ED25519"]]),
                "jump_private_key_file": .string(jump["USER_KEY_ED25519"]),
            ]
            let seen = try SFTPConnector.identify(SettingValues(values), RecordingCall())
            #expect(seen.map(\.pin) == [server["HOST_KEY_ED25519"]])
            #expect(!server.log.contains("Accepted"))
            let error = failure { try server.session(changes(jump, ["host_keys": .strings([])])) { _ in } }
            #expect(try error?.message.contains(fingerprint(server["HOST_KEY_ED25519"])) == true, "\(error?.message ?? "no error")")
        }
    }

    @Test("FS-2: what cannot be a jump host is refused before anything is sent")
    func settings() throws {
        try TestServer.with { (server) throws in
            for wrong in ["", "a b", "-oProxyCommand=x", "gate@", "gate:0", "gate:22:22:x/", "$(id)@gate", "[::1"] where !wrong.isEmpty {
                #expect(failure { _ = try sftpSettings(server, ["jump_host": .string(wrong)]) }?.status == .configuration, "\(wrong)")
            }
            for good in ["gate", "me@gate:2222", "[::1]:22", "me@[fe80::1%eth0]"] {
                #expect(failure { _ = try sftpSettings(server, ["jump_host": .string(good)]) } == nil, "\(good)")
            }
            let password: [String: SettingValues.Value?] = [
                "authentication": .string("password"), "password": .string("secret"), "jump_host": .string("gate"), "private_key_file": nil,
            ]
            #expect(failure { _ = try sftpSettings(server, password) }?.message.contains("jump_private_key_file") == true)
            let engine = failure { try server.session(["jump_host": .string("gate"), "engine": .string("libssh2")]) { _ in } }
            #expect(engine?.message.contains("openssh") == true, "\(engine?.message ?? "no error")")
        }
    }
}

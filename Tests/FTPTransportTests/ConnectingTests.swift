import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

@Suite(.timeLimit(.minutes(10)), .serialized) struct ConnectingTests {
    @Test("FS-3: plain FTP is refused unless it was allowed, and warned of when it was")
    func plain() throws {
        try FTPServer.with { server in
            let error = failure { _ = try FTPConnector.makeSettings(server.values(["allow_plaintext": nil])) }
            #expect(error?.status == .configuration)
            #expect(error?.message.contains("SFTP") == true)
            let call = RecordingCall()
            try server.session([:], call) { _ in }
            #expect(call.lines.contains { $0.hasPrefix("warning") && $0.contains("Use SFTP") })
        }
    }

    @Test("FS-3: a server without TLS is refused when TLS is asked for")
    func noTLS() throws {
        try FTPServer.with { server in
            let error = failure { try server.session(["security": .string("explicit")]) { _ in } }
            #expect(error?.status == .configuration)
            #expect(error?.message.contains("does not offer TLS") == true, "\(error?.message ?? "")")
        }
    }

    @Test("FS-7: an unknown certificate is refused; a pin, or the authority, lets it in; a changed one shows both fingerprints")
    func certificates() throws {
        try FTPServer.with(security: "explicit") { server in
            let base: [String: SettingValues.Value?] = ["security": .string("explicit")]
            #expect(failure { try server.session(base) { _ in } }?.status == .authentication)
            try server.session(base.merging(["ca_file": .string(server["CERTIFICATE"])]) { $1 }) { _ = try $0.names() }
            let identities = try FTPConnector.identify(server.values(base), RecordingCall())
            #expect(identities.map(\.pin) == [server["PIN"]])
            let other = "sha256//" + Base64.encode([UInt8](repeating: 7, count: 32))
            let error = failure { try server.session(base.merging(["certificate_pins": .strings([other])]) { $1 }) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains(identities.first?.fingerprint ?? "?") == true)
            #expect(error?.message.contains(CertificateKey(pin: other)?.fingerprint ?? "?") == true)
        }
    }

    @Test("FS-6: the connection test shows its steps; a wrong password fails at the log-in and is not shown")
    func check() throws {
        try FTPServer.with(security: "explicit") { server in
            let base: [String: SettingValues.Value?] = ["security": .string("explicit"), "certificate_pins": .strings([server["PIN"]])]
            let call = RecordingCall()
            try FTPConnector.check(FTPConnector.makeSettings(server.values(base)), call)
            #expect(call.steps.map(\.name) == ["resolve", "connect", "tls", "authenticate", "open directory", "list"])
            #expect(!call.steps.contains { !$0.succeeded })
            let wrong = RecordingCall()
            let settings = try FTPConnector.makeSettings(server.values(base.merging(["password": .string("wrong-secret")]) { $1 }))
            let error = failure { try FTPConnector.check(settings, wrong) }
            #expect(error?.status == .authentication)
            #expect(wrong.steps.last?.name == "authenticate")
            #expect(error?.message.contains("wrong-secret") == false)
        }
    }

    @Test(
        "FS-8: a data connection that breaks is never a short file called good",
        arguments: [ChaosProxy.Fault.cut(afterBytes: 1_000_000), .reset(afterBytes: 1_000_000), .halfClose(afterBytes: 1_000_000)])
    func broken(fault: ChaosProxy.Fault) throws {
        try FTPServer.with { server in
            let content = patterned(8_000_000)
            try server.put("f", content)
            let proxy = try ChaosProxy(to: server.dataPort) { _ in fault }
            defer { proxy.stop() }
            try server.session { (session) throws in
                try server.announce(dataPort: proxy.port)
                #expect(failure { _ = try session.content("f") }?.status == .transient)
            }
        }
    }

    @Test("FS-8: a server that dies in the middle of a file is transient")
    func died() throws {
        try FTPServer.with { server in
            try server.put("f", patterned(30_000_000))
            try server.session { (session) throws in
                let call = RecordingCall()
                let file = try session.openRead("f", offset: 0, call)
                defer { file.close() }
                var got = 0
                let error = failure {
                    try file.readAll(piece: 100_000, call) { piece in
                        if got == 0 { server.kill() }
                        got += piece.count
                    }
                }
                #expect(error?.status == .transient, "\(error?.message ?? "no error") after \(got) bytes")
                #expect(got < 30_000_000)
            }
        }
    }

    /// A data connection that stalls in the middle of `transfer` ends by the session's time-out, or by whoever cancels.
    private func expectStall(
        _ server: FTPServer, _ proxy: ChaosProxy, endedBy ending: String, _ transfer: (any TransportSession, RecordingCall) throws -> Void
    ) throws {
        defer { proxy.stop() }
        try server.session(["stall_timeout_seconds": .integer(ending == "time-out" ? 1 : 100)]) { (session) throws in
            try server.announce(dataPort: proxy.port)
            let call = RecordingCall()
            // Only `cancel` may come from another thread, which is what this does.
            nonisolated(unsafe) let shared = session
            Thread.detachNewThread {
                proxy.waitForFault()
                if ending == "the session" { shared.cancel() }
                if ending == "the call" { call.cancel() }
            }
            let error = failure { try transfer(session, call) }
            #expect(error?.status == (ending == "time-out" ? .timeout : .cancelled), "\(error?.message ?? "no error")")
        }
    }

    @Test("FS-8, CON-3: a stall is a time-out, and a cancellation unblocks it", arguments: ["time-out", "the session", "the call"])
    func stall(ending: String) throws {
        try FTPServer.with { server in
            try server.put("f", patterned(8_000_000))
            let proxy = try ChaosProxy(to: server.dataPort) { _ in .stall(afterBytes: 500_000) }
            try expectStall(server, proxy, endedBy: ending) { session, call in _ = try session.content("f", call) }
        }
    }

    @Test(
        "FS-8, CON-3: so does one behind the last byte of an upload, while the server's word is waited for",
        arguments: ["time-out", "the session", "the call"])
    func stallAtTheEnd(ending: String) throws {
        try FTPServer.with { server in
            let proxy = try ChaosProxy(to: server.dataPort, counting: .toServer) { _ in .stall(afterBytes: 50_000) }
            try expectStall(server, proxy, endedBy: ending) { session, call in try session.write("f", patterned(200_000), call) }
        }
    }
}

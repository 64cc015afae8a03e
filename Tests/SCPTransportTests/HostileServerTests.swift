import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import SCPTransport
@testable import SSHTransportCore

/// Servers whose scp is a script of ours.
@Suite(.timeLimit(.minutes(10))) struct HostileServerTests {
    /// Runs `body` with a server whose forced command is `script`, which gets whatever is asked in SSH_ORIGINAL_COMMAND.
    private func with(scp script: String, _ body: (TestServer) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-scp-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("scp")
        try Data("#!/bin/bash\ncase \"$SSH_ORIGINAL_COMMAND\" in 'scp '*) ;; *) exit 1 ;; esac\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        try TestServer.with(options: ["ForceCommand /bin/bash " + file.path], body)
    }

    @Test(
        "FS-1: a download from a server that cheats is refused and never short",
        arguments: [
            ("printf 'C0644 5 other\\nhello\\0'", ConnectorError.Status.data), ("printf 'C0644 5 ../f\\nhello\\0'", .data),
            ("printf 'D0755 0 f\\nC0644 5 f\\nhello\\0'", .data), ("printf 'C0644 5 f\\nhello world\\0'", .data),
            ("printf 'C0644 50 f\\nhello'", .transient), ("printf 'C0644 5 f\\nhello'", .transient),
            ("printf 'C0644 99999999999999999999 f\\nhello\\0'", .data), ("printf 'C0644 9223372036854775807 f\\nhello\\0'", .transient),
            ("printf '\\001'; yes | tr -d '\\n'", .data), ("printf 'Welcome!\\n'", .data), ("exit 0", .transient),
            ("echo 'scp: command not found' >&2; exit 127", .unsupported), ("printf '\\001scp: f: Permission denied\\n'", .permission),
        ])
    func download(script: String, status: ConnectorError.Status) throws {
        try with(scp: script) { server in
            try server.session { (session) throws in
                let error = failure { _ = try session.content("f") }
                #expect(error?.status == status, "\(error?.message ?? "no error")")
            }
        }
    }

    @Test(
        "FS-1: an upload that the server does not confirm has failed",
        arguments: [
            ("printf '\\0\\0'; head -c 100 > /dev/null; exit 0", ConnectorError.Status.transient),
            ("printf '\\0\\0\\0\\0'; cat > /dev/null", .data), ("printf '\\0\\0\\001scp: f: No space left on device\\n'; cat > /dev/null", .noSpace),
            ("printf '\\001scp: f: Permission denied\\n'", .permission), ("printf 'hello\\n'; cat > /dev/null", .data),
        ])
    func upload(script: String, status: ConnectorError.Status) throws {
        try with(scp: script) { server in
            try server.session { (session) throws in
                let error = failure { try session.write("f", patterned(3_000_000)) }
                #expect(error?.status == status, "\(error?.message ?? "no error")")
            }
        }
    }

    @Test("CON-3: a cancellation ends a transfer that stalls", arguments: ["download", "upload"])
    func cancel(direction: String) throws {
        let script = direction == "download" ? "printf 'C0644 5000 f\\nhello'; exec cat >/dev/null" : "printf '\\0\\0'; exec sleep 120"
        try with(scp: script) { server in
            let call = RecordingCall()
            let session = try SCPConnector.open(scpSettings(server, ["stall_timeout_seconds": .integer(3600)]), call)
            defer { session.close() }
            let cancelling = { Thread.detachNewThread { call.cancel() } }
            let error = failure {
                if direction == "download" {
                    let file = try session.openRead("f", offset: 0, call)
                    defer { file.close() }
                    try file.readAll(piece: 100, call) { _ in cancelling() }
                } else {
                    let file = try session.openWrite("f", offset: 0, expectedSize: 50_000_000, call)
                    defer { file.abort() }
                    cancelling()
                    try file.writeAll(patterned(50_000_000), piece: 100_000, call)
                }
            }
            #expect(error?.status == .cancelled, "\(error?.message ?? "no error")")
        }
    }

    @Test(
        "FS-8, T11: a transfer whose connection breaks is transient, never short",
        arguments: [ChaosProxy.Fault.cut(afterBytes: 3_000_000), .reset(afterBytes: 3_000_000), .halfClose(afterBytes: 3_000_000)])
    func broken(fault: ChaosProxy.Fault) throws {
        try TestServer.with(account: "shell") { server in
            try server.put("f", patterned(10_000_000))
            let proxy = try ChaosProxy(to: server.port) { _ in fault }
            defer { proxy.stop() }
            try server.session(["port": .integer(Int64(proxy.port))]) { (session) throws in
                let error = failure { _ = try session.content("f") }
                #expect(error?.status == .transient, "\(error?.message ?? "no error")")
            }
        }
    }

    @Test("FS-8, T10: a server that does nothing is a time-out")
    func stalled() throws {
        try with(scp: "printf 'C0644 5000 f\\nhello'; exec cat >/dev/null") { server in
            try server.session(["stall_timeout_seconds": .integer(1)]) { (session) throws in
                let error = failure { _ = try session.content("f") }
                #expect(error?.status == .timeout, "\(error?.message ?? "no error")")
            }
        }
    }

    @Test("FS-7: nothing is sent to a server that was not trusted")
    func untrusted() throws {
        try TestServer.with { server in
            let line = try String(contentsOfFile: server["USER_KEY_ED25519"] + ".pub", encoding: .utf8)
            let other = line.split(separator: " ").prefix(2).joined(separator: " ")
            let error = failure { try server.session(["host_keys": .strings([])]) { _ in } }
            #expect(error?.status == .authentication)
            #expect(failure { try server.session(["host_keys": .strings([other])]) { _ in } }?.status == .authentication)
        }
    }
}

import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

/// Transfers compared by the server's own checksum.
@Suite(.timeLimit(.minutes(10))) struct ChecksumTests {
    private let checked: [String: SettingValues.Value?] = ["verify": .string("checksum")]

    private func expectCompared(_ server: FTPServer) throws {
        try server.session(checked) { (session) throws in
            let call = RecordingCall()
            for size in [0, 63, 64, 65_537, 1_000_000] {
                let content = patterned(size)
                try session.write("a file", content, call)
                #expect(try server.content("a file") == content)
                #expect(try session.content("a file", call) == content)
            }
            #expect(call.lines.contains { $0.contains("SHA-256 is the same") }, "\(call.lines)")
            // Sums are those of whole files: what is read from an offset is fetched from the beginning, what would be written from one is sent anew.
            let before = call.lines.count
            #expect(try session.content("a file", offset: 999_000, call) == Array(patterned(1_000_000)[999_000...]))
            #expect(call.lines[before...].contains { $0.contains("SHA-256 is the same") }, "\(call.lines)")
            #expect(failure { try session.write("a file", [1], offset: 1_000_000, call) }?.status == .unsupported)
        }
    }

    @Test("FS-8: what was sent and fetched is compared with the server's own SHA-256", arguments: ["hash", "xsha256"])
    func compared(digest: String) throws { try FTPServer.with(digest: digest) { try expectCompared($0) } }

    @Test("FS-8: with ProFTPD too", .enabled(if: FTPServer.canTestProFTPD, "needs proftpd"))
    func onProFTPD() throws { try FTPServer.with(.proftpd) { try expectCompared($0) } }

    @Test("FS-8: a file whose sum is another is no success, may be tried again, and does not stay under its name")
    func differs() throws {
        try FTPServer.with(digest: "hash") { server in
            try server.put("there", patterned(1000))
            try server.spoilChecksums()
            try server.session(checked) { (session) throws in
                let sent = failure { try session.write("new", patterned(1000)) }
                #expect(sent?.status == .transient && sent?.message.contains("SHA-256") == true, "\(sent?.message ?? "no error")")
                #expect(try session.names() == ["there"])
                #expect(failure { _ = try session.content("there") }?.status == .transient)
            }
        }
    }

    @Test("FS-8: a server without checksums is refused with what to do, and is fine without")
    func unavailable() throws {
        try FTPServer.with { server in
            let error = failure { try server.session(checked) { _ in } }
            #expect(error?.status == .configuration && error?.message.contains("`verify` to size") == true, "\(error?.message ?? "no error")")
            try server.session { try $0.write("f", [1]) }
        }
    }
}

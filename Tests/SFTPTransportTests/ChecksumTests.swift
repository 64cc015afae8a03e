import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

/// Transfers compared by a sum that the server's shell computes.
@Suite(.timeLimit(.minutes(10))) struct ChecksumTests {
    private let checked: [String: SettingValues.Value?] = ["verify": .string("checksum")]

    @Test("FS-8: what was sent and fetched, from an offset too, is compared with the server's own SHA-256", arguments: engines)
    func compared(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.session(checked) { (session) throws in
                let call = RecordingCall()
                for name in ["f", "a 'quoted' $(name)", "-rf"] {
                    let content = patterned(200_001)
                    try session.write(name, Array(content[..<100_000]), call)
                    try session.write(name, Array(content[100_000...]), offset: 100_000, call)
                    #expect(try server.content(name) == content)
                    #expect(try session.content(name, call) == content)
                    #expect(try session.content(name, offset: 199_999, call) == Array(content[199_999...]))
                }
                let same = call.lines.filter { $0.contains("SHA-256 is the same") }
                #expect(same.count == 12, "\(call.lines)")
            }
        }
    }

    @Test("FS-8: a file that is another by the time it has been read is no success")
    func differs() throws {
        try TestServer.with { server in
            try server.put("f", patterned(1_000_000))
            try server.session(checked) { (session) throws in
                let call = RecordingCall()
                let file = try session.openRead("f", offset: 0, call)
                defer { file.close() }
                var first = [UInt8](repeating: 0, count: 1000)
                _ = try first.withUnsafeMutableBytes { try file.read(into: $0, call) }
                // Of the same size, so that only its sum tells.
                try server.put("f", patterned(1_000_000, salt: 2))
                let error = failure { try file.readAll(piece: 100_000, call) { _ in } }
                #expect(error?.status == .transient && error?.message.contains("SHA-256") == true, "\(error?.message ?? "no error")")
            }
        }
    }

    @Test("FS-8: an account without a shell is refused with what to do, in the connection test too")
    func unavailable() throws {
        try TestServer.with(.openssh, options: ["ForceCommand internal-sftp"]) { server in
            let error = failure { try server.session(checked) { _ in } }
            #expect(error?.status == .configuration && error?.message.contains("`verify` to size") == true, "\(error?.message ?? "no error")")
            let call = RecordingCall()
            #expect(failure { try SFTPConnector.check(sftpSettings(server, checked), call) }?.status == .configuration)
            #expect(call.steps.last?.name == "checksum" && call.steps.last?.succeeded == false)
            try server.session { try $0.write("f", [1]) }
        }
    }
}

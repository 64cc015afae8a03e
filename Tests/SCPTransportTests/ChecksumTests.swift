import ConnectorKit
import ServerSupport
import Testing

@testable import SCPTransport

/// Transfers by SCP compared by a sum that the server's shell computes.
@Suite(.timeLimit(.minutes(10))) struct ChecksumTests {
    private let checked: [String: SettingValues.Value?] = ["verify": .string("checksum")]

    @Test("FS-8: what was sent and fetched is compared with the server's own SHA-256", arguments: [true, false])
    func compared(announced: Bool) throws {
        try TestServer.with(account: "shell") { server in
            try server.session(checked) { (session) throws in
                let call = RecordingCall()
                for size in [0, 200_001] {
                    let content = patterned(size)
                    try session.write("a 'file'", content, announced: announced, call)
                    #expect(try server.content("a 'file'") == content)
                    #expect(try session.content("a 'file'", call) == content)
                }
                #expect(call.lines.filter { $0.contains("SHA-256 is the same") }.count == 4, "\(call.lines)")
            }
        }
    }

    @Test("FS-8: an account for SCP alone is refused with what to do")
    func unavailable() throws {
        try TestServer.with(account: "scp") { server in
            let error = failure { try server.session(checked) { _ in } }
            #expect(error?.status == .configuration && error?.message.contains("`verify` to size") == true, "\(error?.message ?? "no error")")
            try server.session { try $0.write("f", [1]) }
        }
    }
}

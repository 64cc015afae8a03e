import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

/// The same promises with vsftpd, which lists by LIST alone and takes a data connection's TLS only in the control connection's session.
@Suite(.timeLimit(.minutes(10)), .enabled(if: FTPServer.canTestVsftpd, "needs root and vsftpd")) struct VsftpdTests {
    private func changes(_ server: FTPServer, _ security: String, _ more: [String: SettingValues.Value?] = [:]) -> [String: SettingValues.Value?] {
        ["security": .string(security), "certificate_pins": .strings(security == "none" ? [] : [server["PIN"]])].merging(more) { _, new in new }
    }

    @Test("FS-3: files of any size are the same after writing and reading, and the verbs work", arguments: ["none", "explicit", "implicit"])
    func files(security: String) throws {
        try FTPServer.with(.vsftpd, security: security) { server in
            try server.session(changes(server, security)) { (session) throws in
                let call = RecordingCall()
                for size in [0, 1, 65_537, 5_000_000] {
                    let content = patterned(size)
                    try session.write("f", content)
                    #expect(try server.content("f") == content)
                    #expect(try session.content("f") == content)
                }
                let size = try session.stat("f", call).size
                #expect(size == 5_000_000)
                try session.makeDirectory("archive", call)
                try session.rename("f", to: "archive/with blank", replace: false, call)
                let (top, below) = (try session.names(), try session.names("archive"))
                #expect(top == ["archive"])
                #expect(below == ["archive/with blank"])
                try session.write("f", [1])
                #expect(failure { try session.rename("f", to: "archive/with blank", replace: false, call) }?.status == .exists)
                try session.rename("f", to: "archive/with blank", replace: true, call)
                #expect(try session.content("archive/with blank") == [1])
                #expect(failure { try session.removeDirectory("archive", call) }?.status == .notEmpty)
                try session.remove("archive/with blank", call)
                try session.removeDirectory("archive", call)
                #expect(failure { _ = try session.stat("archive", call) }?.status == .notFound)
            }
        }
    }

    @Test("FS-8: reading and writing go on from an offset, in passive and in active mode", arguments: ["passive", "active"])
    func resume(mode: String) throws {
        // libcurl 7.87 and 7.88 cannot do active mode with TLS; without, it is the same mode.
        let security = mode == "active" ? "none" : "explicit"
        try FTPServer.with(.vsftpd, security: security) { server in
            try server.session(changes(server, security, ["mode": .string(mode)])) { (session) throws in
                let content = patterned(3_000_000)
                try session.write("f", Array(content[..<1_000_001]))
                try session.write("f", Array(content[1_000_001...]), offset: 1_000_001)
                #expect(try server.content("f") == content)
                #expect(try session.content("f", offset: 2_999_999) == [content[2_999_999]])
                #expect(failure { try session.write("f", [1], offset: 5) }?.status == .data)
            }
        }
    }

    @Test("FS-3: a wrong password and a server without TLS are refused in words")
    func refusals() throws {
        try FTPServer.with(.vsftpd) { server in
            let error = failure { try server.session(["password": .string("not the password")]) { _ in } }
            #expect(error?.status == .authentication)
            #expect(error?.message.contains("not the password") == false)
            let plain = failure { try server.session(["security": .string("explicit")]) { _ in } }
            #expect(plain?.status == .configuration, "\(plain?.message ?? "no error")")
        }
    }
}

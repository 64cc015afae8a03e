import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

@Suite(.timeLimit(.minutes(10)), .serialized) struct FilesTests {
    @Test("FS-2: files of any size are the same after writing and reading, with and without TLS", arguments: ["none", "explicit", "implicit"])
    func sizes(security: String) throws {
        try FTPServer.with(security: security) { server in
            let changes: [String: SettingValues.Value?] = ["security": .string(security), "certificate_pins": .strings([server["PIN"]])]
            try server.session(changes) { (session) throws in
                for size in [0, 1, 65_537, 5_000_000] {
                    let content = patterned(size)
                    try session.write("f", content, piece: 300_001)
                    #expect(try server.content("f") == content, "\(size) bytes written")
                    #expect(try session.content("f", piece: 70_001) == content, "\(size) bytes read")
                    #expect(try session.stat("f", RecordingCall()).size == Int64(size))
                }
            }
        }
    }

    @Test("FS-8: reading and writing go on from an offset")
    func resume() throws {
        try FTPServer.with { server in
            let content = patterned(3_000_000)
            try server.put("f", content)
            try server.session { (session) throws in
                #expect(try session.content("f", offset: 1_234_567) == Array(content[1_234_567...]))
                #expect(try session.content("f", offset: 3_000_000) == [])
                #expect(try session.content("f", offset: 4_000_000) == [])
                try server.put("g", Array(content[..<1_000_001]))
                try session.write("g", Array(content[1_000_001...]), offset: 1_000_001)
                #expect(try server.content("g") == content)
                #expect(failure { try session.write("g", [1], offset: 5) }?.status == .data)
                #expect(try server.content("g") == content)
            }
        }
    }

    @Test("FS-2: listing, renaming, removing and directories, by MLSD and by LIST", arguments: [false, true])
    func names(isOld: Bool) throws {
        try FTPServer.with(isOld: isOld) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                for name in ["with blank", " leading", "quote\"s'", "umlaut äöü €", "-dash", "percent%41", "semi;colon=x; y"] {
                    try session.write(name, Array(name.utf8))
                    #expect(try session.content(name) == Array(name.utf8))
                    #expect(try session.names().contains(name), "\(name)")
                    #expect(try session.stat(name, call).size == Int64(name.utf8.count))
                    try session.remove(name, call)
                }
                #expect(try session.names() == [])
                try session.makeDirectory("d", call)
                try session.makeDirectory("d", call)
                #expect(try session.stat("d", call).kind == .directory)
                try session.write("d/x", [1])
                #expect(try session.names("d") == ["d/x"])
                #expect(failure { try session.removeDirectory("d", call) }?.status == .notEmpty)
                try session.write("y", [2])
                #expect(failure { try session.rename("d/x", to: "y", replace: false, call) }?.status == .exists)
                #expect(try server.content("y") == [2])
                try session.rename("d/x", to: "y", replace: true, call)
                #expect(try server.content("y") == [1])
                try session.removeDirectory("d", call)
                #expect(failure { _ = try session.stat("none", call) }?.status == .notFound)
                #expect(failure { _ = try session.content("none") }?.status == .notFound)
                #expect(failure { try session.remove("none", call) }?.status == .notFound)
                #expect(failure { try session.rename("none", to: "z", replace: true, call) }?.status == .notFound)
            }
        }
    }

    @Test(
        "FS-2: a hostile name neither leaves the directory nor becomes a command",
        arguments: ["../f", "/f", "a//b", "a\r\nDELE keep", "a\nDELE keep", "a\0b"])
    func hostile(name: String) throws {
        try FTPServer.with { server in
            try server.put("keep", [1])
            try server.session { (session) throws in
                let call = RecordingCall()
                #expect(failure { _ = try session.stat(name, call) }?.status == .configuration)
                #expect(failure { try session.write(name, [1]) }?.status == .configuration)
                #expect(failure { try session.rename("keep", to: name, replace: true, call) }?.status == .configuration)
            }
            #expect(try server.content("keep") == [1])
        }
    }

    @Test("FS-8: an aborted upload leaves nothing, and the session goes on")
    func abort() throws {
        try FTPServer.with { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                let file = try session.openWrite("f", offset: 0, expectedSize: nil, call)
                try file.writeAll(patterned(1_000_000), piece: 100_000, call)
                file.abort()
                #expect(try session.names() == [])
            }
        }
    }
}

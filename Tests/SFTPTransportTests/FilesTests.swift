import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport
@testable import SSHTransportCore

@Suite(.timeLimit(.minutes(10))) struct FilesTests {
    @Test("FS-2: files of any size are the same after writing and reading, in pieces of any size, in both profiles", arguments: [64, 1], engines)
    func sizes(inFlight: Int, engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.session(["requests_in_flight": .integer(Int64(inFlight))]) { (session) throws in
                for (size, piece) in [
                    (0, 10), (1, 1), (4095, 1000), (261_119, 261_120), (261_120, 7777), (261_121, 1 << 20), (9_000_000, 300_001), (9_000_000, 64),
                ] {
                    if piece == 64 && inFlight == 1 { continue }
                    let content = patterned(size)
                    try session.write("f", content, piece: max(piece, 4096))
                    #expect(try server.content("f") == content, "\(size) bytes written")
                    #expect(try session.content("f", piece: piece) == content, "\(size) bytes read by \(piece)")
                    #expect(try session.stat("f", RecordingCall()).size == Int64(size))
                }
            }
        }
    }

    @Test("FS-8: reading and writing go on from an offset; what was written behind it is cut off", arguments: engines)
    func resume(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let content = patterned(3_000_000)
            try server.put("f", content)
            try server.session { (session) throws in
                #expect(try session.content("f", offset: 1_234_567) == Array(content[1_234_567...]))
                #expect(try session.content("f", offset: 3_000_000) == [])
                #expect(try session.content("f", offset: 4_000_000) == [])
                try server.put("g", Array(content[..<1_000_001]))
                try session.write("g", Array(content[1_000_001...]), offset: 1_000_001)
                #expect(try server.content("g") == content)
                let error = failure { try session.write("g", [1], offset: 3_000_001) }
                #expect(error?.status == .data)
                #expect(try server.content("g") == content)
                try session.write("g", [1], offset: 5)
                #expect(try server.content("g") == content[..<5] + [1])
            }
        }
    }

    @Test("FS-2: a file that grows while it is read is read to its new end; an empty one of unknown size too", arguments: engines)
    func growing(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let content = patterned(2_000_000)
            try server.put("f", content)
            try server.session { (session) throws in
                let call = RecordingCall()
                let file = try session.openRead("f", offset: 0, call)
                var got: [UInt8] = []
                let handle = try FileHandle(forWritingTo: server.files.appendingPathComponent("f"))
                var grew = false
                try file.readAll(piece: 50_000, call) { piece in
                    got += piece
                    if !grew {
                        grew = true
                        handle.seekToEndOfFile()
                        handle.write(Data(content))
                    }
                }
                file.close()
                #expect(got == content + content)
            }
            // Files of /proc say they have 0 bytes.
            try server.session(["directory": .string("/proc/self")]) { (session) throws in
                #expect(try session.content("status").starts(with: Array("Name:".utf8)))
            }
        }
    }

    @Test("FS-2: other requests may come between the pieces of a file, and several files may be open", arguments: engines)
    func interleaved(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let (first, second) = (patterned(5_000_000, salt: 2), patterned(4_000_000, salt: 3))
            try server.put("a", first)
            try server.put("b", second)
            try server.session { (session) throws in
                let call = RecordingCall()
                let (a, b) = (try session.openRead("a", offset: 0, call), try session.openRead("b", offset: 0, call))
                let copy = try session.openWrite("c", offset: 0, expectedSize: nil, call)
                var got: ([UInt8], [UInt8]) = ([], [])
                var buffer = [UInt8](repeating: 0, count: 70_001)
                var done = false
                while !done {
                    let fromA = try buffer.withUnsafeMutableBytes { try a.read(into: $0, call) }
                    got.0 += buffer[0..<fromA]
                    try copy.writeAll(Array(buffer[0..<fromA]), piece: 70_001, call)
                    #expect(try session.stat("b", call).size == 4_000_000)
                    let fromB = try buffer.withUnsafeMutableBytes { try b.read(into: $0, call) }
                    got.1 += buffer[0..<fromB]
                    done = fromA == 0 && fromB == 0
                }
                a.close()
                b.close()
                try copy.commit(modifiedUnixNanoseconds: 1_000_000_000 * 1_000_000_000, call)
                #expect(got.0 == first)
                #expect(got.1 == second)
                #expect(try server.content("c") == first)
                #expect(try session.stat("c", call).modifiedUnixNanoseconds == 1_000_000_000 * 1_000_000_000)
                // A file that is closed early leaves nothing in the way.
                let early = try session.openRead("a", offset: 0, call)
                _ = try buffer.withUnsafeMutableBytes { try early.read(into: $0, call) }
                early.close()
                #expect(try session.content("b") == second)
            }
        }
    }

    @Test("FS-2: stat and list tell kind, size and time; directories are made and removed", arguments: engines)
    func directories(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("plain", [1, 2, 3])
            try FileManager.default.createSymbolicLink(atPath: server.files.appendingPathComponent("link").path, withDestinationPath: "plain")
            try server.session { (session) throws in
                let call = RecordingCall()
                try session.makeDirectory("sub", call)
                try session.makeDirectory("sub", call)
                #expect(failure { try session.makeDirectory("plain", call) }?.status == .exists)
                #expect(failure { try session.makeDirectory("no/where", call) }?.status == .notFound)
                try session.write("sub/inner", [9])
                var entries: [String: FileEntry] = [:]
                try session.list("", call) { (entry) throws(ConnectorError) in entries[entry.path] = entry }
                #expect(entries.keys.sorted() == ["link", "plain", "sub"])
                #expect(entries["plain"]?.kind == .file)
                #expect(entries["plain"]?.size == 3)
                #expect(entries["link"]?.kind == .link)
                #expect(entries["sub"]?.kind == .directory)
                #expect(try session.stat("link", call).kind == .file)
                #expect(try session.stat("", call).kind == .directory)
                #expect(try session.names("sub") == ["sub/inner"])
                #expect(failure { try session.removeDirectory("sub", call) }?.status == .notEmpty)
                #expect(failure { try session.remove("sub", call) }?.status == .configuration)
                try session.remove("sub/inner", call)
                try session.removeDirectory("sub", call)
                #expect(failure { try session.remove("sub/inner", call) }?.status == .notFound)
                #expect(failure { try session.removeDirectory("sub", call) }?.status == .notFound)
                #expect(failure { _ = try session.stat("nothing", call) }?.status == .notFound)
                #expect(failure { _ = try session.openRead("nothing", offset: 0, call) }?.message.contains("\"nothing\"") == true)
                #expect(failure { _ = try session.openRead("", offset: 0, call) }?.status == .configuration)
            }
        }
    }

    @Test("FS-2: a thousand names are listed once each", arguments: engines)
    func manyNames(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let names = (0..<1000).map { "file \($0) with a name that is long enough to need several packets for all of them" }.sorted()
            for name in names { try server.put(name, []) }
            try server.session { (session) throws in #expect(try session.names() == names) }
        }
    }

    @Test("FS-8: a rename replaces only when it is asked to", arguments: engines)
    func rename(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                try server.put("a", [1])
                try server.put("b", [2])
                #expect(failure { try session.rename("a", to: "b", replace: false, call) }?.status == .exists)
                #expect(try server.content("b") == [2])
                try session.rename("a", to: "c", replace: false, call)
                try session.rename("c", to: "b", replace: true, call)
                #expect(try server.content("b") == [1])
                #expect(try session.names() == ["b"])
                #expect(failure { try session.rename("gone", to: "x", replace: false, call) }?.status == .notFound)
                #expect(failure { try session.rename("gone", to: "x", replace: true, call) }?.status == .notFound)
            }
        }
    }

    @Test("T22: names with blanks, quotes, other alphabets, a dash in front or a line end are names like any other", arguments: engines)
    func strangeNames(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let names = [
                "with blank", " leading", "trailing ", "it's \"quoted\"", "$(id)", "`id`", "Größe", "名前.csv", "🙂", "-rf", "--", "-oProxyCommand=x",
                "new\nline",
                "tab\there", "back\\slash", "*", "?", "[a]", "~", "#", "a;b", "\u{202E}gpj.exe", String(repeating: "x", count: 255),
            ]
            try server.session { (session) throws in
                for (index, name) in names.enumerated() { try session.write(name, [UInt8(index)]) }
                #expect(try session.names() == names.sorted())
                #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path).sorted() == names.sorted())
                for (index, name) in names.enumerated() {
                    #expect(try session.content(name) == [UInt8(index)])
                    try session.rename(name, to: "renamed", replace: false, RecordingCall())
                    try session.remove("renamed", RecordingCall())
                }
                #expect(try session.names() == [])
            }
        }
    }

    @Test("T22: a name that is not UTF-8 is skipped with a warning", arguments: engines)
    func notUTF8(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("good", [1])
            let bad = (Array((server.files.path + "/bad").utf8) + [0xFF, 0xFE, 0]).map { CChar(bitPattern: $0) }
            let descriptor = open(bad, O_CREAT | O_WRONLY, 0o600)
            try #require(descriptor >= 0)
            close(descriptor)
            let call = RecordingCall()
            try server.session([:], call) { (session) throws in #expect(try session.names("", call) == ["good"]) }
            #expect(call.lines.count == 1)
            #expect(call.lines.first?.contains("not UTF-8") == true)
        }
    }

    @Test(
        "T22: what a hostile server calls a file never means another place",
        arguments: [
            ("..", nil), (".", nil), ("../x", "holds a /"), ("/etc/x", "holds a /"), ("a/b", "holds a /"), ("a\0b", "NUL"), ("", "empty"),
            (String(repeating: "x", count: 1025), "1025 bytes"),
        ])
    func hostileNames(name: String, reason: String?) {
        switch RemoteName.check(Array(name.utf8)) {
        case .usable: Issue.record("\(name) was taken")
        case .dots: #expect(reason == nil)
        case .unusable(let why): #expect(reason.map { why.contains($0) } == true)
        }
    }

    @Test("FS-2: no path leaves the directory of the settings", arguments: ["../x", "a/../../x", "/etc/passwd", "a//b", "a\0b", ".."], engines)
    func confined(path: String, engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                #expect(failure { _ = try session.stat(path, call) }?.status == .configuration)
                #expect(failure { _ = try session.openWrite(path, offset: 0, expectedSize: nil, call) }?.status == .configuration)
                #expect(failure { try session.rename("a", to: path, replace: true, call) }?.status == .configuration)
            }
        }
    }

    @Test("FS-8: an upload that is given up leaves no file; one that went on with a file leaves it as it was", arguments: engines)
    func abort(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("old", [1, 2, 3])
            try server.session { (session) throws in
                let call = RecordingCall()
                let fresh = try session.openWrite("fresh", offset: 0, expectedSize: nil, call)
                try fresh.writeAll(patterned(2_000_000), piece: 100_000, call)
                fresh.abort()
                let more = try session.openWrite("old", offset: 3, expectedSize: nil, call)
                try more.writeAll(patterned(2_000_000), piece: 100_000, call)
                more.abort()
                #expect(try session.names() == ["old"])
                #expect(try server.content("old") == [1, 2, 3])
            }
        }
    }

    @Test("FS-2: a directory that may not be written to is a matter of permission", arguments: engines)
    func permission(engine: SSHEngine) throws {
        try TestServer.with(engine, options: ["Match all", "ForceCommand internal-sftp -R"]) { server in
            try server.put("f", [1])
            try server.session { (session) throws in
                let call = RecordingCall()
                #expect(try session.content("f") == [1])
                #expect(failure { try session.write("g", [1]) }?.status == .permission)
                #expect(failure { try session.remove("f", call) }?.status == .permission)
            }
        }
    }
}

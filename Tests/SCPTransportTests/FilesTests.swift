import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import SCPTransport
@testable import SSHTransportCore

@Suite(.timeLimit(.minutes(10))) struct FilesTests {
    @Test("FS-1: files of any size are the same after writing and reading, on every kind of account", arguments: ["full", "shell", "scp"])
    func sizes(account: String) throws {
        try TestServer.with(account: account) { server in
            try server.session { (session) throws in
                for size in [0, 1, 4095, 65_536, 1_048_577, 9_000_000] {
                    for announced in [true, false] {
                        let content = patterned(size, salt: announced ? 1 : 2)
                        try session.write("f", content, announced: announced)
                        #expect(try server.content("f") == content, "\(size) bytes written")
                        #expect(try session.content("f") == content, "\(size) bytes read")
                    }
                }
            }
        }
    }

    static let hostile = [
        "with space", "it's", "\"double\"", "-f", "--", "-oProxyCommand=x", "$(touch injected)", "`touch injected`", "a;touch injected", "a|b", "a&b",
        "*",
        "?", "[a]", "~", "~root", "#x", "back\\slash", "a\\\\b", "tab\there", "ümläut", "日本語", "!history", "{a,b}", "..x", ".hidden", "<in", ">out",
        "%s%n",
        "x\u{7f}y", "a\u{1}b", "=", "E", "C0644 1 x",
    ]

    @Test("FS-1: no name becomes a command, an option or another name", arguments: ["full", "shell", "scp"])
    func hostileNames(account: String) throws {
        try TestServer.with(account: account) { server in
            try server.session { (session) throws in
                for (index, name) in Self.hostile.enumerated() {
                    let content = patterned(100 + index)
                    try session.write(name, content)
                    #expect(try server.content(name) == content, "\(name)")
                    #expect(try session.content(name) == content, "\(name)")
                }
                let there = try FileManager.default.contentsOfDirectory(atPath: server.files.path).sorted()
                #expect(there == Self.hostile.sorted())
                guard account != "scp" else { return }
                #expect(try session.names() == Self.hostile.sorted())
                let call = RecordingCall()
                for name in Self.hostile {
                    #expect(try session.stat(name, call).kind == .file, "\(name)")
                    try session.rename(name, to: name + "2", replace: false, call)
                    try session.remove(name + "2", call)
                }
                #expect(try session.names() == [])
            }
        }
    }

    @Test("FS-1: names with line ends are refused before anything is asked of the server")
    func lineEnds() throws {
        try TestServer.with(account: "shell") { server in
            try server.session { (session) throws in
                #expect(failure { try session.write("a\nb", [1]) }?.status == .configuration)
                #expect(failure { _ = try session.content("a\rb") }?.status == .configuration)
                try server.put("line\nend", [1])
                let call = RecordingCall()
                #expect(try session.names("", call) == ["line\nend"])
                #expect(failure { try session.remove("line\nend", call) }?.status == .configuration)
                #expect(failure { _ = try session.content("../x") }?.status == .configuration)
            }
        }
    }

    @Test("FS-1, FS-9: the verbs work over SFTP and over a shell alike", arguments: ["full", "shell"])
    func verbs(account: String) throws {
        try TestServer.with(account: account) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                try session.makeDirectory("d", call)
                try session.makeDirectory("d", call)
                try session.write("d/f", [1, 2, 3], modified: 1_700_000_000_000_000_000)
                let entry = try session.stat("d/f", call)
                #expect(entry.size == 3 && entry.kind == .file && entry.unixMode == 0o644)
                #expect(entry.modifiedUnixNanoseconds == 1_700_000_000_000_000_000)
                try session.write("d/g", [4], announced: false, modified: 1_600_000_001_000_000_000)
                #expect(try session.stat("d/g", call).modifiedUnixNanoseconds == 1_600_000_001_000_000_000)
                try FileManager.default.createSymbolicLink(atPath: server.files.path + "/d/l", withDestinationPath: "f")
                var entries: [String: FileEntry] = [:]
                try session.list("d", call) { (entry) throws(ConnectorError) in entries[entry.path] = entry }
                #expect(entries.keys.sorted() == ["d/f", "d/g", "d/l"])
                #expect(entries["d/f"] == entry)
                #expect(entries["d/l"]?.kind == .link)
                #expect(try session.stat("d", call).kind == .directory)
                #expect(failure { try session.rename("d/f", to: "d/g", replace: false, call) }?.status == .exists)
                try session.rename("d/f", to: "d/g", replace: true, call)
                #expect(try server.content("d/g") == [1, 2, 3])
                #expect(failure { try session.rename("d/f", to: "d/x", replace: true, call) }?.status == .notFound)
                #expect(failure { try session.removeDirectory("d", call) }?.status == .notEmpty)
                #expect(failure { try session.remove("d", call) }?.status == .configuration)
                try session.remove("d/g", call)
                try session.remove("d/l", call)
                try session.removeDirectory("d", call)
                #expect(failure { try session.remove("d/g", call) }?.status == .notFound)
                #expect(failure { _ = try session.stat("d", call) }?.status == .notFound)
                #expect(failure { _ = try session.names("d") }?.status == .notFound)
                #expect(failure { try session.removeDirectory("", call) }?.status == .configuration)
            }
        }
    }

    @Test("FS-1: an account for SCP alone says which verbs it lacks")
    func scpOnly() throws {
        try TestServer.with(account: "scp") { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                try session.write("f", [1])
                for error in [
                    failure { _ = try session.stat("f", call) }, failure { _ = try session.names() }, failure { try session.remove("f", call) },
                    failure { try session.rename("f", to: "g", replace: true, call) }, failure { try session.makeDirectory("d", call) },
                    failure { try session.removeDirectory("d", call) },
                ] {
                    #expect(error?.status == .unsupported)
                    #expect(error?.message.contains("only send and fetch files by SCP") == true)
                }
            }
        }
    }

    @Test("FS-6: the test of a connection tells what the server offers", arguments: ["full", "shell", "scp"])
    func check(account: String) throws {
        try TestServer.with(account: account) { server in
            let call = RecordingCall()
            try SCPConnector.check(scpSettings(server), call)
            let means = ["full": "names: SFTP", "shell": "names: /bin/sh", "scp": "names: SCP alone"][account] ?? ""
            #expect(call.steps.map(\.name).starts(with: ["resolve", "connect", "host key", "authenticate", "find what the server offers"]))
            #expect(!call.steps.contains { !$0.succeeded })
            #expect(call.steps.contains { $0.message.contains(means) }, "\(call.steps)")
        }
    }

    @Test("FS-1: missing files, directories given as files and rights that lack are told apart", arguments: ["full", "shell", "scp"])
    func refusals(account: String) throws {
        try TestServer.with(account: account) { server in
            try FileManager.default.createDirectory(at: server.files.appendingPathComponent("d"), withIntermediateDirectories: true)
            try server.session { (session) throws in
                #expect(failure { _ = try session.content("missing") }?.status == .notFound)
                #expect(failure { _ = try session.content("d") }?.status == .configuration)
                #expect(failure { try session.write("none/f", [1]) }?.status == .notFound)
                if account != "scp" { #expect(failure { try session.write("d", [1]) }?.status == .configuration) }
                #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path + "/d") == [])
            }
            #expect(failure { try server.session(["directory": .string("/proc/self/none")]) { _ = try $0.content("x") } }?.status == .notFound)
        }
    }

    @Test("FS-1: a full disk is told as one and leaves nothing", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() throws {
        try TestServer.with(account: "shell") { server in
            try FileManager.default.createSymbolicLink(atPath: server.files.path + "/full", withDestinationPath: "/dev/full")
            try server.session { (session) throws in
                #expect(failure { try session.write("full", patterned(1_000_000)) }?.status == .noSpace)
                #expect(try session.names() == [])
            }
        }
    }

    @Test("FS-1: more or less than was announced is refused, and an upload that is given up leaves nothing", arguments: ["full", "shell"])
    func announced(account: String) throws {
        try TestServer.with(account: account) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                let long = try session.openWrite("f", offset: 0, expectedSize: 10, call)
                #expect(failure { try long.writeAll(patterned(11), piece: 11, call) }?.status == .data)
                long.abort()
                let short = try session.openWrite("g", offset: 0, expectedSize: 10_000_000, call)
                try short.writeAll(patterned(5_000_000), piece: 100_000, call)
                #expect(failure { try short.commit(modifiedUnixNanoseconds: nil, call) }?.status == .data)
                let given = try session.openWrite("h", offset: 0, expectedSize: 10_000_000, call)
                try given.writeAll(patterned(5_000_000), piece: 100_000, call)
                session.cancel()
                given.abort()
                #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path) == [])
            }
        }
    }

    @Test("FS-1: with transfer auto contents go over SFTP where there is one, and go on from an offset")
    func auto() throws {
        try TestServer.with { server in
            let content = patterned(3_000_000)
            try server.session(["transfer": .string("auto")]) { (session) throws in
                try session.write("f", content)
                #expect(try session.content("f", offset: 1_000_000) == Array(content[1_000_000...]))
            }
            try server.session { (session) throws in
                #expect(failure { _ = try session.content("f", offset: 1) }?.status == .unsupported)
            }
        }
    }

    @Test("FS-1: each channel can log in by itself, and libssh2 serves too", arguments: ["openssh", "libssh2"])
    func unshared(engine: String) throws {
        try TestServer.with(account: "shell") { server in
            try server.session(["share_connection": .boolean(false), "engine": .string(engine)]) { (session) throws in
                let content = patterned(2_000_000)
                try session.write("f", content)
                #expect(try session.content("f") == content)
                #expect(try session.names() == ["f"])
                #expect(failure { _ = try session.content("g") }?.status == .notFound)
            }
        }
    }
}

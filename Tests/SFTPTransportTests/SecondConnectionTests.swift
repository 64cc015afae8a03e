import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import SFTPTransport
@testable import SSHTransportCore

/// Large files over two connections. Here everything with more than a mebibyte to go is large.
@Suite(.timeLimit(.minutes(10))) struct SecondConnectionTests {
    private static let content = random(16_000_000)
    private static func random(_ count: Int) -> [UInt8] {
        Array((try? FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom")).read(upToCount: count)) ?? Data())
    }
    private static let joined = "A second connection"
    private static let lost = "The second connection for large files is gone"

    /// Runs `body` with a server and the settings of sessions through a proxy that lets the first connection alone and meets the second with `fault`.
    private func withProxy(
        _ fault: ChaosProxy.Fault = .none, counting: ChaosProxy.Direction = .fromServer, mebibytes: Int64 = 1, _ engine: SSHEngine = .openssh,
        _ body: (TestServer, ChaosProxy, [String: SettingValues.Value?]) throws -> Void
    ) throws {
        try TestServer.with(engine) { (server) throws in
            try server.put("f", Self.content)
            let proxy = try ChaosProxy(to: server.port, counting: counting) { $0 == 1 ? fault : .none }
            defer { proxy.stop() }
            try body(
                server, proxy,
                [
                    "port": .integer(Int64(proxy.port)), "second_connection_mib": .integer(mebibytes), "second_connection": .string("always"),
                    "stall_timeout_seconds": .integer(5),
                ])
        }
    }

    private func says(_ call: RecordingCall, _ text: String) -> Bool { call.lines.contains { $0.contains(text) } }

    /// Reads all of "f", in pieces, giving the second connection time until it is there or given up.
    private func read(_ session: any TransportSession, _ call: RecordingCall, waiting: Bool = true, after: (Int) throws -> Void = { _ in }) throws
        -> [UInt8]
    {
        let file = try session.openRead("f", offset: 0, call)
        defer { file.close() }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 32_768)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, call) }
            if count == 0 { return content }
            content += buffer[..<count]
            try after(content.count)
            if waiting, content.count > 1 << 20, !says(call, "econd connection") { usleep(20_000) }
        }
    }

    private func write(_ session: any TransportSession, _ call: RecordingCall) throws {
        let file = try session.openWrite("there", offset: 0, expectedSize: Int64(Self.content.count), call)
        do {
            var done = 0
            while done < Self.content.count {
                let end = min(done + 32_768, Self.content.count)
                done += try Self.content[done..<end].withUnsafeBytes { try file.write($0, call) }
                if done > 1 << 20, !says(call, "econd connection") { usleep(20_000) }
            }
            try file.commit(modifiedUnixNanoseconds: nil, call)
        } catch {
            file.abort()
            throw error
        }
    }

    @Test("FS-2: a large file that is waited for comes over two connections, each byte in its place")
    func reading() throws {
        try withProxy { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                #expect(try read(session, call) == Self.content)
                #expect(says(call, Self.joined) && proxy.connections == 2)
                // The next file gets one of its own, while the session's goes on.
                #expect(try read(session, RecordingCall()) == Self.content)
                #expect(proxy.connections == 3)
            }
        }
    }

    @Test("FS-2: a large file goes over two connections, each byte in its place")
    func writing() throws {
        try withProxy { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                try write(session, call)
                #expect(try server.content("there") == Self.content)
                #expect(says(call, Self.joined) && proxy.connections == 2)
            }
        }
    }

    @Test("FS-2: one connection is all there is where two are not wanted, and for smaller files", arguments: [0, 64] as [Int64])
    func notWanted(mebibytes: Int64) throws {
        try withProxy(mebibytes: mebibytes) { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                #expect(try read(session, call, waiting: false) == Self.content)
                #expect(proxy.connections == 1)
            }
        }
    }

    @Test("FS-2: libssh2 has one connection, which is not told as a failure")
    func otherEngine() throws {
        try withProxy(.none, mebibytes: 1, .libssh2) { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                #expect(try read(session, call, waiting: false) == Self.content)
                #expect(!says(call, "econd connection"))
            }
        }
    }

    @Test(
        "FS-8: a download goes on over one connection when the second is refused, breaks or stalls, and the session asks for no other",
        arguments: [ChaosProxy.Fault.cut(afterBytes: 0), .cut(afterBytes: 2_000_000), .reset(afterBytes: 3_000_000), .stall(afterBytes: 2_000_000)])
    func lostWhileReading(fault: ChaosProxy.Fault) throws {
        try withProxy(fault) { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                #expect(try read(session, call) == Self.content)
                #expect(says(call, Self.lost), "\(call.lines)")
                #expect(try read(session, RecordingCall(), waiting: false) == Self.content)
                #expect(proxy.connections == 2)
            }
        }
    }

    @Test(
        "FS-8: an upload goes on over one connection when the second is refused, breaks or stalls, with what was on its way over it",
        arguments: [ChaosProxy.Fault.cut(afterBytes: 0), .cut(afterBytes: 1_000_000), .reset(afterBytes: 2_000_000), .stall(afterBytes: 1_000_000)])
    func lostWhileWriting(fault: ChaosProxy.Fault) throws {
        try withProxy(fault, counting: .toServer) { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                try write(session, call)
                #expect(try server.content("there") == Self.content)
                #expect(says(call, Self.lost), "\(call.lines)")
                #expect(proxy.connections == 2)
            }
        }
    }

    @Test("FS-2: a server that is asked one thing at a time is asked over one connection")
    func oneAtATime() throws {
        try withProxy { (server, proxy, settings) throws in
            let call = RecordingCall()
            try server.session(settings.merging(["requests_in_flight": .integer(1)]) { $1 }, call) { (session) throws in
                #expect(try read(session, call, waiting: false) == Self.content)
                #expect(proxy.connections == 1)
            }
        }
    }

    @Test("FS-8: answers that come after an upload was given up in its commit find nobody, and the session goes on")
    func givenUpInCommit() throws {
        try TestServer.with(.openssh) { (server) throws in
            let call = RecordingCall()
            try server.session([:], call) { (session) throws in
                let cancelled = RecordingCall()
                let error = failure {
                    let file = try session.openWrite("there", offset: 0, expectedSize: nil, cancelled)
                    try file.writeAll(Self.content, piece: 1 << 20, cancelled)
                    cancelled.cancel()
                    try file.commit(modifiedUnixNanoseconds: nil, cancelled)
                }
                #expect(error?.status == .cancelled)
                try session.write("other", Array(Self.content[..<3_000_000]))
                #expect(try session.content("other") == Array(Self.content[..<3_000_000]))
            }
        }
    }

    @Test("FS-8: writing before the end of a file cuts it there; behind its end is refused")
    func cutting() throws {
        try TestServer.with(.openssh) { (server) throws in
            try server.put("there", Self.content)
            try server.session { (session) throws in
                try session.write("there", Array(Self.content[(1 << 20)..<(2 << 20)]), offset: 1 << 20)
                #expect(try server.content("there") == Array(Self.content[..<(2 << 20)]))
                let error = failure { try session.write("there", [1], offset: Int64(2 << 20) + 1) }
                #expect(error?.status == .data)
            }
        }
    }

    @Test("FS-8: a file that was put in the place of the one that is read is not joined to it, whatever its size and time")
    func replaced() throws {
        try withProxy { (server, _, settings) throws in
            let other = Self.random(Self.content.count)
            let path = server.files.appendingPathComponent("f").path
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                var isSwapped = false
                let content = try read(session, call) { count in
                    // The second is asked for behind the first 128 KiB.
                    guard !isSwapped, count >= 32_768 else { return }
                    isSwapped = true
                    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
                    try server.put("other", other)
                    if let date {
                        try FileManager.default.setAttributes(
                            [.modificationDate: date], ofItemAtPath: server.files.appendingPathComponent("other").path)
                    }
                    rename(server.files.appendingPathComponent("other").path, path)
                }
                #expect(content == Self.content)
                #expect(says(call, Self.lost) && says(call, "another file"))
            }
        }
    }

    @Test("FS-2: a transfer over two connections is cancelled as one")
    func cancelled() throws {
        try withProxy { (server, _, settings) throws in
            let call = RecordingCall()
            try server.session(settings, call) { (session) throws in
                let error = failure {
                    _ = try read(session, call) { count in if count > 8_000_000 { call.cancel() } }
                }
                #expect(error?.status == .cancelled)
            }
        }
    }
}

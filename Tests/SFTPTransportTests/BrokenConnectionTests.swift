import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import SFTPTransport
@testable import SSHTransportCore

@Suite(.timeLimit(.minutes(2))) struct BrokenConnectionTests {
    @Test(
        "FS-8, T11: a download that breaks is transient and goes on where it broke",
        arguments: [ChaosProxy.Fault.cut(afterBytes: 3_000_000), .reset(afterBytes: 3_000_000), .halfClose(afterBytes: 3_000_000)], engines)
    func resumeReading(fault: ChaosProxy.Fault, engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let content = patterned(10_000_000)
            try server.put("f", content)
            // The first three connections break, the fourth lives.
            let proxy = try ChaosProxy(to: server.port) { $0 < 3 ? fault : .none }
            defer { proxy.stop() }
            var got: [UInt8] = []
            var breaks = 0
            while got.count < content.count {
                let error = failure {
                    try server.session(["port": .integer(Int64(proxy.port))]) { (session) throws in
                        let call = RecordingCall()
                        let file = try session.openRead("f", offset: Int64(got.count), call)
                        defer { file.close() }
                        try file.readAll(piece: 100_000, call) { got += $0 }
                    }
                }
                guard let error else { break }
                #expect(error.status == .transient, "\(error.message)")
                breaks += 1
                try #require(breaks <= 3)
            }
            #expect(breaks == 3)
            #expect(got == content)
            // Each attempt brought something: 3 × 3,000,000 bytes came over broken connections.
            #expect(proxy.connections == 4)
        }
    }

    @Test("FS-8: an upload that breaks goes on with the bytes the server has", arguments: engines)
    func resumeWriting(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let content = patterned(8_000_000)
            // The server's answers to WRITEs are few bytes; so many of them come after a good part of the file.
            let proxy = try ChaosProxy(to: server.port) { $0 == 0 ? .cut(afterBytes: 6000) : .none }
            defer { proxy.stop() }
            let port: [String: SettingValues.Value?] = ["port": .integer(Int64(proxy.port))]
            let error = failure { try server.session(port) { try $0.write("f", content, piece: 32_768) } }
            #expect(error?.status == .transient)
            server.waitForIdle()
            let there = try server.content("f").count
            #expect(there > 0 && there < content.count)
            try server.session(port) { try $0.write("f", Array(content[there...]), offset: Int64(there)) }
            #expect(try server.content("f") == content)
        }
    }

    @Test("FS-8, T10: a server that stalls is a time-out, at each stage", arguments: [0, 40, 1500, 2500, 3300, 200_000], engines)
    func stall(afterBytes: Int, engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("f", patterned(3_000_000))
            let proxy = try ChaosProxy(to: server.port) { _ in .stall(afterBytes: afterBytes) }
            defer { proxy.stop() }
            let start = MonotonicClock.milliseconds()
            let changes: [String: SettingValues.Value?] = [
                "port": .integer(Int64(proxy.port)), "connect_timeout_seconds": .integer(2), "stall_timeout_seconds": .integer(2),
                "keepalive_seconds": .integer(0),
            ]
            let error = failure { try server.session(changes) { _ = try $0.content("f") } }
            #expect(error?.status == .timeout, "\(error?.message ?? "no error")")
            #expect(MonotonicClock.milliseconds() - start >= 1900)
            // Whatever the stage, nobody waits for several time-outs.
            #expect(MonotonicClock.milliseconds() - start < 30_000)
        }
    }

    @Test("FS-8: a slow server is not a stalled one", arguments: engines)
    func slow(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            let content = patterned(300_000)
            try server.put("f", content)
            let proxy = try ChaosProxy(to: server.port) { _ in .throttle(bytesPerSecond: 200_000) }
            defer { proxy.stop() }
            let changes: [String: SettingValues.Value?] = ["port": .integer(Int64(proxy.port)), "stall_timeout_seconds": .integer(1)]
            try server.session(changes) { (session) throws in #expect(try session.content("f") == content) }
        }
    }

    @Test("FS-8: a server that goes away in the middle of a file is transient, and the next call says so at once", arguments: engines)
    func serverGone(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("f", patterned(20_000_000))
            let proxy = try ChaosProxy(to: server.port) { _ in .none }
            try server.session(["port": .integer(Int64(proxy.port))]) { (session) throws in
                let call = RecordingCall()
                let file = try session.openRead("f", offset: 0, call)
                defer { file.close() }
                var isFirst = true
                let error = failure {
                    try file.readAll(piece: 100_000, call) { _ in
                        if isFirst { proxy.stop() }
                        isFirst = false
                    }
                }
                #expect(error?.status == .transient)
                #expect(failure { _ = try session.stat("f", call) }?.status == .transient)
            }
        }
    }

    @Test("CON-3: a cancellation unblocks the call that waits", arguments: ["the session", "the call"], engines)
    func cancel(what: String, engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.put("f", patterned(3_000_000))
            let proxy = try ChaosProxy(to: server.port) { _ in .stall(afterBytes: 500_000) }
            defer { proxy.stop() }
            // Nothing but the cancellation ends this within the test's time limit.
            let changes: [String: SettingValues.Value?] = [
                "port": .integer(Int64(proxy.port)), "stall_timeout_seconds": .integer(3600), "keepalive_seconds": .integer(0),
            ]
            let call = RecordingCall()
            let session = try SFTPConnector.open(sftpSettings(server, changes), call)
            defer { session.close() }
            let canceller = Canceller(session)
            Thread.detachNewThread {
                proxy.waitForFault()
                if what == "the session" { canceller.cancel() } else { call.cancel() }
            }
            let error = failure { _ = try session.content("f", call) }
            #expect(error?.status == .cancelled)
        }
    }

    @Test("CON-3: an upload that is cancelled can still be cleared away", arguments: engines)
    func abortAfterCancel(engine: SSHEngine) throws {
        try TestServer.with(engine) { server in
            try server.session { (session) throws in
                let call = RecordingCall()
                let file = try session.openWrite("f", offset: 0, expectedSize: nil, call)
                try file.writeAll(patterned(1_000_000), piece: 100_000, call)
                session.cancel()
                #expect(failure { try file.writeAll([1], piece: 1, call) }?.status == .cancelled)
                file.abort()
                #expect(try FileManager.default.contentsOfDirectory(atPath: server.files.path) == [])
            }
        }
    }

    @Test("CON-6: a session leaves no process, no descriptor and no file behind", arguments: ["closed", "forgotten", "refused", "stalled"])
    func leftovers(how: String) throws {
        try TestServer.with { server in
            let proxy = try ChaosProxy(to: server.port) { _ in how == "stalled" ? .stall(afterBytes: 2000) : .none }
            defer { proxy.stop() }
            let changed = try sftpSettings(
                server,
                [
                    "port": .integer(Int64(proxy.port)), "connect_timeout_seconds": .integer(2),
                    "username": .string(how == "refused" ? "nobody-here" : server["USERNAME"]),
                ])
            let call = RecordingCall()
            var channel: OpenSSHChannel? = try OpenSSHChannel(changed.endpoint, .subsystem("sftp"), call)
            let process = try #require(channel?.child.id)
            let directory = try #require(channel?.command?.files.path)
            let descriptors = try #require(channel).openDescriptors
            #expect(descriptors.count == 4)
            #expect(FileManager.default.fileExists(atPath: directory + "/known_hosts"))
            var client: SFTPClient? = SFTPClient(channel: try #require(channel), options: changed.clientOptions)
            let error = failure { try client?.start(call) }
            #expect((error == nil) == (how == "closed" || how == "forgotten"))
            if error == nil {
                // The secrets of the log-in are gone as soon as it is done.
                #expect(!FileManager.default.fileExists(atPath: directory))
            }
            if how == "closed" { client?.close() }
            client = nil
            channel = nil
            #expect(kill(process, 0) == -1 && errno == ESRCH)
            #expect(!FileManager.default.fileExists(atPath: directory))
            #expect(Set(descriptors).isDisjoint(with: openDescriptors()))
        }
    }

    @Test("FS-7: the host key is checked again when keys are renewed, without the files of the log-in", arguments: engines)
    func rekeying(engine: SSHEngine) throws {
        try TestServer.with(engine, options: ["RekeyLimit 1M"]) { server in
            let content = patterned(10_000_000)
            try server.session { (session) throws in
                try session.write("f", content)
                #expect(try session.content("f") == content)
            }
        }
    }
}

/// `cancel` is the one method of a session that may be called from any thread.
private final class Canceller: @unchecked Sendable {
    // Sendable because the only thing done with the session from another thread is `cancel`, which allows that.
    private let session: any TransportSession
    init(_ session: any TransportSession) { self.session = session }
    func cancel() { session.cancel() }
}

/// What every descriptor of this process is: "pipe:[4711]" and the like, unique while it is open.
private func openDescriptors() -> Set<String> {
    let base = "/proc/self/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    return Set(names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: base + "/" + $0) })
}

extension OpenSSHChannel {
    fileprivate var openDescriptors: [String] {
        [input.number, output.number, errors.number, cancelled.descriptor].compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
    }
}

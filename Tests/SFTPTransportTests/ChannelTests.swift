import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

@Suite(.timeLimit(.minutes(2))) struct ChannelTests {
    /// Runs `command` at the far end, hands it `input` and gives back all of its output.
    private func run(
        _ command: String, _ server: TestServer, _ engine: SSHEngine, input: [UInt8] = []
    ) throws -> (output: [UInt8], channel: any SSHChannel) {
        let call = RecordingCall()
        let limits = WaitLimits(stallMilliseconds: 20_000, call: call)
        let channel = try SSHConnection.open(sftpSettings(server).endpoint, .command(command), engine: engine, call)
        var output: [UInt8] = []
        var sent = 0
        var buffer = [UInt8](repeating: 0, count: 300_000)
        while true {
            var moved = false
            if sent < input.count {
                switch input[sent...].withUnsafeBytes({ channel.write($0, then: UnsafeRawBufferPointer(start: nil, count: 0)) }) {
                case .bytes(let count):
                    sent += count
                    moved = true
                    if sent == input.count { channel.finishWriting() }
                case .wouldBlock: break
                case .ended: sent = input.count
                }
            }
            switch buffer.withUnsafeMutableBytes({ channel.read(into: $0, then: UnsafeMutableRawBufferPointer(start: nil, count: 0)) }) {
            case .bytes(let count):
                output += buffer[0..<count]
                moved = true
            case .ended: return (output, channel)
            case .wouldBlock: break
            }
            if !moved { try channel.wait(for: sent < input.count ? [.reading, .writing] : .reading, limits) }
        }
    }

    @Test("FS-1: a command gets its input and gives its output, at any size, in both directions at once", arguments: engines)
    func echo(engine: SSHEngine) throws {
        try TestServer.with { server in
            for size in [1, 100_000, 12_000_000] {
                let content = patterned(size)
                let (output, channel) = try run("cat", server, engine, input: content)
                #expect(output == content)
                #expect(channel.endReason() == nil)
                channel.close()
            }
        }
    }

    @Test("FS-1: a command that fails says so, with what it complained", arguments: engines)
    func failing(engine: SSHEngine) throws {
        try TestServer.with { server in
            let (output, channel) = try run("echo fine; echo oops >&2; exit 3", server, engine)
            defer { channel.close() }
            #expect(output == Array("fine\n".utf8))
            #expect(channel.endReason() != nil)
            #expect(channel.errorText.contains("oops"))
        }
    }

    @Test("FS-1: what a command complains without end does not stop its output", arguments: engines)
    func complaints(engine: SSHEngine) throws {
        try TestServer.with { server in
            let (output, channel) = try run("head -c 9000000 /dev/zero >&2; echo done", server, engine)
            defer { channel.close() }
            #expect(output == Array("done\n".utf8))
            #expect(channel.errorText.utf8.count <= 8192)
        }
    }

    @Test("CON-6: a session in this process leaves no descriptor behind", arguments: ["closed", "forgotten", "refused", "stalled"])
    func leftovers(how: String) throws {
        try TestServer.with { server in
            let proxy = try ChaosProxy(to: server.port) { _ in how == "stalled" ? .stall(afterBytes: 2000) : .none }
            defer { proxy.stop() }
            let settings = try sftpSettings(
                server,
                [
                    "port": .integer(Int64(proxy.port)), "connect_timeout_seconds": .integer(2), "engine": .string("libssh2"),
                    "username": .string(how == "refused" ? "nobody-here" : server["USERNAME"]),
                ])
            let call = RecordingCall()
            let channel = try settings.channel(call)
            var client: SFTPClient? = SFTPClient(channel: channel, options: settings.clientOptions)
            let error = failure { try client?.start(call) }
            #expect((error == nil) == (how == "closed" || how == "forgotten"))
            #expect(openSockets(toPort: proxy.port) == (error == nil ? 1 : 0))
            if how == "closed" { client?.close() }
            client = nil
            #expect(openSockets(toPort: proxy.port) == 0)
            #expect(proxy.connections == 1)
        }
    }

    /// How many sockets of this process are connected to the port.
    private func openSockets(toPort port: Int) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.count { descriptor in
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
            }
            return code == 0 && address.sin_family == sa_family_t(AF_INET) && Int(UInt16(bigEndian: address.sin_port)) == port
        }
    }
}

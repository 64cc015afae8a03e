import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import SCPTransport
@testable import SSHTransportCore

@Suite(.timeLimit(.minutes(10))) struct QuotingTests {
    /// Any bytes a file name can have but line ends, shell's own characters more often than others.
    private static func randomName() -> [UInt8] {
        let special = Array("'\"\\$`;&|<>*?[]{}()!#~ \t-=%^.\u{1b}".utf8)
        return (0..<Int.random(in: 1...40)).map { _ in
            if Bool.random(), let byte = special.randomElement() { return byte }
            let byte = UInt8.random(in: 1...255)
            return byte == 0x0A || byte == 0x0D ? 0x41 : byte
        }
    }

    /// The word as the shell understood it must be the path, with `./` before a leading dash.
    private static func expected(_ path: [UInt8]) -> [UInt8] { path.first == UInt8(ascii: "-") ? Array("./".utf8) + path : path }

    @Test("FS-1: random names arrive at a program unchanged through /bin/sh -c")
    func localShell() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-quoting-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let output = directory.appendingPathComponent("output").path
        let names = (0..<500).map { _ in Self.randomName() }
        // Bytes that are no UTF-8 can only be handed over by a script's file.
        var script: [UInt8] = Array("exec > '\(output)'\n".utf8)
        for name in names { script += Array("/bin/sh -c 'printf \"%s\\\\0\" \"$1\"' sh ".utf8) + (try ShellWord(path: name)).bytes + [0x0A] }
        let file = directory.appendingPathComponent("script")
        try Data(script).write(to: file)
        let outcome = try Program.run("/bin/sh", ["-c", ". '\(file.path)'"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let got = try Array(Data(contentsOf: URL(fileURLWithPath: output))).split(separator: 0, omittingEmptySubsequences: false).dropLast()
        #expect(got.map(Array.init) == names.map(Self.expected))
    }

    @Test("FS-1: random names arrive at a program unchanged through a server's shell")
    func remoteShell() throws {
        try TestServer.with(account: "shell") { server in
            let settings = try scpSettings(server)
            let call = RecordingCall()
            let connection = SSHSharedConnection(settings.ssh.endpoint, engine: .openssh, sharing: true)
            defer { connection.close() }
            for _ in 0..<20 {
                let names = (0..<20).map { _ in String(decoding: Self.randomName(), as: UTF8.self) }
                let words = try names.map { try ShellWord(path: Array($0.utf8)).text() }.joined(separator: " ")
                let channel = try connection.open(.command("printf '%s\\0' " + words), call)
                defer { channel.close() }
                var got: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 4096)
                reading: while true {
                    switch chunk.withUnsafeMutableBytes({ channel.read(into: $0, then: UnsafeMutableRawBufferPointer(start: nil, count: 0)) }) {
                    case .bytes(let count): got += chunk[0..<count]
                    case .wouldBlock: try channel.wait(for: .reading, WaitLimits(stallMilliseconds: 10_000, call: call))
                    case .ended: break reading
                    }
                }
                let arrived = got.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
                #expect(arrived == names.map { Self.expected(Array($0.utf8)) })
            }
        }
    }

    @Test("FS-1: a path that no line can carry is refused", arguments: ["", "a\nb", "a\rb", "a\0b"])
    func refused(path: String) {
        #expect(failure { _ = try ShellWord(path: Array(path.utf8)) }?.status == .configuration)
    }
}

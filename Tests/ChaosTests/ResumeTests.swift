import ConnectModel
import ConnectTesting
import Foundation
import RunEngine
import ServerSupport
import Synchronization
import Testing

/// What a transfer makes of a file that is another one when its line is there again: one file or the other, never some of each.
@Suite(.timeLimit(.minutes(10))) struct ResumeTests {
    private static let size = 2_000_000
    private static let waits = Waits(connect: 60, stall: 60)

    private static let content: Data = patterned(1)
    private static let other: Data = patterned(2)
    private static func patterned(_ salt: UInt64) -> Data {
        var state = salt
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.withUnsafeMutableBytes { bytes in
            for place in stride(from: 0, to: size, by: 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.storeBytes(of: state, toByteOffset: place, as: UInt64.self)
            }
        }
        return Data(bytes)
    }

    /// Opens connections, and does something before the second.
    private final class Interrupted: TransportOpener {
        private let opener: any TransportOpener
        private let count = Mutex(0)
        private let body: @Sendable () throws -> Void

        init(_ opener: any TransportOpener, _ body: @escaping @Sendable () throws -> Void) {
            self.opener = opener
            self.body = body
        }

        var opened: Int { count.withLock { $0 } }

        func open(_ cancellation: Cancellation) throws -> any Transport {
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 2 { try body() }
            return try opener.open(cancellation)
        }
    }

    /// Runs `transfer` over a line that is cut in the middle of the file; `between` happens before it is there again.
    /// - Returns: the bytes that went over it in this direction.
    @discardableResult
    private func broken(
        _ line: Line, _ direction: ChaosProxy.Direction, digest: String? = nil, between: @escaping @Sendable (_ files: String) throws -> Void,
        _ transfer: (FileTransfer, _ server: LineServer, _ local: TemporaryDirectory) throws -> Void
    ) throws -> Int {
        let local = try TemporaryDirectory()
        var total = 0
        try line.withServer(digest: digest) { server in
            let files = server.files
            try server.struck(.cut(afterBytes: Self.size / 2), counting: direction) { port, count in
                let opener = Interrupted(
                    try line.opener(server, port: port, waits: Self.waits, digest == nil ? [:] : ["verify": .string("checksum")])
                ) { try between(files) }
                let transport = try RetryingTransport(
                    opener, server: "chaos", policy: RetryPolicy(attempts: 5, firstDelayMilliseconds: 1, longestDelayMilliseconds: 5),
                    cancellation: Cancellation(),
                    reporter: SilentReporter())
                defer { transport.close() }
                try transfer(FileTransfer(transport), server, local)
                #expect(count.isStruck && opener.opened >= 2)
                total = count.total(direction)
            }
        }
        return total
    }

    private static let lines: [Line] = [.sftpLibSSH2, .scpLibSSH2, .ftp]

    /// Puts another file in the place of one, of the same size and with the same time, which is all that many servers tell.
    private static func swap(_ path: String, for content: Data) throws {
        let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try content.write(to: URL(fileURLWithPath: path))
        if let date { try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path) }
    }

    @Test("FS-8: a file that was replaced during a break by one of its size and time is told, not joined to the first", arguments: lines)
    func replacedWhileRead(line: Line) throws {
        let other = Self.other
        try broken(line, .fromServer, between: { try Self.swap($0 + "/source", for: other) }) { copy, server, local in
            try Self.content.write(to: URL(fileURLWithPath: server.files + "/source"))
            do {
                // Where the line broke before the first byte was handed over, it is the other file from its beginning.
                _ = try copy.download("source", to: local.path + "/here")
                #expect(FileManager.default.contents(atPath: local.path + "/here") == other)
            } catch let error as ConnectError {
                #expect(error.code == "file.replaced" && error.category == .transient, "\(error.message)")
            }
        }
    }

    @Test("FS-8: one that is still the same is gone on with, also where it has to be read from its beginning")
    func sameWhileRead() throws {
        try broken(.scpLibSSH2, .fromServer, between: { _ in }) { copy, server, local in
            try Self.content.write(to: URL(fileURLWithPath: server.files + "/source"))
            #expect(try copy.download("source", to: local.path + "/here") == Int64(Self.size))
            #expect(FileManager.default.contents(atPath: local.path + "/here") == Self.content)
        }
    }

    @Test("FS-8: an upload does not go on behind bytes that are not its own", arguments: [Line.sftpLibSSH2, .ftp], ["changed", "longer"])
    func strangeRemainder(line: Line, remainder: String) throws {
        let between: @Sendable (String) throws -> Void = { files in
            let part = files + "/there.part"
            let bytes = remainder == "longer" ? Self.content.prefix(Self.size - 1) : Self.other.prefix(Self.size / 2)
            try Data(bytes).write(to: URL(fileURLWithPath: part))
        }
        try broken(line, .toServer, between: between) { copy, server, local in
            try local.write("source", Self.content)
            #expect(try copy.upload(local.path + "/source", to: "there") == Int64(Self.size))
            #expect(FileManager.default.contents(atPath: server.files + "/there") == Self.content)
        }
    }

    @Test("FS-8: an upload goes on before a hole that a break has left, and does not begin anew", arguments: [Line.sftpOpenSSH, .sftpLibSSH2])
    func hole(line: Line) throws {
        let between: @Sendable (String) throws -> Void = { files in
            var there = Self.content.prefix(900_000)
            there.replaceSubrange(700_000..<701_000, with: Data(count: 1000))
            try Data(there).write(to: URL(fileURLWithPath: files + "/there.part"))
        }
        let sent = try broken(line, .toServer, between: between) { copy, server, local in
            try local.write("source", Self.content)
            #expect(try copy.upload(local.path + "/source", to: "there") == Int64(Self.size))
            #expect(FileManager.default.contents(atPath: server.files + "/there") == Self.content)
        }
        // Half of it before the break; an upload that began anew would send all of it once more.
        #expect(sent < Self.size / 2 + Self.size * 9 / 10, "\(sent) bytes for a file of \(Self.size)")
    }

    @Test(
        "FS-8: where the server has sums of whole files only, what broke is compared by the sum of the whole file all the same",
        arguments: ChaosProxy.Direction.allCases)
    func wholeSums(direction: ChaosProxy.Direction) throws {
        try broken(.ftp, direction, digest: "hash", between: { _ in }) { copy, server, local in
            if direction == .fromServer {
                try Self.content.write(to: URL(fileURLWithPath: server.files + "/source"))
                #expect(try copy.download("source", to: local.path + "/here") == Int64(Self.size))
                #expect(FileManager.default.contents(atPath: local.path + "/here") == Self.content)
            } else {
                try local.write("source", Self.content)
                #expect(try copy.upload(local.path + "/source", to: "there") == Int64(Self.size))
                #expect(FileManager.default.contents(atPath: server.files + "/there") == Self.content)
            }
        }
    }
}

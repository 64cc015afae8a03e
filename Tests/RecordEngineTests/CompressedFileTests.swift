import ConnectModel
import Foundation
import RecordEngine
import Testing

/// Compressed files, made by Python's gzip and zipfile.
@Suite struct CompressedFileTests {
    private let limit = ExpansionLimit(ratio: 200, bytes: 1 << 40)
    private static let text = (0..<20_000).map { "p\($0)@example.com,Name \($0 &* 7919 % 10_007),München\n" }.joined()

    /// Runs a program text that writes to `out`, with `text` and `arguments` at hand.
    private func python(_ program: String, _ arguments: [String] = []) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let prelude = "import sys, io, gzip, zipfile\ntext = sys.stdin.buffer.read()\nout = sys.stdout.buffer\n"
        process.arguments = ["python3", "-c", prelude + program] + arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        Thread.detachNewThread {
            try? input.fileHandleForWriting.write(contentsOf: Data(Self.text.utf8))
            try? input.fileHandleForWriting.close()
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return [UInt8](bytes)
    }

    private func zip(_ program: String) throws -> [UInt8] {
        try python("held = io.BytesIO()\nz = zipfile.ZipFile(held, 'w', zipfile.ZIP_DEFLATED)\n\(program)\nz.close()\nout.write(held.getvalue())")
    }

    private func read(
        _ bytes: [UInt8], _ compression: Compression, member: String? = nil, limit: ExpansionLimit? = nil, largestRead: Int = .max, room: Int = 65536
    ) throws -> [UInt8] {
        let source = compression.decoded(MemorySource(bytes, largestRead: largestRead), member: member, limit: limit ?? self.limit)
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: room)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }

    private func code(_ body: () throws -> [UInt8]) -> String {
        do {
            return "\(try body().count) bytes"
        } catch {
            return (error as? ConnectError).map { $0.category == .data ? $0.code : "\($0.category) \($0.code)" } ?? "\(error)"
        }
    }

    @Test("IMP-2: gzip in any pieces, members one after the other, zeros behind them", arguments: [1, 7, 4096, 1 << 20])
    func gzip(largestRead: Int) throws {
        let text = Array(Self.text.utf8)
        let packed = try python("out.write(gzip.compress(text))")
        for room in [1 << 10, 1 << 16] { #expect(try read(packed, .gzip, largestRead: largestRead, room: room) == text) }
        #expect(try read(packed + packed + [0, 0, 0], .gzip, largestRead: largestRead) == text + text)
        #expect(try read(try python("out.write(gzip.compress(b''))"), .gzip, largestRead: largestRead).isEmpty)
    }

    @Test("T26: a gzip file cut off anywhere, damaged, or followed by something else is an error and never short")
    func brokenGzip() throws {
        let packed = try python("out.write(gzip.compress(text))")
        for cut in [0, 1, 5, 10, 11, 1000, packed.count / 2, packed.count - 9, packed.count - 8, packed.count - 1] {
            #expect(code { try read(Array(packed[..<cut]), .gzip) } == "file.truncated", "cut at \(cut)")
        }
        var changed = packed
        changed[packed.count - 6] ^= 1
        #expect(code { try read(changed, .gzip) } == "file.checksum")
        #expect(code { try read(packed + Array("mail,name\n".utf8), .gzip) } == "file.gzip")
        #expect(code { try read(Array("mail,name\nann@example.com,Ann\n".utf8), .gzip) } == "file.gzip")
    }

    @Test("T26: a bomb is stopped at the ratio or the size, whatever it says of itself")
    func bombs() throws {
        let zeros = try python("out.write(gzip.compress(bytes(100 << 20)))")
        #expect(code { try read(zeros, .gzip) } == "file.bomb")
        #expect(try read(zeros, .gzip, limit: ExpansionLimit(ratio: 10_000, bytes: 1 << 40)).count == 100 << 20)
        #expect(code { try read(zeros, .gzip, limit: ExpansionLimit(ratio: 10_000, bytes: 50 << 20)) } == "file.bomb")
        let zipped = try zip("z.writestr('a.csv', bytes(100 << 20))")
        #expect(code { try read(zipped, .zip) } == "file.bomb")
        #expect(code { try read(try zip("for i in range(10002): z.writestr(f'{i}.csv', b'')"), .zip, member: "none") } == "file.zip")
    }

    @Test("IMP-2: the one file of a zip, stored or deflated, in any pieces", arguments: [1, 100, 1 << 20])
    func zip(largestRead: Int) throws {
        let text = Array(Self.text.utf8)
        #expect(try read(zip("z.writestr('outgoing/contacts.csv', text)"), .zip, largestRead: largestRead) == text)
        #expect(try read(zip("z.writestr('contacts.csv', text, zipfile.ZIP_STORED)"), .zip, largestRead: largestRead) == text)
        let fromMac = try zip("z.writestr('contacts.csv', text); z.writestr('__MACOSX/._contacts.csv', b'x'); z.writestr('empty/', b'')")
        #expect(try read(fromMac, .zip, largestRead: largestRead) == text)
        let streamed = try python(
            "class Stream(io.RawIOBase):\n  def writable(self): return True\n  def write(self, b): return out.write(b)\n"
                + "z = zipfile.ZipFile(Stream(), 'w', zipfile.ZIP_DEFLATED)\nz.writestr('contacts.csv', text)\nz.close()")
        #expect(try read(streamed, .zip, largestRead: largestRead) == text, "sizes stand behind the data")
    }

    @Test("IMP-2: of several files in a zip the one the job names is read; without a name nothing is guessed")
    func members() throws {
        let several = try zip("z.writestr('a/contacts_1.csv', b'one'); z.writestr('readme.txt', b'two')")
        #expect(try read(several, .zip, member: "contacts_*.csv") == Array("one".utf8))
        #expect(try read(several, .zip, member: "a/contacts_1.csv") == Array("one".utf8))
        #expect(code { try read(several, .zip) } == "configuration file.zip")
        #expect(code { try read(several, .zip, member: "*") } == "configuration file.zip")
        #expect(code { try read(several, .zip, member: "contacts_2.csv") } == "configuration file.zip")
        #expect(code { try read(try zip("pass"), .zip) } == "file.zip")
        let error = #expect(throws: ConnectError.self) { try read(several, .zip, member: "other.csv") }
        #expect(error?.message.contains("readme.txt") == true)
    }

    @Test("T26: a zip that is cut off, damaged or locked is an error and never short")
    func brokenZip() throws {
        let packed = try zip("z.writestr('contacts.csv', text)")
        for cut in [0, 3, 20, 60, 1000, packed.count / 2] {
            #expect(code { try read(Array(packed[..<cut]), .zip) } == "file.zip", "cut at \(cut)")
        }
        var changed = packed
        changed[packed.count / 2] ^= 0x55
        #expect(code { try read(changed, .zip) } == "file.zip")
        var locked = packed
        locked[6] |= 1
        #expect(code { try read(locked, .zip) } == "file.zip")
        #expect(code { try read(Array("mail,name\n".utf8), .zip) } == "file.zip")
    }

    @Test("T26: a zip that lies about sizes or sums is an error and never short", arguments: [false, true])
    func lyingZip(isStored: Bool) throws {
        let packed = try zip("z.writestr('contacts.csv', text\(isStored ? ", zipfile.ZIP_STORED" : ""))")
        // Of the local header: sum at 14, compressed size at 18, size at 22.
        for (place, change) in [(14, 1), (18, 1), (18, -1), (18, 1 << 20), (22, 1), (22, -1), (22, 1 << 30)] {
            var lying = packed
            let value = (0..<4).reduce(0) { $0 | Int(packed[place + $1]) << (8 * $1) } + change
            for byte in 0..<4 { lying[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
            #expect(code { try read(lying, .zip) } == "file.zip", "\(change) at \(place)")
        }
    }

    @Test("T26: names in a zip lead nowhere: they are compared with what the job asks for and nothing is written under them")
    func hostileNames() throws {
        for name in ["../../etc/passwd", "/etc/passwd", "a\\\\..\\\\b.csv", "con.csv\\n", "x" + String(repeating: "/y", count: 3000)] {
            let packed = try zip("z.writestr('\(name)', b'one')")
            #expect(try read(packed, .zip) == Array("one".utf8), "\(name)")
            #expect(code { try read(packed, .zip, member: "contacts.csv") } == "configuration file.zip")
        }
    }

    @Test("T26: mutated files end in the text or in an error")
    func mutated() throws {
        let cases = Int(ProcessInfo.processInfo.environment["CONNECTHOST_FUZZ_CASES"] ?? "") ?? 400
        let text = Array(Self.text.utf8)
        let seeds: [([UInt8], Compression)] = [
            (try python("out.write(gzip.compress(text))"), .gzip), (try zip("z.writestr('contacts.csv', text)"), .zip),
        ]
        var random = SystemRandomNumberGenerator()
        for number in 0..<cases {
            let (seed, compression) = seeds[number % 2]
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let read = try? read(bytes, compression) else { continue }
            #expect(read == text, "\(compression): damaged bytes passed for good ones")
        }
    }
}

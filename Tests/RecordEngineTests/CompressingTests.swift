import ConnectModel
import Foundation
import RecordEngine
import Testing

@Suite struct CompressingTests {
    private static let text = Array((0..<200_000).map { "p\($0)@example.com,Name \($0 &* 7919 % 10_007),München\n" }.joined().utf8)

    private func through(_ make: (any ByteSink) throws -> any ByteSink, _ text: [UInt8], piece: Int) throws -> [UInt8] {
        let memory = MemorySink()
        let sink = try make(memory)
        for start in stride(from: 0, to: text.count, by: piece) {
            try text[start..<min(start + piece, text.count)].withUnsafeBytes { try sink.write($0) }
        }
        try sink.finish()
        return memory.bytes
    }

    @Test("EXP-5: gunzip reads what is compressed, in whatever pieces it comes, and our own reader too", arguments: [1000, 1 << 20, 1 << 30])
    func gzip(piece: Int) throws {
        let packed = try through({ GzipSink($0) }, Self.text, piece: piece)
        #expect(packed.count < Self.text.count / 3)
        #expect(try Programs.run("gunzip", ["-c"], input: packed) == Self.text)
        #expect(try read(Compression.gzip, packed) == Self.text)
        #expect(try Programs.run("gunzip", ["-c"], input: try through({ GzipSink($0) }, [], piece: 1)).isEmpty)
    }

    @Test("EXP-5: unzip and zipinfo accept what is zipped, under the name of the data file")
    func zip() throws {
        let packed = try through({ try ZipSink($0, name: "Kunden_ü.csv", modified: 1_700_000_000) }, Self.text, piece: 100_000)
        #expect(try read(Compression.zip, packed) == Self.text)
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("a.zip").path
        try Data(packed).write(to: URL(fileURLWithPath: file))
        #expect(try Programs.run("unzip", ["-p", file]) == Self.text)
        #expect(String(decoding: try Programs.run("unzip", ["-tq", file]), as: UTF8.self).contains("No errors"))
        let names = try Programs.run("python3", ["-c", "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())", file])
        #expect(String(decoding: names, as: UTF8.self) == "Kunden_ü.csv\n")
        #expect(String(decoding: try Programs.run("zipinfo", ["-1", file]), as: UTF8.self).contains(".csv"))
    }

    @Test("EXP-5: an error of what lies beneath comes up through the codecs")
    func errors() throws {
        final class Broken: ByteSink {
            func write(_ bytes: UnsafeRawBufferPointer) throws { throw ConnectError("disk.full", .transient, "No space.") }
            func finish() throws {}
        }
        for make in [{ GzipSink($0) as any ByteSink }, { try ZipSink($0, name: "a", modified: 0) }] as [(any ByteSink) throws -> any ByteSink] {
            let error = #expect(throws: ConnectError.self) {
                let sink = try make(Broken())
                try Self.text.withUnsafeBytes { try sink.write($0) }
                try sink.finish()
            }
            #expect(error?.code == "disk.full")
        }
    }

    private func read(_ compression: Compression, _ packed: [UInt8]) throws -> [UInt8] {
        let source = compression.decoded(MemorySource(packed), member: nil, limit: ExpansionLimit(ratio: 1000, bytes: 1 << 40))
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return all }
            all += buffer[..<count]
        }
    }
}

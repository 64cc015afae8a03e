import ConnectModel
import Foundation
import RecordEngine
import Testing

/// Files as they come, each with what must come of it beside it: Tests/Fixtures/Delimited.
@Suite struct FixtureCorpusTests {
    private struct Expectation: Decodable {
        struct Reject: Decodable, Equatable {
            var line: Int64
            var reason: String
        }

        var charset: String
        var delimiter: String
        var enclosure: String
        var hasHeader: Bool
        var header: [String]
        var records: [[String]]
        var rejects: [Reject]
        /// Whether a look at the file alone finds its format.
        var isDetected: Bool
    }

    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/Delimited").path
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter { !$0.hasSuffix(".json") }.sorted()

    @Test("IMP-3: the corpus of real-world files is there")
    func isThere() { #expect(Self.names.count >= 24) }

    @Test("IMP-3: ugly files give exactly the records and rejects that they should, in reads of every size", arguments: names)
    func reading(name: String) throws {
        let (bytes, expected) = try Self.file(name)
        for largestRead in [1, 7, 1 << 20] {
            let reader = try Self.reader(MemorySource(bytes, largestRead: largestRead), expected)
            #expect(reader.header == expected.header)
            var records: [[String]] = []
            var rejects: [Expectation.Reject] = []
            while let batch = try reader.next() {
                for row in 0..<batch.rowCount { records.append(batch.columns.map { String(decoding: $0[row], as: UTF8.self) }) }
                rejects += batch.malformed.map { Expectation.Reject(line: $0.line, reason: $0.reason.rawValue) }
            }
            // Unicode scalars, since Swift's strings call composed and decomposed letters equal.
            #expect(records.map { $0.map { Array($0.unicodeScalars) } } == expected.records.map { $0.map { Array($0.unicodeScalars) } }, "\(records)")
            #expect(rejects == expected.rejects)
        }
    }

    @Test("IMP-18: the format of ugly files is found by looking at them", arguments: names)
    func detection(name: String) throws {
        let (bytes, expected) = try Self.file(name)
        guard expected.isDetected else { return }
        let found = FormatDetection(sample: bytes, isWholeFile: true)
        #expect((found.delimiter == "\t" ? "tab" : found.delimiter) == expected.delimiter || expected.header.count == 1)
        #expect(found.hasHeader == expected.hasHeader)
        #expect(found.columnNames == expected.header)
        let (seen, wanted) = (try Self.text(bytes, found.charset), try Self.text(bytes, try FileCharacterSet(name: expected.charset)))
        #expect(seen == wanted, "\(found.charset.name)")
    }

    private static func file(_ name: String) throws -> ([UInt8], Expectation) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
        return (bytes, try decoder.decode(Expectation.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name).json"))))
    }

    private static func reader(_ source: any ByteSource, _ expected: Expectation) throws -> DelimitedReader {
        try DelimitedReader(
            source: source, charset: FileCharacterSet(name: expected.charset),
            format: DelimitedFormat(
                delimiter: expected.delimiter == "tab" ? "\t" : expected.delimiter, enclosure: expected.enclosure, hasHeader: expected.hasHeader))
    }

    private static func text(_ bytes: [UInt8], _ charset: FileCharacterSet) throws -> [UInt8] {
        let source = try charset.decoded(MemorySource(bytes))
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = try chunk.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 { all += chunk[..<count] }
        return all
    }
}

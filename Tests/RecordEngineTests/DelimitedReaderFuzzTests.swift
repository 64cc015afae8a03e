import ConnectModel
import Foundation
import RecordEngine
import Testing

/// `CONNECTHOST_FUZZ_CASES` sets how many cases run, `CONNECTHOST_FUZZ_SEED` where they begin.
private let cases = ProcessInfo.processInfo.environment["CONNECTHOST_FUZZ_CASES"].flatMap(Int.init) ?? 30_000
private let firstSeed = ProcessInfo.processInfo.environment["CONNECTHOST_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

@Suite struct DelimitedReaderFuzzTests {
    @Test("IMP-3: random and mutated texts give the same records as the reference reader, whatever the pieces they come in")
    func sameRecords() throws {
        for seed in firstSeed..<firstSeed + UInt64(cases) {
            var random = SeededGenerator(seed: seed)
            let format = try randomFormat(&random)
            let text = Bool.random(using: &random) ? randomText(format, &random) : mutatedText(format, &random)
            let columns = Int.random(in: 1...4, using: &random)
            let source = MemorySource(text, largestRead: Int.random(in: 1...80, using: &random))
            let expected = ReferenceReader(text: text, format: format, columns: columns).items()
            let found = try readItems(
                source, format, columns: columns, batchBytes: Int.random(in: 1...256, using: &random), recycles: Bool.random(using: &random))
            guard found != expected else { continue }
            Issue.record(
                "seed \(seed), \(format), columns \(columns), text \(text)\nfound \(found)\nexpected \(expected)"
            )
            return
        }
    }

    private func randomFormat(_ random: inout SeededGenerator) throws -> DelimitedFormat {
        let delimiter = [",", ";", "\t", "|", "§", "€", "😀"].randomElement(using: &random) ?? ","
        let enclosure = DelimitedFormat.Enclosure.allCases.randomElement(using: &random) ?? .double
        let limit = Bool.random(using: &random) ? 1 << 20 : Int.random(in: 1...60, using: &random)
        return try DelimitedFormat(delimiter: delimiter, enclosure: enclosure, hasHeader: false, maximumRecordBytes: limit)
    }

    private func randomText(_ format: DelimitedFormat, _ random: inout SeededGenerator) -> [UInt8] {
        let quote = format.enclosure.character.map(String.init) ?? "\""
        var pieces: [[UInt8]] = ["a", "bc", " ", "é", "中", "\n", "\r", "\r\n", quote, quote + quote, format.delimiter, format.delimiter, quote].map {
            Array($0.utf8)
        }
        if Int.random(in: 0..<4, using: &random) == 0 { pieces += [[0], [0xFF], [0xE2], [0xC2], [0xF0, 0x9F]] }
        return (0..<Int.random(in: 0...90, using: &random)).flatMap { _ in pieces.randomElement(using: &random) ?? [] }
    }

    /// Well-formed records with a few bytes changed, dropped or doubled.
    private func mutatedText(_ format: DelimitedFormat, _ random: inout SeededGenerator) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let values = (0..<Int.random(in: 2...3, using: &random)).map { _ in value(format, &random) }
            text += Array(values.joined(separator: format.delimiter).utf8) + Array((["\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n").utf8)
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) where !text.isEmpty {
            let place = Int.random(in: 0..<text.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: text.remove(at: place)
            case 1: text.insert(text[place], at: place)
            default: text[place] = Array("\"'\n\r,\0".utf8).randomElement(using: &random) ?? 0
            }
        }
        return text
    }

    private func value(_ format: DelimitedFormat, _ random: inout SeededGenerator) -> String {
        let plain = String(repeating: "x", count: Int.random(in: 0...40, using: &random))
        guard let quote = format.enclosure.character, Int.random(in: 0..<3, using: &random) == 0 else { return plain }
        let inner = ["\n", "\r\n", format.delimiter, "\(quote)\(quote)", "ü"].randomElement(using: &random) ?? ""
        return "\(quote)\(plain)\(inner)\(quote)"
    }
}

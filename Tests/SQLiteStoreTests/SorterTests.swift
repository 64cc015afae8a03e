import StoreTesting
import Testing

@testable import SQLiteStore

@Suite("External sorting")
struct SorterTests {
    @Test("IMP-8: items come by key, then ordinal, whether they fit in memory or not", arguments: [1 << 16, 1 << 18, 1 << 26], UInt64(1)...3)
    func order(memoryLimit: Int, seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let sorter = ExternalSorter(directory: directory.path, memoryLimit: memoryLimit)
        var random = SeededGenerator(seed: seed)
        var expected: [(key: [UInt8], ordinal: UInt64)] = []
        for ordinal in 0..<UInt64(20_000) {
            // Long common beginnings, keys that begin others, and equal keys.
            var key = Array("common.beginning.".utf8.prefix(Int.random(in: 0...17, using: &random)))
            key += (0..<Int.random(in: 0...(seed == 2 ? 2 : 12), using: &random)).map { _ in UInt8.random(in: 97...100, using: &random) }
            if seed == 3, ordinal == 77 { key = [UInt8](repeating: 98, count: 90_000) }
            let place = try sorter.add(ordinal: ordinal, keyLength: key.count, payloadLength: 1)
            key.withUnsafeBytes { bytes in if let base = bytes.baseAddress { place.copyMemory(from: base, byteCount: bytes.count) } }
            place.storeBytes(of: UInt8(truncatingIfNeeded: ordinal), toByteOffset: key.count, as: UInt8.self)
            expected.append((key, ordinal))
        }
        expected.sort { $0.key == $1.key ? $0.ordinal < $1.ordinal : $0.key.lexicographicallyPrecedes($1.key) }
        for _ in 0..<2 {
            let items = try sorter.sorted()
            for (key, ordinal) in expected {
                let item = try #require(try items.next())
                guard item.ordinal == ordinal, Array(item.key) == key, item.payload.first == UInt8(truncatingIfNeeded: ordinal) else {
                    Issue.record("\(ordinal) expected, \(item.ordinal) found")
                    return
                }
            }
            #expect(try items.next() == nil)
        }
    }
}

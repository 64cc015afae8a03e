import ConnectModel
import Foundation
import StoreAPI
import StoreTesting
import Testing

/// The engine beside a plain model of the merge rules: every load is another combination of table kind, content, file and rules.
/// AUDIENCE_COMBINATIONS asks for more of them (`make soak`).
@Suite("Random loads")
struct RandomLoadTests {
    private static let sequences = 20
    private static let perSequence = Int(ProcessInfo.processInfo.environment["AUDIENCE_COMBINATIONS"] ?? "").map { max($0 / sequences, 1) } ?? 500

    @Test("IMP-8, IMP-9, IMP-10, IMP-12, IMP-13: 10,000 combinations leave what the plain model leaves", arguments: 1...sequences)
    func combinations(sequence: Int) throws {
        let kind: StoreKind = sequence % 2 == 0 ? .sqliteByStatements : .sqliteByRewriting
        try compare(kind, seed: UInt64(sequence), loads: Self.perSequence, maximumRows: 30)
    }

    @Test("IMP-8, IMP-12, IMP-13: larger loads, and the choice between statements and rewriting", arguments: [UInt64(101), 102])
    func larger(seed: UInt64) throws { try compare(.sqlite, seed: seed, loads: 40, maximumRows: 3000) }

    private func compare(_ kind: StoreKind, seed: UInt64, loads: Int, maximumRows: Int) throws {
        let test = try kind.make(inMemory: true)
        for table in RandomLoads.tables where table.kind != .list { try test.store.create(table) }
        var reference = ReferenceStore(RandomLoads.tables)
        var random = SeededGenerator(seed: seed)
        for run in 1...loads {
            let load = RandomLoads.make(run: Int64(run), maximumRows: maximumRows, &random)
            let place = "seed \(seed), run \(run), \(load.list), \(load.policy)"
            let previewed = try run % 5 == 0 ? preview(load, test) : nil
            var rejects: [String] = []
            let counts = try test.apply(load) { rejects.append("\($0.line) \($0.reason.rawValue)") }
            let expected = reference.apply(load, now: Self.time(load.loadedAtUnixMilliseconds))
            try #require(counts == expected.counts, "\(place)")
            #expect(rejects == expected.rejects, "\(place)")
            if let previewed { #expect(previewed == expected.counts, "\(place)") }
            let fields = try test.store.table(named: load.list).fields.map(\.name)
            let rows = try test.rows(fields, list: load.list)
            let expectedRows = reference.rows(of: load.list, fields)
            let different = zip(rows, expectedRows).first { $0 != $1 }.map { (pair: ([String?], [String?])) in
                fields.indices.filter { pair.0[$0] != pair.1[$0] }.map { "\(fields[$0]): \(pair.0[$0] ?? "-") and not \(pair.1[$0] ?? "-")" }
            }
            try #require(rows == expectedRows, "\(place): \(different ?? ["\(rows.count) rows"])")
            if let set = load.loadSet, fields.contains("RIID_") {
                #expect(try test.rows(["RIID_"], list: load.list, loadSet: set) == expected.rows.map { [String($0)] }, "\(place)")
            }
        }
    }

    private func preview(_ load: TestLoad, _ test: TestStore) throws -> MergeCounts {
        let begun = try load.begin(test.store, workDirectory: test.workDirectory)
        defer { begun.discard() }
        return try begun.preview(isCancelled: { false })
    }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(
            .iso8601.year().month().day().dateSeparator(.dash).dateTimeSeparator(.space).time(includingFractionalSeconds: false).timeSeparator(.colon)
        )
    }
}

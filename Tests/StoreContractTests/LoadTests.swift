import ConnectModel
import Foundation
import StoreAPI
import StoreTesting
import Testing

@Suite("Loads")
struct LoadTests {
    private struct Stop: Error {}

    @Test("IMP-17: a run is applied once; asked again the store answers with what it committed", arguments: StoreKind.allCases)
    func witness(kind: StoreKind) throws {
        let test = try kind.make()
        var load = TestLoad(fields: ["EMAIL_ADDRESS_", "FIRST_NAME"], rows: [["a@x.com", "Al"]])
        #expect(try test.store.appliedLoad(run: load.run) == nil)
        try test.apply(load)
        let entry = try #require(try test.store.appliedLoad(run: load.run))
        #expect(entry == load.entry(MergeCounts(inserted: 1)))
        load.rows = [["a@x.com", "Bo"], ["b@x.com", "Cy"]]
        let again = try load.begin(test.store, workDirectory: test.workDirectory)
        let answered = try again.apply(
            reject: { _ in }, progress: { _ in }, isCancelled: { false },
            prepareCommit: { _ in
                Issue.record("an applied run was prepared again")
                throw Stop()
            })
        #expect(answered == entry)
        #expect(try test.rows(["FIRST_NAME"]) == [["Al"]])
        for run in 2...4 { try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [], run: Int64(run), loadedAtUnixMilliseconds: Int64(run))) }
        func ledger(job: Int64, path: String? = nil, sha256: String? = nil) throws -> [Int64] {
            try test.store.ledger(LedgerQuery(table: load.list, job: JobID(job), path: path, sha256: sha256, limit: 3)).map(\.run.number)
        }
        #expect(try ledger(job: 1) == [1, 4, 3])
        #expect(try ledger(job: 1, path: entry.path, sha256: entry.sha256) == [1, 4, 3])
        #expect(try ledger(job: 1, path: "another").isEmpty && ledger(job: 1, sha256: "another").isEmpty)
        #expect(try ledger(job: 2).isEmpty)
    }

    @Test("IMP-17: a load that is refused before the commit, or stopped, changes nothing", arguments: StoreKind.allCases)
    func atomicity(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]]))
        let load = TestLoad(fields: ["EMAIL_ADDRESS_", "CITY_"], rows: (0..<9000).map { ["p\($0)@x.com", "Rome"] } + [["a@x.com", "Rome"]], run: 2)
        let refused = try load.begin(test.store, workDirectory: test.workDirectory)
        #expect(throws: Stop.self) {
            try refused.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: { _ in throw Stop() })
        }
        refused.discard()
        refused.discard()
        let stopped = try load.begin(test.store, workDirectory: test.workDirectory)
        #expect {
            try stopped.apply(reject: { _ in }, progress: { _ in }, isCancelled: { true }, prepareCommit: load.entry)
        } throws: {
            ($0 as? ConnectError)?.category == .cancelled
        }
        #expect(try test.rows(["EMAIL_ADDRESS_", "CITY_"]) == [["a@x.com", nil]])
        #expect(try test.store.appliedLoad(run: load.run) == nil)
        #expect(try test.apply(load) == MergeCounts(inserted: 9000, updated: 1))
    }

    @Test("IMP-18: a preview counts what the load then does, and changes nothing", arguments: StoreKind.allCases)
    func preview(kind: StoreKind) throws {
        let test = try kind.make()
        let fields = ["EMAIL_ADDRESS_", "CITY_"]
        try test.apply(TestLoad(fields: fields, rows: (0..<100).map { ["p\($0)@x.com", "Rome"] }))
        let before = try test.rows([])
        let load = TestLoad(fields: fields, rows: (0..<300).map { ["p\($0 % 200)@x.com", $0 % 3 == 0 ? "Rome" : "Oslo"] }, run: 2)
        let begun = try load.begin(test.store, workDirectory: test.workDirectory)
        let previewed = try begun.preview(isCancelled: { false })
        #expect(try test.rows([]) == before)
        #expect(try test.store.appliedLoad(run: load.run) == nil)
        let applied = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry)
        #expect(applied.counts == previewed)
        #expect(previewed.duplicates == 100 && previewed.inserted == 100)
    }

    @Test("IMP-17: a reader sees the list as it was until the load is committed, and is not kept waiting", arguments: StoreKind.allCases)
    func isolation(kind: StoreKind) throws {
        let test = try kind.make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]]))
        let load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: (0..<5000).map { ["p\($0)@x.com"] }, run: 2)
        let begun = try load.begin(test.store, workDirectory: test.workDirectory)
        _ = try begun.apply(
            reject: { _ in }, progress: { _ in }, isCancelled: { false },
            prepareCommit: { counts in
                let count = try test.store.count(of: "CONTACTS")
                #expect(count == 1)
                return load.entry(counts)
            })
        #expect(try test.store.count(of: "CONTACTS") == 5001)
        // The other way round: a load while somebody reads.
        var seen = 0
        _ = try test.store.query(TableQuery(table: "CONTACTS", fields: ["RIID_"])) { _ in
            if seen == 0 { try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["z@x.com"]], run: 3)) }
            seen += 1
        }
        #expect(seen == 5001)
        #expect(try test.store.count(of: "CONTACTS") == 5002)
    }

    @Test("IMP-17: two loads into one list at a time both arrive", arguments: StoreKind.allCases)
    func concurrentLoads(kind: StoreKind) async throws {
        let test = try kind.make()
        let (store, directory) = (test.store, test.workDirectory)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in 1...4 {
                group.addTask {
                    let load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: (0..<3000).map { ["p\($0)-\(run)@x.com"] }, run: Int64(run))
                    let begun = try load.begin(store, workDirectory: "\(directory)/\(run)")
                    _ = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry)
                }
            }
            try await group.waitForAll()
        }
        #expect(try test.store.count(of: "CONTACTS") == 12000)
    }
}

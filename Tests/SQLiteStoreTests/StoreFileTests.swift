import ConnectModel
import Foundation
import StoreAPI
import StoreTesting
import Testing

@testable import SQLiteStore

@Suite("Files of the store")
struct StoreFileTests {
    private func make(rewriting: Bool = true) throws -> TestStore {
        try TestStore { try SQLiteAudienceStore($0, rewriteFromRows: rewriting ? 0 : .max, rewriteShare: 1 << 20) }
    }

    private func files(_ test: TestStore) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: test.directory + "/audience.tables").filter { $0.hasSuffix(".sqlite") }.sorted()
    }

    @Test("IMP-17: after any mix of loads by statements and by rewriting SQLite finds nothing wrong", arguments: UInt64(1)...4)
    func integrity(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let test = try make()
        for run in 1...8 {
            let mode = Bool.random(using: &random)
            let store = try SQLiteAudienceStore(test.directory + "/audience.sqlite", rewriteFromRows: mode ? 0 : .max, rewriteShare: 1 << 20)
            let rows = (0..<Int.random(in: 0..<4000, using: &random)).map { _ -> [String] in
                let number = Int.random(in: 0..<5000, using: &random)
                let long = number % 97 == 0 ? String(repeating: "x", count: number * 3) : "note"
                let address = number % 5 == 0 ? "" : "P\(number)@x\(Int.random(in: 0..<3, using: &random)).com"
                return ["C\(number)", address, "49\(7_000_000 - number)", long, "\(number).5"]
            }
            let load = TestLoad(
                fields: ["CUSTOMER_ID_", "EMAIL_ADDRESS_", "MOBILE_NUMBER_", "NOTES", "SPEND"], rows: rows,
                policy: MergePolicy(match: ["CUSTOMER_ID_"], emptyValue: .clear), run: Int64(run), memoryLimit: 1 << 18)
            let begun = try load.begin(store, workDirectory: test.workDirectory)
            _ = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry)
            let present = try files(test)
            #expect(present.count == 1)
            let connection = try SQLiteConnection(path: test.directory + "/audience.tables/" + (present.first ?? ""), mode: .reading)
            let found = try connection.text("PRAGMA integrity_check")
            #expect(found == "ok", "seed \(seed), run \(run)")
            #expect(try connection.text("PRAGMA journal_mode") == "wal")
        }
    }

    @Test("IMP-17: a sweep removes files no list stands on, and leaves those being worked on")
    func sweep() throws {
        let test = try make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["a@x.com"]]))
        let kept = try files(test)
        for name in ["table-1-77.sqlite", "table-99-1.sqlite"] {
            try Data("left over".utf8).write(to: URL(fileURLWithPath: test.directory + "/audience.tables/" + name))
        }
        let load = TestLoad(fields: ["EMAIL_ADDRESS_"], rows: [["b@x.com"]], run: 2)
        let begun = try load.begin(test.store, workDirectory: test.workDirectory)
        _ = try begun.apply(
            reject: { _ in }, progress: { _ in }, isCancelled: { false },
            prepareCommit: { counts in
                try test.store.sweep(living: [])
                return load.entry(counts)
            })
        #expect(try test.store.count(of: "CONTACTS") == 2)
        try test.store.sweep(living: [])
        #expect(try files(test).count == kept.count)
        #expect(try files(test) != kept)
    }

    @Test("IMP-17: a damaged list file is told as such and crashes nothing", arguments: [1, 2, 3, 5, 9])
    func damage(page: Int) throws {
        let test = try make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "CUSTOMER_ID_"], rows: (0..<3000).map { ["p\($0)@x.com", "C\($0)"] }))
        let path = test.directory + "/audience.tables/" + (try files(test).first ?? "")
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64((page - 1) * 4096))
        handle.write(Data((0..<4096).map { _ in UInt8.random(in: 0...255) }))
        try handle.close()
        do {
            try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_", "CITY_"], rows: (0..<3000).map { ["p\($0)@x.com", "Rome"] }, run: 2))
        } catch let error as ConnectError {
            #expect(error.code == "store.corrupt", "\(error)")
        }
    }

    @Test("IMP-17: a file of a newer layout is refused")
    func newer() throws {
        let test = try make()
        let connection = try SQLiteConnection(path: test.directory + "/audience.sqlite", mode: .writing)
        try connection.execute("PRAGMA user_version = 99")
        #expect {
            _ = try SQLiteAudienceStore.open(test.directory + "/audience.sqlite")
        } throws: {
            ($0 as? ConnectError)?.code == "store.newer"
        }
    }

    @Test("EXP-1: a query that runs too long is stopped")
    func queryTime() throws {
        let test = try make()
        try test.apply(TestLoad(fields: ["EMAIL_ADDRESS_"], rows: (0..<3000).map { ["p\($0)@x.com"] }))
        let store = try SQLiteAudienceStore.open(test.directory + "/audience.sqlite", queryTimeLimit: .zero)
        #expect {
            _ = try store.query(TableQuery(table: "CONTACTS", condition: "(SELECT count(*) FROM recipients a, recipients b) = 0")) { _ in }
        } throws: {
            ($0 as? ConnectError)?.code == "query.time"
        }
    }

    @Test("IMP-17: a full disk is told as one, to be tried again")
    func diskFull() {
        let errors = [AudienceStoreError.system(ENOSPC, "written", "/x"), AudienceStoreError.sqlite(code: 13, message: "full", path: "/x")]
        for error in errors { #expect(error.code == "disk.full" && error.category == .transient && error.remedy != nil) }
    }
}

public import ConnectModel
import Foundation
import RecordEngine
public import StoreAPI

/// One load as a test writes it: fields, rows as text ("" is empty), policy.
public struct TestLoad {
    public var list: String
    public var fields: [String]
    public var rows: [[String]]
    public var policy: MergePolicy
    public var run: RunID
    public var memoryLimit: Int
    public var loadedAtUnixMilliseconds: Int64
    public var part: String?
    public var loadSet: String?
    public var customEvent: String?
    public var sha256 = "ab"

    public init(
        _ list: String = "CONTACTS", fields: [String], rows: [[String]], policy: MergePolicy = MergePolicy(), run: Int64 = 1,
        memoryLimit: Int = 1 << 20, loadedAtUnixMilliseconds: Int64 = 1_700_000_000_000
    ) {
        self.list = list
        self.fields = fields
        self.rows = rows
        self.policy = policy
        self.run = RunID(job: JobID(1), number: run)
        self.memoryLimit = memoryLimit
        self.loadedAtUnixMilliseconds = loadedAtUnixMilliseconds
    }

    /// Stages the rows in batches of uneven sizes, on lines 2, 3, …
    public func begin(_ store: any AudienceStore, workDirectory: String) throws -> any TableLoad {
        let table = try store.table(named: list)
        let owner = try table.owner.map { try store.table(named: $0) }
        let columns = fields.map { name in
            table.field(name) ?? owner?.field(name) ?? Field(name, .str255)
        }
        let load = try store.beginLoad(
            TableLoadPlan(
                table: list, columns: columns, policy: policy, run: run, part: part, loadSet: loadSet, customEvent: customEvent,
                workDirectory: workDirectory,
                loadedAtUnixMilliseconds: loadedAtUnixMilliseconds, memoryLimit: memoryLimit))
        var start = 0
        while start < rows.count {
            let end = min(start + 1 + start % 700, rows.count)
            let batch = RecordBatch(columnCount: fields.count)
            for row in start..<end {
                for (column, value) in rows[row].enumerated() { Array(value.utf8).withUnsafeBytes { batch.columns[column].append($0) } }
                batch.lineNumbers.append(Int64(row + 2))
                batch.rowCount += 1
            }
            try load.stage(batch, accepted: [Bool](repeating: true, count: batch.rowCount))
            start = end
        }
        return load
    }

    public func apply(_ store: any AudienceStore, workDirectory: String) throws {
        let begun = try begin(store, workDirectory: workDirectory)
        defer { begun.discard() }
        _ = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: entry)
    }

    public func entry(_ counts: MergeCounts) -> LedgerEntry {
        LedgerEntry(
            run: run, part: part, table: list, server: "files", path: "/upload/people.csv", size: 10, modifiedUnixNanoseconds: 5, sha256: sha256,
            recordsRead: Int64(rows.count), counts: counts, rejectedByReason: [:], appliedAtUnixMilliseconds: loadedAtUnixMilliseconds)
    }
}

/// A store in a directory of its own, removed with the object.
public final class TestStore {
    public let store: any AudienceStore
    public let directory: String

    /// In memory a store is as fast as its code; only the disk makes it durable.
    public init(inMemory: Bool = false, _ open: (String) throws -> any AudienceStore) throws {
        let memory = "/dev/shm/"
        let root = inMemory && FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        directory = root + "audience-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        store = try open(directory + "/audience.sqlite")
        try store.create(AudienceTable(name: "CONTACTS", customFields: TestStore.customFields))
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    public static let customFields = [
        Field("FIRST_NAME", .str100), Field("NOTES", .str4000), Field("POINTS", .integer), Field("SPEND", .number), Field("SEEN", .timestamp),
    ]

    public var workDirectory: String { directory + "/work" }

    @discardableResult
    public func apply(_ load: TestLoad, rejects: ((StagedReject) -> Void)? = nil) throws -> MergeCounts {
        let begun = try load.begin(store, workDirectory: workDirectory)
        defer { begun.discard() }
        return try begun.apply(reject: { rejects?($0) }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry).counts
    }

    public func rows(_ fields: [String], where condition: String? = nil, list: String = "CONTACTS", loadSet: String? = nil) throws -> [[String?]] {
        var rows: [[String?]] = []
        _ = try store.query(TableQuery(table: list, fields: fields, condition: condition, loadSet: loadSet)) { rows.append($0) }
        return rows
    }
}

/// A generator whose numbers a failing test can be repeated with.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    public mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

public import ConnectModel
import Foundation
public import StoreAPI
import Synchronization

/// Lists in SQLite files: a catalogue at `path`, and a file for each list beside it.
///
/// Any thread and any number of processes; one writes to a list at a time and others wait. A reader sees the list as it was
/// when it began, whatever is loaded meanwhile.
public final class SQLiteAudienceStore: AudienceStore {
    let path: String
    let failpoint: @Sendable (String) -> Void
    let queryTimeLimit: Duration
    /// A load of at least this many rows, with at least one part in `rewriteShare` of the list's bytes, rewrites the list's file.
    let rewriteFromRows: Int
    let rewriteShare: Int
    /// One connection for the process, used by one thread at a time.
    private let catalogue: Mutex<AudienceCatalogueBox>

    /// The catalogue never leaves the mutex that holds it.
    struct AudienceCatalogueBox: @unchecked Sendable {
        let value: AudienceCatalogue
    }

    /// Opens or creates the store and brings the catalogue up to date.
    ///
    /// `failpoint` is called with the name of each step a crash test may want to die at.
    public static func open(
        _ path: String, queryTimeLimit: Duration = .seconds(600), failpoint: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> SQLiteAudienceStore {
        try SQLiteAudienceStore(path, queryTimeLimit, rewriteFromRows: 2000, rewriteShare: 16, failpoint)
    }

    init(
        _ path: String, _ queryTimeLimit: Duration = .seconds(600), rewriteFromRows: Int, rewriteShare: Int,
        _ failpoint: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.path = path
        self.rewriteFromRows = rewriteFromRows
        self.rewriteShare = rewriteShare
        self.queryTimeLimit = queryTimeLimit
        self.failpoint = failpoint
        let opened = AudienceCatalogueBox(value: try AudienceCatalogue(path: path))
        catalogue = Mutex(opened)
    }

    func withCatalogue<Value: Sendable>(_ body: (AudienceCatalogue) throws -> Value) throws -> Value {
        try catalogue.withLock { try body($0.value) }
    }

    public func createList(_ list: ProfileList) throws {
        try ListNames.check(list: list.name)
        try ListNames.check(list.customFields, beside: ProfileList.systemFields, of: list.name)
        try withCatalogue { catalogue in
            try catalogue.connection.transaction {
                guard try catalogue.place(of: list.name) == nil else { throw AudienceStoreError.listExists(list.name) }
                let path = catalogue.path(try catalogue.add(list.name))
                ListFile.remove(path)
                try ListFile.create(at: path, for: list)
            }
        }
    }

    public func lists() throws -> [ProfileList] {
        try withCatalogue { try $0.names().map(\.name) }.map { try list(named: $0) }
    }

    public func list(named name: String) throws -> ProfileList {
        try reading(name) { ProfileList(name: name, customFields: try ListFile.customFields($0)) }
    }

    public func addFields(_ fields: [Field], to list: String) throws {
        let locked = try lock(list, isCancelled: { false })
        defer { locked.release() }
        let present = try ListFile.customFields(locked.connection)
        try ListNames.check(fields, beside: ProfileList.systemFields + present, of: list)
        for field in fields {
            try locked.connection.execute("ALTER TABLE \(ListTable.name) ADD COLUMN \(ListTable.definition(field))")
        }
        try ListFile.setProperty("fields", try encode(present + fields), locked.connection)
        try locked.connection.execute("COMMIT")
    }

    public func dropList(named name: String) throws {
        let locked = try lock(name, isCancelled: { false })
        defer { locked.release() }
        let entries = try Ledger.all(locked.connection)
        try withCatalogue { catalogue in
            try catalogue.connection.transaction {
                for entry in entries { try Ledger.add(entry, catalogue.connection) }
                try catalogue.remove(locked.place)
            }
        }
        ListFile.remove(locked.connection.path)
    }

    public func count(of list: String) throws -> Int64 {
        try reading(list) { try $0.integer("SELECT count(*) FROM \(ListTable.name)") ?? 0 }
    }

    public func query(_ query: ListQuery, _ row: ([String?]) throws -> Void) throws -> [String] {
        try reading(query.list) { connection in
            let list = ProfileList(name: query.list, customFields: try ListFile.customFields(connection))
            return try ListQueryRunner(query, list, connection, timeLimit: queryTimeLimit).run(row)
        }
    }

    public func appliedLoad(run: RunID) throws -> LedgerEntry? {
        for list in try withCatalogue({ try $0.names().map(\.name) }) {
            if let entry = try reading(list, { try Ledger.entry(run, $0) }) { return entry }
        }
        return try withCatalogue { try Ledger.entry(run, $0.connection) }
    }

    public func ledger(_ query: LedgerQuery) throws -> [LedgerEntry] {
        try reading(query.list) { try Ledger.entries(query, $0) }
    }

    public func beginListLoad(_ plan: ListLoadPlan) throws -> any ListLoad {
        try SQLiteListLoad(self, plan, table: ListTable(try list(named: plan.list)))
    }

    public func sweep(living: Set<RunID>) throws {
        // Work files have no names; what a killed load leaves is a file that never became a list's present one.
        let current = try withCatalogue { try $0.names() }
        for list in current {
            guard let locked = try? lock(list.name, waitMilliseconds: 0, isCancelled: { false }) else { continue }
            removeOthers(of: locked)
            locked.release()
        }
        try withCatalogue { catalogue in
            // Within the write lock, so that no list is being made meanwhile.
            try catalogue.connection.transaction {
                let known = Set(try catalogue.names().map(\.place.id))
                for place in catalogue.files() where !known.contains(place.id) { ListFile.remove(catalogue.path(place)) }
            }
        }
    }
}

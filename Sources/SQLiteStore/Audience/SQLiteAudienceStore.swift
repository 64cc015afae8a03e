public import ConnectModel
import Foundation
public import StoreAPI
import Synchronization

/// Audience tables in SQLite files: a catalogue at `path`, and a file for each table beside it.
///
/// Any thread and any number of processes; one writes to a table at a time and others wait. A reader sees the table as it was
/// when it began, whatever is loaded meanwhile.
public final class SQLiteAudienceStore: AudienceStore {
    let path: String
    let failpoint: @Sendable (String) -> Void
    let queryTimeLimit: Duration
    /// A load of at least this many rows, with at least one part in `rewriteShare` of the table's bytes, rewrites the table's file.
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
        let opened = AudienceCatalogueBox(value: try AudienceCatalogue(path: path, failpoint: failpoint))
        catalogue = Mutex(opened)
    }

    func withCatalogue<Value: Sendable>(_ body: (AudienceCatalogue) throws -> Value) throws -> Value {
        try catalogue.withLock { try body($0.value) }
    }

    public func create(_ table: AudienceTable) throws {
        try TableNames.check(table)
        try withCatalogue { catalogue in
            try catalogue.connection.transaction {
                if let other = try catalogue.entry(of: table.name) { throw AudienceStoreError.tableExists(table.name, other.kind) }
                try checkOwner(of: table, catalogue)
                let path = catalogue.path(try catalogue.add(table))
                TableFile.remove(path)
                try TableFile.create(at: path, for: table)
            }
        }
    }

    private func checkOwner(of table: AudienceTable, _ catalogue: AudienceCatalogue) throws {
        let owner = try table.owner.map { try catalogue.requiredEntry(of: $0) }
        guard owner?.kind == table.kind.ownerKind else {
            throw AudienceStoreError.ownerKind(table, owner.map { AudienceTable(name: $0.name, kind: $0.kind) })
        }
        if table.kind == .app, let first = try catalogue.entries().first(where: { $0.kind == .app && $0.owner == table.owner }) {
            throw AudienceStoreError.secondAppList(table, first.name)
        }
    }

    public func tables(of kind: TableKind?) throws -> [AudienceTable] {
        try withCatalogue { try $0.entries() }.filter { kind == nil || $0.kind == kind }.map { try table(named: $0.name) }
    }

    public func table(named name: String) throws -> AudienceTable { try reading(name) { try TableFile.table($0) } }

    public func addFields(_ fields: [Field], to table: String) throws {
        let locked = try lock(table, isCancelled: { false })
        defer { locked.release() }
        var changed = try TableFile.table(locked.connection)
        guard changed.kind.mayHaveCustomFields else { throw AudienceStoreError.fixedFields(changed) }
        try TableNames.check(fields, beside: changed.fields, of: table)
        for field in fields {
            try locked.connection.execute("ALTER TABLE \(TableLayout.name(of: changed.kind)) ADD COLUMN \(TableLayout.definition(field))")
        }
        changed.customFields += fields
        try TableFile.setTable(changed, locked.connection)
        try locked.connection.execute("COMMIT")
    }

    public func dropTable(named name: String) throws { _ = try drop(name, waitMilliseconds: 600_000) { _ in true } }

    public func dropExpired(atUnixMilliseconds now: Int64) throws -> [String] {
        func isExpired(_ entry: AudienceCatalogue.Entry) -> Bool { entry.expiresAtUnixMilliseconds.map { $0 <= now } ?? false }
        let expired = try withCatalogue { try $0.entries() }.filter(isExpired)
        return try expired.map(\.name).filter { name in
            do {
                return try drop(name, waitMilliseconds: 0, if: isExpired)
            } catch let error as ConnectError where error.code == "store.busy" || error.code == "table.missing" {
                return false
            }
        }
    }

    /// Whether it was dropped here: `condition` is asked once nobody else can drop it any more.
    private func drop(_ name: String, waitMilliseconds: Int, if condition: (AudienceCatalogue.Entry) -> Bool) throws -> Bool {
        let locked = try lock(name, waitMilliseconds: waitMilliseconds, isCancelled: { false })
        defer { locked.release() }
        let entries = try Ledger.all(locked.connection)
        let isGone = try withCatalogue { catalogue in
            try catalogue.connection.transaction {
                guard let entry = try catalogue.entry(of: name), entry.place == locked.place, condition(entry) else { return false }
                let owned = try catalogue.entries().filter { $0.owner == name }
                guard owned.isEmpty else { throw AudienceStoreError.owned(name, owned.map(\.name)) }
                for entry in entries { try Ledger.add(entry, catalogue.connection) }
                try catalogue.remove(locked.place)
                return true
            }
        }
        if isGone { TableFile.remove(locked.connection.path) }
        return isGone
    }

    public func count(of table: String) throws -> Int64 {
        try reading(table) { try $0.integer("SELECT count(*) FROM \(TableLayout.name(of: try TableFile.table($0).kind))") ?? 0 }
    }

    public func query(_ query: TableQuery, _ row: ([String?]) throws -> Void) throws -> [String] {
        try reading(query.table, mode: query.loadSet == nil ? .reading : .writing) { connection in
            try TableQueryRunner(query, try TableFile.table(connection), connection, timeLimit: queryTimeLimit).run(row)
        }
    }

    public func appliedLoad(run: RunID) throws -> LedgerEntry? {
        for table in try withCatalogue({ try $0.entries().map(\.name) }) {
            if let entry = try reading(table, { try Ledger.entry(run, $0) }) { return entry }
        }
        return try withCatalogue { try Ledger.entry(run, $0.connection) }
    }

    public func ledger(_ query: LedgerQuery) throws -> [LedgerEntry] {
        try reading(query.table) { try Ledger.entries(query, $0) }
    }

    public func beginLoad(_ plan: TableLoadPlan) throws -> any TableLoad {
        let target = try table(named: plan.table)
        let owner = try target.kind.isExtension ? target.owner.map { try table(named: $0) } : nil
        return try SQLiteTableLoad(self, plan, table: target, owner: owner)
    }

    public func loadSets(of table: String) throws -> [LoadSet] { try reading(table) { try LoadedRows.sets($0) } }

    public func customEvents(of table: String, after place: CustomEvent.Place?, limit: Int) throws -> [CustomEvent] {
        try reading(table) { try LoadedRows.events($0, after: place, limit: limit) }
    }

    public func discardCustomEvents(of table: String, through place: CustomEvent.Place) throws {
        let locked = try lock(table, isCancelled: { false })
        defer { locked.release() }
        try LoadedRows.discardEvents(locked.connection, through: place)
        try locked.connection.execute("COMMIT")
    }

    public func sweep(living: Set<RunID>) throws {
        // Work files have no names; what a killed load leaves is a file that never became a table's present one.
        let current = try withCatalogue { try $0.entries() }
        for table in current {
            guard let locked = try? lock(table.name, waitMilliseconds: 0, isCancelled: { false }) else { continue }
            removeOthers(of: locked)
            locked.release()
        }
        try withCatalogue { catalogue in
            // Within the write lock, so that no table is being made meanwhile.
            try catalogue.connection.transaction {
                let known = Set(try catalogue.entries().map(\.place.id))
                for place in catalogue.files() where !known.contains(place.id) { TableFile.remove(catalogue.path(place)) }
            }
        }
    }
}

import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// One load into a table of `SQLiteAudienceStore`. A small one runs as statements in the table's file; a large one, and one that replaces
/// every row, writes the table's next file. Belongs to one thread at a time. After `apply` has thrown only `discard` is left.
final class SQLiteTableLoad: TableLoad {
    private let store: SQLiteAudienceStore
    private let plan: TableLoadPlan
    private let owner: String?
    private let layout: MergeLayout
    private var stage: RowStage?

    /// `owner` is given for extensions.
    init(_ store: SQLiteAudienceStore, _ plan: TableLoadPlan, table: AudienceTable, owner: AudienceTable?) throws {
        self.store = store
        self.plan = plan
        self.owner = owner?.name
        layout = try MergeLayout(plan, table: table, owner: owner)
        do {
            try FileManager.default.createDirectory(atPath: plan.workDirectory, withIntermediateDirectories: true)
        } catch {
            throw AudienceStoreError.system(errno, "created", plan.workDirectory)
        }
        stage = try RowStage(layout, directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 2)
    }

    func stage(_ batch: RecordBatch, accepted: [Bool]) throws { try staged().add(batch, accepted: accepted) }

    func discard() { stage = nil }

    func preview(isCancelled: () -> Bool) throws -> MergeCounts {
        let stage = try staged()
        return try withoutActuallyEscaping(isCancelled) { isCancelled in
            try store.reading(plan.table, mode: .writing) { connection in
                let target = try StatementTarget(layout.table, connection, writes: false, replacing: plan.policy.replacesAll)
                let hooks = MergeRun.Hooks(reject: { _ in }, progress: { _ in }, isCancelled: isCancelled, failpoint: { _ in })
                let run = try MergeRun(plan, layout, stage, change: 0, hooks)
                return try withOwner { owner in
                    try run.run({ try resolver(stage, owner: owner) { try StatementResolver(layout, connection) } }, target, try stage.keys.sorted())
                }
            }
        }
    }

    func apply(
        stands: (LedgerEntry) -> Bool, reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool,
        prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        func standing(_ connection: SQLiteConnection) throws -> LedgerEntry? {
            try Ledger.entry(plan.run, part: plan.part, connection).flatMap { stands($0) ? $0 : nil }
        }
        if let entry = try store.reading(plan.table, standing) { return entry }
        let stage = try staged()
        let keys = try stage.keys.sorted()
        let locked = try store.lock(plan.table, isCancelled: isCancelled)
        defer { locked.release() }
        // Another worker may have applied the run while this one waited.
        if let entry = try standing(locked.connection) { return entry }
        try checkFields(locked.connection)
        return try withoutActuallyEscaping(reject) { reject in
            try withoutActuallyEscaping(progress) { progress in
                try withoutActuallyEscaping(isCancelled) { isCancelled in
                    let hooks = MergeRun.Hooks(reject: reject, progress: progress, isCancelled: isCancelled, failpoint: store.failpoint)
                    let run = try MergeRun(plan, layout, stage, change: try TableFile.lastChange(locked.connection) + 1, hooks)
                    store.failpoint("merge.begin")
                    return try plan.policy.replacesAll || isLarge(beside: try DatabaseFile(locked.connection))
                        ? rewrite(locked, run, keys, isCancelled, prepareCommit)
                        : execute(locked, run, keys, prepareCommit)
                }
            }
        }
    }

    /// Rewriting costs the size of the table, and so does walking its keys; statements cost some scattered pages for each row, written twice.
    private func isLarge(beside file: DatabaseFile) throws -> Bool {
        let stage = try staged()
        guard stage.rows >= store.rewriteFromRows else { return false }
        return file.isWhole && stage.bytes * store.rewriteShare >= Int(file.pages) * PageFile.pageSize
    }

    private func execute(
        _ locked: LockedTable, _ run: MergeRun, _ keys: SortedItems, _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        let connection = locked.connection
        try connection.execute("PRAGMA wal_autocheckpoint = 0")
        let target = try StatementTarget(layout.table, connection, writes: true, replacing: false)
        let stage = try staged()
        let counts = try withOwner { owner in
            try run.run({ try resolver(stage, owner: owner) { try StatementResolver(layout, connection) } }, target, keys)
        }
        let entry = try prepareCommit(counts)
        try record(entry, run, target, connection)
        store.failpoint("merge.before-commit")
        try connection.execute("COMMIT")
        store.failpoint("merge.after-commit")
        // A reader may stand in the way; the log then stays until the next load.
        _ = try? connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
        return entry
    }

    private func rewrite(
        _ locked: LockedTable, _ run: MergeRun, _ keys: SortedItems, _ isCancelled: @escaping () -> Bool,
        _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        store.removeOthers(of: locked)
        let next = AudienceCatalogue.Place(id: locked.place.id, generation: locked.place.generation + 1)
        let path = try store.withCatalogue { $0.path(next) }
        var isStray = true
        defer { if isStray { TableFile.remove(path) } }
        let entry = try writeNext(path, locked, run, keys, isCancelled, prepareCommit)
        store.failpoint("merge.before-commit")
        // A commit that reports a failure may stand after all: from here on the file stays, and if it does not count
        // the next load or sweep removes it.
        isStray = false
        guard try store.withCatalogue({ try $0.publish(after: locked.place) }) else {
            throw AudienceStoreError.corrupt(locked.connection.path, "it was replaced under its lock")
        }
        store.failpoint("merge.after-commit")
        TableFile.remove(locked.connection.path)
        return entry
    }

    /// Writes the table's next file, durable when this returns. Nothing here has it open afterwards: closing a descriptor later would take
    /// the locks of whoever reads it in this process by then.
    private func writeNext(
        _ path: String, _ locked: LockedTable, _ run: MergeRun, _ keys: SortedItems, _ isCancelled: @escaping () -> Bool,
        _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        try TableFile(path: path).prepare(after: locked.connection)
        let target = try RewriteTarget(plan, layout, old: locked.connection, newPath: path)
        let stage = try staged()
        let counts = try withOwner { owner in
            try run.run({ try resolver(stage, owner: owner) { try target.isEmpty ? nil : streaming(locked.connection) } }, target, keys)
        }
        try target.finish(isCancelled: isCancelled)
        store.failpoint("merge.written")
        let entry = try prepareCommit(counts)
        try TableFile(path: path).complete { try record(entry, run, target, $0) }
        try target.synchronize()
        return entry
    }

    /// What the commit says beside the rows.
    private func record(_ entry: LedgerEntry, _ run: MergeRun, _ target: any MergeTarget, _ connection: SQLiteConnection) throws {
        // Rows of extensions have the ids of their owner's.
        if owner == nil { try TableFile.setProperty("next_riid", String(target.firstNewRowID + Int64(try staged().rows)), connection) }
        try TableFile.setProperty("last_change", String(try TableFile.lastChange(connection) + 1), connection)
        try Ledger.add(entry, connection)
        try run.loaded?.commit(plan, connection)
    }

    /// Runs `body` beside the owner of an extension, which does not change meanwhile; with nil for other tables.
    private func withOwner<Value>(_ body: (SQLiteConnection?) throws -> Value) throws -> Value {
        guard let owner else { return try body(nil) }
        return try store.reading(owner, mode: .writing) { try body($0) }
    }

    private func resolver(_ stage: RowStage, owner: SQLiteConnection?, _ own: () throws -> (any KeyResolver)?) throws -> (any KeyResolver)? {
        guard !layout.keys.isEmpty else { return nil }
        if let owner { return try isLarge(beside: try DatabaseFile(owner)) ? streaming(owner) : StatementResolver(layout, owner) }
        return plan.policy.replacesAll ? nil : try own()
    }

    private func streaming(_ connection: SQLiteConnection) throws -> any KeyResolver {
        try StreamResolver(
            layout, try DatabaseFile(connection), roots: try TreeRoots(connection), directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 2)
    }

    /// The table may have got fields since the load began; the rows to come were laid out for those before.
    private func checkFields(_ connection: SQLiteConnection) throws {
        guard TableLayout(try TableFile.table(connection)).columns == layout.table.columns else {
            throw ConnectError(
                "table.changed", .transient, "The fields of \"\(plan.table)\" changed while the load was being prepared.",
                remedy: "The load is repeated; nothing was changed.")
        }
    }

    private func staged() throws -> RowStage {
        guard let stage else { throw ConnectError("load.discarded", .internal, "A load was used after it had been discarded.") }
        return stage
    }
}

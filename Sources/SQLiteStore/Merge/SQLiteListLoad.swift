import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// One load into a list of `SQLiteAudienceStore`. A small one runs as statements in the list's file; a large one writes the list's next file.
/// Belongs to one thread at a time. After `apply` has thrown only `discard` is left.
final class SQLiteListLoad: ListLoad {
    private let store: SQLiteAudienceStore
    private let plan: ListLoadPlan
    private let layout: MergeLayout
    private var stage: RowStage?

    init(_ store: SQLiteAudienceStore, _ plan: ListLoadPlan, table: ListTable) throws {
        self.store = store
        self.plan = plan
        layout = try MergeLayout(plan, table: table)
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
            try store.reading(plan.list, mode: .writing) { connection in
                let target = try StatementTarget(layout, connection, writes: false)
                let hooks = MergeRun.Hooks(reject: { _ in }, progress: { _ in }, isCancelled: isCancelled, failpoint: { _ in })
                return try MergeRun(plan, layout, stage, hooks).run(target, try stage.keys.sorted())
            }
        }
    }

    func apply(
        reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool,
        prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        if let entry = try store.reading(plan.list, { try Ledger.entry(plan.run, $0) }) { return entry }
        let stage = try staged()
        let keys = try stage.keys.sorted()
        let locked = try store.lock(plan.list, isCancelled: isCancelled)
        defer { locked.release() }
        // Another worker may have applied the run while this one waited.
        if let entry = try Ledger.entry(plan.run, locked.connection) { return entry }
        try checkFields(locked.connection)
        return try withoutActuallyEscaping(reject) { reject in
            try withoutActuallyEscaping(progress) { progress in
                try withoutActuallyEscaping(isCancelled) { isCancelled in
                    let hooks = MergeRun.Hooks(reject: reject, progress: progress, isCancelled: isCancelled, failpoint: store.failpoint)
                    let run = try MergeRun(plan, layout, stage, hooks)
                    store.failpoint("merge.begin")
                    return try isLarge(stage, locked)
                        ? rewrite(locked, run, keys, isCancelled, prepareCommit)
                        : execute(locked, run, keys, stage.rows, prepareCommit)
                }
            }
        }
    }

    /// Rewriting costs the size of the list; statements cost some scattered pages for each row, written twice.
    private func isLarge(_ stage: RowStage, _ locked: LockedList) throws -> Bool {
        guard stage.rows >= store.rewriteFromRows else { return false }
        let file = try DatabaseFile(locked.connection)
        return file.isWhole && stage.bytes * store.rewriteShare >= Int(file.pages) * PageFile.pageSize
    }

    private func execute(
        _ locked: LockedList, _ run: MergeRun, _ keys: SortedItems, _ rows: Int, _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        let connection = locked.connection
        try connection.execute("PRAGMA wal_autocheckpoint = 0")
        let target = try StatementTarget(layout, connection, writes: true)
        let entry = try prepareCommit(try run.run(target, keys))
        try ListFile.setProperty("next_riid", String(target.firstNewRowID + Int64(rows)), connection)
        try Ledger.add(entry, connection)
        store.failpoint("merge.before-commit")
        try connection.execute("COMMIT")
        store.failpoint("merge.after-commit")
        // A reader may stand in the way; the log then stays until the next load.
        _ = try? connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
        return entry
    }

    private func rewrite(
        _ locked: LockedList, _ run: MergeRun, _ keys: SortedItems, _ isCancelled: @escaping () -> Bool,
        _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        store.removeOthers(of: locked)
        let next = AudienceCatalogue.Place(id: locked.place.id, generation: locked.place.generation + 1)
        let path = try store.withCatalogue { $0.path(next) }
        var isStray = true
        defer { if isStray { ListFile.remove(path) } }
        let entry = try writeNext(path, locked, run, keys, isCancelled, prepareCommit)
        store.failpoint("merge.before-commit")
        // A commit that reports a failure may stand after all: from here on the file stays, and if it does not count
        // the next load or sweep removes it.
        isStray = false
        guard try store.withCatalogue({ try $0.publish(after: locked.place) }) else {
            throw AudienceStoreError.corrupt(locked.connection.path, "it was replaced under its lock")
        }
        store.failpoint("merge.after-commit")
        ListFile.remove(locked.connection.path)
        return entry
    }

    /// Writes the list's next file, durable when this returns. Nothing here has it open afterwards: closing a descriptor later would take
    /// the locks of whoever reads it in this process by then.
    private func writeNext(
        _ path: String, _ locked: LockedList, _ run: MergeRun, _ keys: SortedItems, _ isCancelled: @escaping () -> Bool,
        _ prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        try ListFile(path: path).prepare(after: locked.connection)
        let target = try RewriteTarget(plan, layout, old: locked.connection, newPath: path)
        let counts = try run.run(target, keys)
        try target.finish(isCancelled: isCancelled)
        store.failpoint("merge.written")
        let entry = try prepareCommit(counts)
        try ListFile(path: path).complete(entry, nextRowID: target.firstNewRowID + Int64(try staged().rows))
        try target.synchronize()
        return entry
    }

    /// The list may have got fields since the load began; the rows to come were laid out for those before.
    private func checkFields(_ connection: SQLiteConnection) throws {
        let fields = ProfileList.systemFields + (try ListFile.customFields(connection))
        guard fields == layout.table.columns else {
            throw ConnectError(
                "list.changed", .transient, "The fields of list \"\(plan.list)\" changed while the load was being prepared.",
                remedy: "The load is repeated; nothing was changed.")
        }
    }

    private func staged() throws -> RowStage {
        guard let stage else { throw ConnectError("load.discarded", .internal, "A load was used after it had been discarded.") }
        return stage
    }
}

import ConnectModel
import Dispatch
import StoreAPI
import Synchronization

/// Merges by writing the table's next file: rows and indexes in one pass each, in order, past SQLite's row-at-a-time machinery.
///
/// Docs/performance-store.md has the figures behind this. The old file is held by the caller's write lock until the new one has taken its place.
final class RewriteTarget: MergeTarget {
    let isEmpty: Bool
    let firstNewRowID: Int64

    private let layout: MergeLayout
    private let table: TableLayout
    private let old: DatabaseFile
    private let oldRoots: TreeRoots
    private let newRoots: TreeRoots
    private let file: PageFile
    private let rows: TreeWriter
    private let indexes: [IndexChanges]
    /// Of each row that is decided over, the indexed values as they were.
    private let before: UnsafeMutablePointer<Cell>

    /// `connection` holds the write lock of the old file, which has no log unless its rows go; `path` is the new file with tables but no rows.
    init(_ plan: TableLoadPlan, _ layout: MergeLayout, old connection: SQLiteConnection, newPath path: String) throws {
        self.layout = layout
        table = layout.table
        old = try DatabaseFile(connection)
        oldRoots = try TreeRoots(connection)
        firstNewRowID = try TableFile.nextRowID(table, connection)
        isEmpty = try plan.policy.replacesAll || connection.integer("SELECT 1 FROM \(table.name) LIMIT 1") == nil
        do {
            let new = try SQLiteConnection(path: path, mode: .writing)
            newRoots = try TreeRoots(new)
            file = try PageFile(path: path, pages: UInt32(try new.integer("PRAGMA page_count") ?? 1))
        }
        rows = TreeWriter(.table, root: try newRoots.page(of: table.name), file: file)
        indexes = try layout.table.indexes.map { index in
            try IndexChanges(index, layout.table, directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 4)
        }
        before = .allocate(capacity: layout.table.columns.count)
        before.initialize(repeating: .null, count: layout.table.columns.count)
    }

    deinit { before.deallocate() }

    func willInsert(_ item: SortItem, rowID: Int64) throws {
        // Here new keys come in the index's order, which makes sorting them next to nothing.
        if layout.keysAreIndexEntries, let index = layout.keyIndex { try indexes[index].add(item, rowID: rowID) }
    }

    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws {
        let present = isEmpty ? nil : try oldRoots.reader(old, table.name, isIndex: false)
        var entry = try present?.next()
        var update = try updates.next()
        while entry != nil || update != nil {
            let id = update.map { MatchKey.number($0.key) }
            if let row = entry, id.map({ row.rowID <= $0 }) ?? true {
                if let update, row.rowID == id {
                    try decide(row.rowID, row.record, update.payload, step)
                } else {
                    try rows.append(rowID: row.rowID, record: row.record)
                }
                entry = try present?.next()
                guard row.rowID == id else { continue }
            } else if let id, let item = update, try step.decideMissing(item.payload, id, old.path) {
                try insert(id, step.workspace)
            }
            update = try updates.next()
        }
    }

    @inline(__always)
    private func decide(_ rowID: Int64, _ record: UnsafeRawBufferPointer, _ staged: UnsafeRawBufferPointer, _ step: UpdateStep) throws {
        let workspace = step.workspace
        guard RecordFormat.decode(record, into: workspace.table, capacity: workspace.tableCount) != nil else {
            throw AudienceStoreError.corrupt(old.path, "row \(rowID) cannot be read")
        }
        for changes in indexes { for place in changes.places { before[place] = workspace.table[place] } }
        guard try step.decide(staged, rowID) else { return try rows.append(rowID: rowID, record: record) }
        for changes in indexes where changes.places.contains(where: workspace.changed.contains) {
            try changes.remove(before, rowID: rowID)
            try changes.add(workspace.table, rowID: rowID)
        }
        try rows.append(rowID: rowID, record: workspace.record())
    }

    func insert(_ rowID: Int64, _ workspace: RowWorkspace) throws {
        try rows.append(rowID: rowID, record: workspace.record())
        for (index, changes) in indexes.enumerated() where !layout.keysAreIndexEntries || index != layout.keyIndex {
            try changes.add(workspace.table, rowID: rowID)
        }
    }

    /// Writes the indexes and completes the file; it can be opened by SQLite afterwards, and is not durable yet.
    func finish(isCancelled: () -> Bool) throws {
        try rows.finish()
        let jobs = try zip(table.indexes, indexes).map { index, changes in
            IndexJob(
                changes: changes, old: isEmpty ? nil : try oldRoots.reader(old, index.name, isIndex: true),
                writer: TreeWriter(.index, root: try newRoots.page(of: index.name), file: file))
        }
        try withoutActuallyEscaping(isCancelled) { isCancelled in
            try IndexJob.runAll(jobs, isCancelled: isCancelled)
        }
        try file.finish()
    }

    func synchronize() throws { try file.synchronize() }
}

/// The writing of one index: shares nothing with the others but the two files, which take calls from any thread.
private struct IndexJob {
    let changes: IndexChanges
    let old: TreeReader?
    let writer: TreeWriter

    /// `concurrentPerform` gives each index of the array to one thread and returns when all are done, so no two threads meet in a job
    /// and nothing outlives the call.
    private struct Work: @unchecked Sendable {
        let jobs: [IndexJob]
        let isCancelled: () -> Bool
    }

    static func runAll(_ jobs: [IndexJob], isCancelled: @escaping () -> Bool) throws {
        let work = Work(jobs: jobs, isCancelled: isCancelled)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: jobs.count) { index in
            do {
                let job = work.jobs[index]
                try job.changes.write(old: job.old, to: job.writer, isCancelled: work.isCancelled)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

import ConnectModel
import Dispatch
import StoreAPI
import Synchronization

/// Merges by writing the list's next file: table and indexes in one pass each, in order, past SQLite's row-at-a-time machinery.
///
/// Docs/performance-store.md has the figures behind this. The old file is held by the caller's write lock until the new one has taken its place.
final class RewriteTarget: MergeTarget {
    let isEmpty: Bool
    let firstNewRowID: Int64

    private let plan: ListLoadPlan
    private let layout: MergeLayout
    private let old: DatabaseFile
    private let oldRoots: [String: UInt32]
    private let newRoots: [String: UInt32]
    private let file: PageFile
    private let rows: TreeWriter
    private let indexes: [IndexChanges]
    private var keys: (any KeyStream)?
    private var present: (key: UnsafeRawBufferPointer, rowID: Int64)?

    /// `connection` holds the write lock of the old file, which has no log; `path` is the new file with tables but no rows.
    init(_ plan: ListLoadPlan, _ layout: MergeLayout, old connection: SQLiteConnection, newPath path: String) throws {
        self.plan = plan
        self.layout = layout
        old = try DatabaseFile(connection)
        oldRoots = try RewriteTarget.roots(connection)
        firstNewRowID = try ListFile.nextRowID(connection)
        isEmpty = try connection.integer("SELECT 1 FROM \(ListTable.name) LIMIT 1") == nil
        do {
            let new = try SQLiteConnection(path: path, mode: .writing)
            newRoots = try RewriteTarget.roots(new)
            file = try PageFile(path: path, pages: UInt32(try new.integer("PRAGMA page_count") ?? 1))
        }
        rows = TreeWriter(.table, root: try RewriteTarget.root(ListTable.name, newRoots, path), file: file)
        indexes = try ListTable.indexes.map { index in
            guard let place = layout.table.place(of: index.column) else { throw AudienceStoreError.fieldMissing(index.column, plan.list) }
            return IndexChanges(index.column, place: place, directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 4)
        }
        if !isEmpty { try openKeys() }
    }

    private func openKeys() throws {
        if let index = layout.keyIndex {
            let (name, column) = ListTable.indexes[index]
            keys = IndexKeyStream(try oldTree(name, isIndex: true), isFolded: column == "EMAIL_ADDRESS_")
        } else {
            let table = try oldTree(ListTable.name, isIndex: false)
            keys = try SortedKeyStream(table, layout, directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 2)
        }
        present = try keys?.next()
    }

    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch {
        while let candidate = present {
            let order = compareBytes(candidate.key, key)
            if order > 0 { return .none }
            present = try keys?.next()
            guard order == 0 else { continue }
            let rowID = candidate.rowID
            if let next = present, compareBytes(next.key, key) == 0 { return .several }
            return .one(rowID)
        }
        return .none
    }

    func willInsert(_ item: SortItem, rowID: Int64) throws {
        // Here new keys come in the index's order, which makes sorting them next to nothing.
        if let index = layout.keyIndex { try indexes[index].add(item, rowID: rowID) }
    }

    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws {
        keys = nil
        guard !isEmpty else { return }
        let table = try oldTree(ListTable.name, isIndex: false)
        let workspace = step.workspace
        var update = try updates.next()
        var before = [Cell](repeating: .null, count: indexes.count)
        while let entry = try table.next() {
            guard let staged = update, MatchKey.number(staged.key) == entry.rowID else {
                try rows.append(rowID: entry.rowID, record: entry.record)
                continue
            }
            guard RecordFormat.decode(entry.record, into: workspace.table, capacity: workspace.tableCount) != nil else {
                throw AudienceStoreError.corrupt(old.path, "row \(entry.rowID) cannot be read")
            }
            for index in indexes.indices { before[index] = workspace.table[indexes[index].place] }
            if try step.decide(staged.payload) {
                for (index, changes) in indexes.enumerated() where workspace.changed.contains(changes.place) {
                    try changes.remove(before[index], rowID: entry.rowID)
                    try changes.add(workspace.table[changes.place], rowID: entry.rowID)
                }
                try rows.append(rowID: entry.rowID, record: workspace.record())
            } else {
                try rows.append(rowID: entry.rowID, record: entry.record)
            }
            update = try updates.next()
        }
        guard update == nil else { throw AudienceStoreError.corrupt(old.path, "an index names a row that is not there") }
    }

    func insert(_ rowID: Int64, _ workspace: RowWorkspace) throws {
        try rows.append(rowID: rowID, record: workspace.record())
        for (index, changes) in indexes.enumerated() where index != layout.keyIndex {
            try changes.add(workspace.table[changes.place], rowID: rowID)
        }
    }

    /// Writes the indexes and completes the file; it can be opened by SQLite afterwards, and is not durable yet.
    func finish(isCancelled: () -> Bool) throws {
        try rows.finish()
        let jobs = try zip(ListTable.indexes, indexes).map { index, changes in
            IndexJob(
                changes: changes, old: isEmpty ? nil : try oldTree(index.name, isIndex: true),
                writer: TreeWriter(.index, root: try RewriteTarget.root(index.name, newRoots, file.path), file: file))
        }
        try withoutActuallyEscaping(isCancelled) { isCancelled in
            try IndexJob.runAll(jobs, isCancelled: isCancelled)
        }
        try file.finish()
    }

    func synchronize() throws { try file.synchronize() }

    private func oldTree(_ name: String, isIndex: Bool) throws -> TreeReader {
        try TreeReader(old, root: try RewriteTarget.root(name, oldRoots, old.path), isIndex: isIndex)
    }

    private static func roots(_ connection: SQLiteConnection) throws -> [String: UInt32] {
        let statement = try connection.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
        var roots: [String: UInt32] = [:]
        while try statement.step() {
            if let name = statement.text(0) { roots[name] = UInt32(clamping: statement.integer(1)) }
        }
        return roots
    }

    private static func root(_ name: String, _ roots: [String: UInt32], _ path: String) throws -> UInt32 {
        guard let root = roots[name] else { throw AudienceStoreError.corrupt(path, "\(name) is not in it") }
        return root
    }
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

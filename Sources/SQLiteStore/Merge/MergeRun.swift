import ConnectModel
import StoreAPI

/// One merge of the staged rows with a target: resolve keys in key order, then go through the rows in file order.
/// The same for every target, so that what is previewed, looked up or rewritten counts the same.
final class MergeRun {
    private let plan: ListLoadPlan
    private let stage: RowStage
    private let rules: MergeRules
    private let workspace: RowWorkspace
    private let hooks: Hooks
    private var counts = MergeCounts()
    private var done: Int64 = 0

    struct Hooks {
        var reject: (StagedReject) throws -> Void
        var progress: (Int64) -> Void
        var isCancelled: () -> Bool
        var failpoint: (String) -> Void
    }

    init(_ plan: ListLoadPlan, _ layout: MergeLayout, _ stage: RowStage, _ hooks: Hooks) throws {
        self.plan = plan
        self.stage = stage
        self.hooks = hooks
        rules = try MergeRules(plan, layout)
        workspace = RowWorkspace(layout)
    }

    func run(_ target: any MergeTarget, _ keys: SortedItems) throws -> MergeCounts {
        let outcomes = try OutcomeTable(rows: stage.rows, directory: plan.workDirectory)
        try resolve(keys, target, outcomes)
        let updates = try classify(target, outcomes)
        let step = UpdateStep(workspace: workspace, rules: rules) { [self] changed in
            if changed { counts.updated += 1 } else { counts.unchanged += 1 }
            try advance()
        }
        try target.applyUpdates(updates, step)
        hooks.failpoint("merge.half")
        if !target.isEmpty, plan.policy.onNoMatch == .insert { try insertAll(target, outcomes) }
        hooks.progress(Int64(stage.rows))
        return counts
    }

    /// Of rows with one key the last in the file stands.
    private func resolve(_ keys: SortedItems, _ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        var tick = 0
        let held = HeldItem()
        while true {
            let item = try keys.next()
            if let item, held.isHeld, compareBytes(item.key, held.item.key) == 0 {
                try outcomes.set(Int(held.item.ordinal), OutcomeTable.Outcome.overtaken)
            } else if held.isHeld {
                try resolve(held.item, target, outcomes)
            }
            guard let item else { break }
            held.hold(item)
            tick += 1
            if tick & 0xfff == 0, hooks.isCancelled() { throw AudienceStoreError.cancelled() }
        }
        try outcomes.rewind()
    }

    private func resolve(_ item: SortItem, _ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        let row = Int(item.ordinal)
        switch target.isEmpty ? .none : try target.match(item.key) {
        case .one(let id): try outcomes.set(row, id)
        case .several: try outcomes.set(row, OutcomeTable.Outcome.ambiguous)
        case .none:
            try outcomes.set(row, OutcomeTable.Outcome.noMatch)
            if plan.policy.onNoMatch == .insert { try target.willInsert(item, rowID: target.firstNewRowID + Int64(row)) }
        }
    }

    /// Counts what needs no look at the list's row, and sorts the rest by the row it meets.
    private func classify(_ target: any MergeTarget, _ outcomes: OutcomeTable) throws -> SortedItems {
        let updates = ExternalSorter(directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 2)
        let rows = try stage.reader()
        var row = 0
        while try rows.next() {
            let outcome = try outcomes.outcome(row)
            switch outcome {
            case OutcomeTable.Outcome.keyless: try reject(rows.line, .emptyMatchKey)
            case OutcomeTable.Outcome.ambiguous: try reject(rows.line, .ambiguousMatch)
            case OutcomeTable.Outcome.overtaken:
                counts.duplicates += 1
                try advance()
            case OutcomeTable.Outcome.noMatch:
                if plan.policy.onNoMatch == .skip {
                    counts.skipped += 1
                    try advance()
                } else if target.isEmpty {
                    try insert(target, rows.record, row)
                }
            default:
                if plan.policy.onMatch == .keep {
                    counts.unchanged += 1
                    try advance()
                } else {
                    let place = try updates.add(ordinal: UInt64(row), keyLength: 8, payloadLength: rows.record.count)
                    MatchKey.write(outcome, to: place)
                    if let base = rows.record.baseAddress { (place + 8).copyMemory(from: base, byteCount: rows.record.count) }
                }
            }
            row += 1
        }
        return try updates.sorted()
    }

    private func insertAll(_ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        try outcomes.rewind()
        let rows = try stage.reader()
        var row = 0
        while try rows.next() {
            if try outcomes.outcome(row) == OutcomeTable.Outcome.noMatch { try insert(target, rows.record, row) }
            row += 1
        }
    }

    @inline(__always)
    private func insert(_ target: any MergeTarget, _ record: UnsafeRawBufferPointer, _ row: Int) throws {
        try workspace.readStaged(record)
        workspace.clearTable()
        rules.insert(UnsafePointer(workspace.staged), into: workspace.table)
        try target.insert(target.firstNewRowID + Int64(row), workspace)
        counts.inserted += 1
        try advance()
    }

    private func reject(_ line: Int64, _ reason: RejectReason) throws {
        try hooks.reject(StagedReject(line: line, reason: reason))
        counts.rejected += 1
        try advance()
    }

    @inline(__always)
    private func advance() throws {
        done += 1
        guard done & 0xfff == 0 else { return }
        if hooks.isCancelled() { throw AudienceStoreError.cancelled() }
        hooks.progress(done)
    }
}

/// A copy of a sorted item, so that the one after it can be asked for.
private final class HeldItem {
    private(set) var isHeld = false
    private var memory = UnsafeMutableRawPointer.allocate(byteCount: 1024, alignment: 8)
    private var capacity = 1024

    deinit { memory.deallocate() }

    /// Valid until `hold`.
    var item: SortItem { SortItem(start: UnsafeRawPointer(memory)) }

    func hold(_ item: SortItem) {
        let length = item.length
        if length > capacity {
            memory.deallocate()
            capacity = length * 2
            memory = .allocate(byteCount: capacity, alignment: 8)
        }
        memory.copyMemory(from: item.start, byteCount: length)
        isHeld = true
    }
}

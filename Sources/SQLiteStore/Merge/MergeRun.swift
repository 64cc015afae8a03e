import ConnectModel
import StoreAPI

/// One merge of the staged rows with a target: resolve keys in key order, then go through the rows in file order.
/// The same for every target, so that what is previewed, looked up or rewritten counts the same.
final class MergeRun {
    private let plan: TableLoadPlan
    private let stage: RowStage
    private let rules: MergeRules
    private let workspace: RowWorkspace
    private let hooks: Hooks
    private let isExtension: Bool
    private let hasKeys: Bool
    /// The rows that this load met or made, where somebody wants to know.
    let loaded: LoadedRows?
    private var counts = MergeCounts()
    private var done: Int64 = 0

    struct Hooks {
        var reject: (StagedReject) throws -> Void
        var progress: (Int64) -> Void
        var isCancelled: () -> Bool
        var failpoint: (String) -> Void
    }

    init(_ plan: TableLoadPlan, _ layout: MergeLayout, _ stage: RowStage, change: Int64, _ hooks: Hooks) throws {
        self.plan = plan
        self.stage = stage
        self.hooks = hooks
        rules = try MergeRules(plan, layout, change: change)
        workspace = RowWorkspace(layout)
        isExtension = layout.table.kind.isExtension
        hasKeys = !layout.keys.isEmpty
        let isWanted = plan.loadSet != nil || plan.customEvent != nil
        loaded = isWanted ? LoadedRows(directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 4) : nil
    }

    /// `resolver` gives nil when no key can have a row; what it gives is let go once the keys are resolved.
    func run(_ resolver: () throws -> (any KeyResolver)?, _ target: any MergeTarget, _ keys: SortedItems) throws -> MergeCounts {
        let outcomes = try OutcomeTable(rows: stage.rows, directory: plan.workDirectory)
        try resolve(keys, try resolver(), target, outcomes)
        let updates = try classify(target, outcomes)
        let step = UpdateStep(workspace: workspace, rules: rules, insertsMissing: isExtension ? plan.policy.onNoMatch == .insert : nil) {
            [self] decision, id in
            switch decision {
            case .updated: counts.updated += 1
            case .unchanged: counts.unchanged += 1
            case .inserted: counts.inserted += 1
            case .skipped: counts.skipped += 1
            }
            if decision != .skipped { try loaded?.add(id) }
            try advance()
        }
        try target.applyUpdates(updates, step)
        hooks.failpoint("merge.half")
        if !target.isEmpty, makesNewRows { try insertAll(target, outcomes) }
        hooks.progress(Int64(stage.rows))
        return counts
    }

    /// Whether a record without a match becomes a row of its own id; rows of extensions have the ids of their owner's.
    private var makesNewRows: Bool { !isExtension && plan.policy.onNoMatch == .insert }

    /// Of rows with one key the last in the file stands.
    private func resolve(_ keys: SortedItems, _ resolver: (any KeyResolver)?, _ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        var tick = 0
        let held = HeldItem()
        while true {
            let item = try keys.next()
            if let item, held.isHeld, compareBytes(item.key, held.item.key) == 0 {
                try outcomes.set(Int(held.item.ordinal), OutcomeTable.Outcome.overtaken)
            } else if held.isHeld {
                try resolve(held.item, resolver, target, outcomes)
            }
            guard let item else { break }
            held.hold(item)
            tick += 1
            if tick & 0xfff == 0, hooks.isCancelled() { throw AudienceStoreError.cancelled() }
        }
        try outcomes.rewind()
    }

    private func resolve(_ item: SortItem, _ resolver: (any KeyResolver)?, _ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        let row = Int(item.ordinal)
        switch try resolver?.match(item.key) ?? .none {
        case .one(let id): try outcomes.set(row, id)
        case .several: try outcomes.set(row, OutcomeTable.Outcome.ambiguous)
        case .none:
            try outcomes.set(row, OutcomeTable.Outcome.noMatch)
            if makesNewRows { try target.willInsert(item, rowID: target.firstNewRowID + Int64(row)) }
        }
    }

    /// Counts what needs no look at the table's row, and sorts the rest by the row it meets.
    private func classify(_ target: any MergeTarget, _ outcomes: OutcomeTable) throws -> SortedItems {
        let updates = ExternalSorter(directory: plan.workDirectory, memoryLimit: plan.memoryLimit / 2)
        let rows = try stage.reader()
        var row = 0
        while try rows.next() {
            switch try outcome(row, outcomes) {
            case OutcomeTable.Outcome.keyless: try reject(rows.line, .emptyMatchKey)
            case OutcomeTable.Outcome.ambiguous: try reject(rows.line, plan.policy.onMatch == .reject ? .keyTaken : .ambiguousMatch)
            case OutcomeTable.Outcome.overtaken:
                counts.duplicates += 1
                try advance()
            case OutcomeTable.Outcome.noMatch: try classifyUnmatched(rows, row, target)
            case let id: try classifyMatched(rows, row, id, updates)
            }
            row += 1
        }
        return try updates.sorted()
    }

    private func classifyUnmatched(_ rows: StagedRows, _ row: Int, _ target: any MergeTarget) throws {
        if isExtension, plan.policy.unknownPerson == .reject {
            try reject(rows.line, .unknownPerson)
        } else if !makesNewRows {
            counts.skipped += 1
            try advance()
        } else if target.isEmpty {
            try insert(target, rows.record, row)
        }
    }

    private func classifyMatched(_ rows: StagedRows, _ row: Int, _ id: Int64, _ updates: ExternalSorter) throws {
        if plan.policy.onMatch == .reject, !isExtension { return try reject(rows.line, .keyTaken) }
        // Whether an extension has a row for this person is not known yet.
        if plan.policy.onMatch == .keep, !isExtension {
            counts.unchanged += 1
            try loaded?.add(id)
            return try advance()
        }
        let place = try updates.add(ordinal: UInt64(row), keyLength: 8, payloadLength: rows.record.count)
        MatchKey.write(id, to: place)
        if let base = rows.record.baseAddress { (place + 8).copyMemory(from: base, byteCount: rows.record.count) }
    }

    /// Where a table has no key every record is a new row.
    private func outcome(_ row: Int, _ outcomes: OutcomeTable) throws -> Int64 {
        hasKeys ? try outcomes.outcome(row) : OutcomeTable.Outcome.noMatch
    }

    private func insertAll(_ target: any MergeTarget, _ outcomes: OutcomeTable) throws {
        try outcomes.rewind()
        let rows = try stage.reader()
        var row = 0
        while try rows.next() {
            if try outcome(row, outcomes) == OutcomeTable.Outcome.noMatch { try insert(target, rows.record, row) }
            row += 1
        }
    }

    @inline(__always)
    private func insert(_ target: any MergeTarget, _ record: UnsafeRawBufferPointer, _ row: Int) throws {
        try workspace.readStaged(record)
        workspace.clearTable()
        rules.insert(UnsafePointer(workspace.staged), into: workspace.table)
        let id = target.firstNewRowID + Int64(row)
        try target.insert(id, workspace)
        try loaded?.add(id)
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

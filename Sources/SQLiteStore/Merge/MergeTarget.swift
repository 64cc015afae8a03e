import ConnectModel

/// Rows of the list, as a merge looks them up and writes them. Keys come ascending, then updates by ascending id, then inserts likewise.
protocol MergeTarget: AnyObject {
    /// No row of the list can match: rows need not be kept back until the updates are done.
    var isEmpty: Bool { get }
    /// The id the staged row 0 gets if it is inserted; row n gets n more.
    var firstNewRowID: Int64 { get }
    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch
    /// The staged row of this key will be inserted under this id.
    func willInsert(_ item: SortItem, rowID: Int64) throws
    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws
    /// `workspace.table` is the row.
    func insert(_ rowID: Int64, _ workspace: RowWorkspace) throws
}

enum KeyMatch {
    case none
    case one(Int64)
    case several
}

/// Decides over one matched row: `workspace.table` holds the row of the list and is changed. True when there is something to write.
struct UpdateStep {
    let workspace: RowWorkspace
    let rules: MergeRules
    let decided: (Bool) throws -> Void

    @inline(__always)
    func decide(_ staged: UnsafeRawBufferPointer) throws -> Bool {
        try workspace.readStaged(staged)
        let changes = rules.update(UnsafePointer(workspace.staged), workspace.table, changed: &workspace.changed)
        try decided(changes)
        return changes
    }
}

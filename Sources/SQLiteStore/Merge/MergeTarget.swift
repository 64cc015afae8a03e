import ConnectModel

/// Rows of the table that a merge changes. Updates come by ascending id, then inserts likewise.
protocol MergeTarget: AnyObject {
    /// There are no rows, or none that stay: new ones need not be kept back until the updates are done.
    var isEmpty: Bool { get }
    /// The id the staged row 0 gets if it is inserted; row n gets n more.
    var firstNewRowID: Int64 { get }
    /// The staged row of this key will be inserted under this id. Called in the order of the keys.
    func willInsert(_ item: SortItem, rowID: Int64) throws
    func applyUpdates(_ updates: SortedItems, _ step: UpdateStep) throws
    /// `workspace.table` is the row.
    func insert(_ rowID: Int64, _ workspace: RowWorkspace) throws
}

/// Decides over one staged row and the row whose id it was found to have.
struct UpdateStep {
    let workspace: RowWorkspace
    let rules: MergeRules
    /// Whether a row that is not there is made; nil where every id that was found is one of the table itself.
    let insertsMissing: Bool?
    /// With the row's id.
    let decided: (Decision, Int64) throws -> Void

    enum Decision {
        case updated, unchanged, inserted, skipped
    }

    /// `workspace.table` holds the row of the table and is changed. True when there is something to write.
    @inline(__always)
    func decide(_ staged: UnsafeRawBufferPointer, _ rowID: Int64) throws -> Bool {
        try workspace.readStaged(staged)
        let changes = rules.update(UnsafePointer(workspace.staged), workspace.table, changed: &workspace.changed)
        try decided(changes ? .updated : .unchanged, rowID)
        return changes
    }

    /// The table has no row of this id. True when `workspace.table` is now the row to insert.
    @inline(__always)
    func decideMissing(_ staged: UnsafeRawBufferPointer, _ rowID: Int64, _ path: String) throws -> Bool {
        guard let insertsMissing else { throw AudienceStoreError.corrupt(path, "an index names a row that is not there") }
        if insertsMissing {
            try workspace.readStaged(staged)
            workspace.clearTable()
            rules.insert(UnsafePointer(workspace.staged), into: workspace.table)
        }
        try decided(insertsMissing ? .inserted : .skipped, rowID)
        return insertsMissing
    }
}

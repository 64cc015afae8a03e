public import ConnectModel
public import RecordEngine

/// Rows to be read for an export: whose, which columns, and whether only what has changed (EXP-1, EXP-2).
public struct RowSelection: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// Every row of a table of any kind.
        case table(String)
        /// Rows of a table that meet an SQL expression over its fields. Extensions of the table are joined where the expression names them
        /// (`TIERS.LEVEL`); any other table can be asked by a subquery. Read-only.
        case filtered(table: String, condition: String)
        /// Rows of a SELECT over any tables. Read-only.
        case view(sql: String)
    }

    public var source: Source
    /// In this order; empty: every field there is.
    public var fields: [String]
    /// Only rows that were inserted or updated after this mark; nil asks for all. Of a view, rows whose MODIFIED_DATE_ is not before the first
    /// change after the mark, and all of them when a table has changed that this date is not of: a row may come twice, and none is missed.
    public var changedSince: ChangeMark?
    /// Not those changed after this mark. Not for views, whose rows have no such number.
    public var changedThrough: ChangeMark?
    /// Only rows of the latest load of this name (IMP-10).
    public var loadSet: String?
    public var limit: Int?
    /// Longest time for a condition or view; nil: the store's own limit.
    public var timeLimitSeconds: Int?

    public init(_ source: Source, fields: [String] = [], changedSince: ChangeMark? = nil, loadSet: String? = nil, limit: Int? = nil) {
        self.source = source
        self.fields = fields
        self.changedSince = changedSince
        self.loadSet = loadSet
        self.limit = limit
    }
}

/// Rows of one snapshot, in the order of their ids (views: in the order of the SELECT). Used by one thread, within the call that gave it.
public protocol RowReader: AnyObject {
    /// Of the batches' columns, in order.
    var fields: [Field] { get }
    /// What the snapshot holds.
    var mark: ChangeMark { get }
    /// Fills `batch`, which has as many columns as there are fields and is emptied first. False at the end; the batch is then empty.
    func read(into batch: RecordBatch) throws -> Bool
}

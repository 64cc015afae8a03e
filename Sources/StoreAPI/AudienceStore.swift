public import ConnectModel

/// Where people and everything about them lives: tables of every kind. Any thread; each load belongs to one thread at a time.
/// All throw `ConnectError`.
public protocol AudienceStore: AnyObject, Sendable {
    /// Throws `table.exists`, `table.missing` for its owner, or `configuration` with the field at fault.
    func create(_ table: AudienceTable) throws
    /// By name; nil asks for tables of every kind.
    func tables(of kind: TableKind?) throws -> [AudienceTable]
    /// Throws `table.missing` naming the tables there are.
    func table(named name: String) throws -> AudienceTable
    func addFields(_ fields: [Field], to table: String) throws
    /// Throws `table.owner` while other tables belong to it.
    func dropTable(named name: String) throws
    /// Drops what the host made and whose time has come (IMP-14), each at most once; returns their names. Tables that a load or a
    /// reader holds wait for the next call.
    func dropExpired(atUnixMilliseconds now: Int64) throws -> [String]

    func count(of table: String) throws -> Int64
    /// Rows as text in the table's field order, nil where empty; `condition` is an SQL expression over the fields, read-only,
    /// refused (`query.invalid`) when it does not compile or tries to do anything but look.
    func query(_ query: TableQuery, _ row: ([String?]) throws -> Void) throws -> [String]

    /// The values of some fields as text, nil where empty, in the rows of these ids (`RIID_`). Ids that no row has are left out.
    func values(of fields: [String], in table: String, ids: [Int64]) throws -> [Int64: [String?]]

    /// Gives `body` the rows of a selection as batches, all from one snapshot of each table. Throws `table.missing`, `field.missing`, and
    /// `query.invalid` with the place of the fault in a condition or view.
    func read(_ selection: RowSelection, _ body: (any RowReader) throws -> Void) throws

    /// What an earlier attempt of this run has committed, or nil: the witness (IMP-17).
    func appliedLoad(run: RunID) throws -> LedgerEntry?
    /// Loads of a table, newest first.
    func ledger(_ query: LedgerQuery) throws -> [LedgerEntry]
    func beginLoad(_ plan: TableLoadPlan) throws -> any TableLoad

    /// The latest load of every name that is kept in a table (IMP-10), by name.
    func loadSets(of table: String) throws -> [LoadSet]
    /// Custom events that loads have raised for their customers, in the order in which the loads committed (IMP-11).
    /// Begin with nil; go on from the last event's place.
    func customEvents(of table: String, after place: CustomEvent.Place?, limit: Int) throws -> [CustomEvent]
    /// Forgets events up to and with a place: whoever has taken them over durably says so.
    func discardCustomEvents(of table: String, through place: CustomEvent.Place) throws

    /// Frees what interrupted loads left behind (spill files of runs that are not in `living`).
    func sweep(living: Set<RunID>) throws
}

extension AudienceStore {
    /// The profile lists.
    public func lists() throws -> [AudienceTable] { try tables(of: .list) }
}

/// Which loads of a table; nil asks for any.
public struct LedgerQuery: Sendable {
    public var table: String
    public var job: JobID
    public var path: String?
    public var sha256: String?
    public var limit: Int

    public init(table: String, job: JobID, path: String? = nil, sha256: String? = nil, limit: Int = 10) {
        self.table = table
        self.job = job
        self.path = path
        self.sha256 = sha256
        self.limit = limit
    }
}

/// A look at the rows of one table, of any kind.
public struct TableQuery: Sendable {
    public var table: String
    /// Empty: every field.
    public var fields: [String]
    public var condition: String?
    /// Only rows of the latest load of this name (IMP-10); `load.missing` when there is none.
    public var loadSet: String?
    public var limit: Int?

    public init(table: String, fields: [String] = [], condition: String? = nil, loadSet: String? = nil, limit: Int? = nil) {
        self.table = table
        self.fields = fields
        self.condition = condition
        self.loadSet = loadSet
        self.limit = limit
    }
}

/// The rows that the latest load of a name met or made, kept until the next load of that name (IMP-10).
public struct LoadSet: Sendable, Codable, Equatable {
    public var name: String
    public var run: RunID
    public var rows: Int64
    public var loadedAtUnixMilliseconds: Int64

    public init(name: String, run: RunID, rows: Int64, loadedAtUnixMilliseconds: Int64) {
        self.name = name
        self.run = run
        self.rows = rows
        self.loadedAtUnixMilliseconds = loadedAtUnixMilliseconds
    }
}

/// One custom event of one customer, raised by a load and committed with it, once (IMP-11).
public struct CustomEvent: Sendable, Codable, Equatable {
    /// Grows in commit order within a table; never given twice.
    public struct Place: Sendable, Codable, Equatable, Comparable {
        /// Of the load within the table.
        public var load: Int64
        public var recipient: Int64

        public init(load: Int64, recipient: Int64) {
            self.load = load
            self.recipient = recipient
        }

        public static func < (left: Place, right: Place) -> Bool { (left.load, left.recipient) < (right.load, right.recipient) }
    }

    public var place: Place
    public var name: String
    public var run: RunID
    public var raisedAtUnixMilliseconds: Int64

    public init(place: Place, name: String, run: RunID, raisedAtUnixMilliseconds: Int64) {
        self.place = place
        self.name = name
        self.run = run
        self.raisedAtUnixMilliseconds = raisedAtUnixMilliseconds
    }

    /// The RIID_ of the row.
    public var recipient: Int64 { place.recipient }
    /// The same whenever the event is read, for receivers that drop repeats.
    public var id: String { "\(run)-\(name)-\(recipient)" }
}

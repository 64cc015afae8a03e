/// How far the changes of some tables have been seen: of each table the number of its last committed change. Numbers grow in the order in which
/// loads commit, so what commits later is always above the mark, however long it took and whatever its clock said (EXP-2).
public struct ChangeMark: Sendable, Codable, Equatable {
    public struct Place: Sendable, Codable, Equatable {
        /// Of the table; another one that takes over its name is another table.
        public var table: Int64
        public var change: Int64

        public init(table: Int64, change: Int64) {
            self.table = table
            self.change = change
        }
    }

    /// By the table's name.
    public var places: [String: Place]

    public init(_ places: [String: Place]) { self.places = places }
}

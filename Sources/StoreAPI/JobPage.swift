/// A part of the jobs, in an order that the store itself knows.
public struct JobPage: Sendable, Equatable {
    public enum Order: Sendable {
        case id, name, kind
        /// Next start first; jobs without one last.
        case next
    }

    public var kind: String?
    public var active: Bool?
    /// Within equal ones by id.
    public var order: Order
    /// The whole order turned round.
    public var descending: Bool
    /// How many come before this part.
    public var offset: Int
    public var limit: Int

    public init(kind: String? = nil, active: Bool? = nil, order: Order = .id, descending: Bool = false, offset: Int = 0, limit: Int) {
        self.kind = kind
        self.active = active
        self.order = order
        self.descending = descending
        self.offset = offset
        self.limit = limit
    }
}

/// Which jobs to list, which part of them, and in which order (MGT-1).
public struct JobQuery: Sendable {
    public enum Order: String, Sendable, CaseIterable {
        case id, name, kind, group, next, previous, status
    }

    /// Any part of name or description, whatever its case.
    public var text: String?
    public var kind: String?
    public var group: String?
    public var active: Bool?
    public var running = false
    public var scheduleKind: Schedule.Kind?
    /// Status of the last run.
    public var lastStatus: RunStatus?
    public var order = Order.id
    public var descending = false
    /// How many of those that fit are left out at the beginning.
    public var offset = 0
    /// Most jobs to list; all where nil.
    public var limit: Int?
    public init() {}
}

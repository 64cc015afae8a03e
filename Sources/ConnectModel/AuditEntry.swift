/// One change that somebody made, written in the transaction that made it. Secrets appear by name only (OPS-3).
public struct AuditEntry: Sendable, Codable, Equatable {
    public enum Action: String, Sendable, Codable, CaseIterable {
        case create, update, remove
        /// A secret was given, or its key was changed.
        case seal
        /// A message of the outbox was retried or dropped.
        case retry, drop
        /// A run was begun by hand, or stopped.
        case start, stop
    }

    /// Counts up within an installation.
    public var number: Int64
    public var atUnixMilliseconds: Int64
    /// The user of the operating system: "ann (1000)".
    public var actor: String
    public var action: Action
    /// "server/partner", "job/Nightly contacts", "setting/mail", "list/CONTACTS", "run/3.17".
    public var object: String
    public var before: JSONValue?
    public var after: JSONValue?

    public init(
        number: Int64, atUnixMilliseconds: Int64, actor: String, action: Action, object: String, before: JSONValue?, after: JSONValue?
    ) {
        self.number = number
        self.atUnixMilliseconds = atUnixMilliseconds
        self.actor = actor
        self.action = action
        self.object = object
        self.before = before
        self.after = after
    }
}

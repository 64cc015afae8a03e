public import ConnectModel

/// The durable outbox: what shall follow runs and has not been delivered yet. Any thread; all throw `ConnectError`.
///
/// Only one deliverer works at a time, who holds the home's outbox; the store itself hands a message out once all the same.
public protocol OutboxStore: AnyObject, Sendable {
    /// Newest first. No states: of every state.
    func outbox(states: Set<OutboxState>, limit: Int) throws -> [OutboxMessage]
    /// By number or id.
    func outboxMessage(_ reference: String) throws -> OutboxMessage?
    /// Adds messages; one whose id is there already is left out, so that this may be repeated.
    func enqueue(_ messages: [OutboxMessage]) throws
    /// Makes what a deliverer that is gone had begun waiting again, and returns it. The caller holds the outbox.
    func returnBegunMessages(atUnixMilliseconds now: Int64) throws -> [OutboxMessage]
    /// Takes the oldest message that is due and goes to none of `busy` ("mail", "hook/crm"), counts the attempt, and returns it.
    func beginDelivery(atUnixMilliseconds now: Int64, busy: Set<String>) throws -> OutboxMessage?
    /// Writes down what became of a message that was begun, with what follows from it, in one transaction.
    func settle(_ message: OutboxMessage, adding messages: [OutboxMessage]) throws
    /// When the next message is due; nil when none waits.
    func nextDelivery() throws -> Int64?
    /// A person's wish. Throws `outbox.state` where the state does not allow it. A retried message starts anew, due at `now`.
    func change(_ message: OutboxMessage, to state: OutboxState, atUnixMilliseconds now: Int64) throws -> OutboxMessage
    /// Removes delivered and dropped messages that were settled before the time; returns how many.
    func pruneOutbox(settledBefore limit: Int64) throws -> Int
}

/// Settings of the installation that are one value each, and the hooks of its events.
public protocol SettingStore: AnyObject, Sendable {
    func setting(_ name: String) throws -> JSONValue?
    /// nil removes it.
    func setSetting(_ name: String, _ value: JSONValue?) throws
    func hooks() throws -> [EventHook]
    /// Adds the hook or takes the place of the one with its name.
    func save(_ hook: EventHook) throws
    /// Removes the hook and its secrets.
    func removeHook(named name: String) throws
}

/// What was changed, by whom. Every store writes its entries itself, in the transaction of the change.
public protocol AuditLog: AnyObject, Sendable {
    /// Newest first. `object` is a whole name ("job/Nightly") or ends in "/" for all of a kind; nil takes every one.
    func audit(object: String?, actor: String?, sinceUnixMilliseconds: Int64?, limit: Int) throws -> [AuditEntry]
    /// For a change that lies in another store, noted after it was made.
    func note(_ action: AuditEntry.Action, _ object: String, before: JSONValue?, after: JSONValue?) throws
}

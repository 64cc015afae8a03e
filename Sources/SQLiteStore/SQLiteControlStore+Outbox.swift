public import ConnectModel
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func outbox(states: Set<OutboxState>, limit: Int) throws -> [OutboxMessage] {
        let wanted = (states.isEmpty ? Set(OutboxState.allCases) : states).map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        return try read { db in
            try String.fetchAll(db, sql: "SELECT body FROM outbox WHERE state IN (\(wanted)) ORDER BY number DESC LIMIT ?", arguments: [limit]).map(
                decode)
        }
    }

    public func outboxMessage(_ reference: String) throws -> OutboxMessage? {
        try read { db in
            try String.fetchOne(db, sql: "SELECT body FROM outbox WHERE id = ?1 OR number = ?2", arguments: [reference, Int64(reference)]).map(decode)
        }
    }

    public func enqueue(_ messages: [OutboxMessage]) throws {
        try write { db in try enqueue(messages, db) }
    }

    /// Within the transaction that brings the messages about.
    func enqueue(_ messages: [OutboxMessage], _ db: Database) throws {
        for message in messages {
            try db.execute(
                sql: "INSERT INTO outbox (id, lane, state, due, body) VALUES (?, ?, ?, ?, '') ON CONFLICT (id) DO NOTHING",
                arguments: [message.id, message.lane, message.state.rawValue, message.dueAtUnixMilliseconds])
            guard db.changesCount == 1 else { continue }
            var stored = message
            stored.number = db.lastInsertedRowID
            try db.execute(sql: "UPDATE outbox SET body = ? WHERE number = ?", arguments: [try encode(stored), stored.number])
        }
    }

    public func returnBegunMessages(atUnixMilliseconds now: Int64) throws -> [OutboxMessage] {
        try write { db in
            let begun: [OutboxMessage] = try String.fetchAll(db, sql: "SELECT body FROM outbox WHERE state = 'delivering' ORDER BY number").map(
                decode)
            return try begun.map { message in
                var message = message
                message.state = .waiting
                message.dueAtUnixMilliseconds = now
                try store(message, db)
                return message
            }
        }
    }

    public func beginDelivery(atUnixMilliseconds now: Int64, busy: Set<String>) throws -> OutboxMessage? {
        try write { db in
            let others = Array(repeating: "?", count: busy.count).joined(separator: ", ")
            let found: OutboxMessage? = try String.fetchOne(
                db, sql: "SELECT body FROM outbox WHERE state = 'waiting' AND due <= ? AND lane NOT IN (\(others)) ORDER BY due, number LIMIT 1",
                arguments: StatementArguments([now]) + StatementArguments(busy.sorted())
            ).map(decode)
            guard var message = found else { return nil }
            message.state = .delivering
            message.attempts += 1
            try store(message, db)
            return message
        }
    }

    public func settle(_ message: OutboxMessage, adding messages: [OutboxMessage]) throws {
        try write { db in
            guard let current = try fetch(message.number, db), current.state == .delivering, current.attempts == message.attempts,
                OutboxState.delivering.successors.contains(message.state)
            else { throw ControlStoreError.outboxStale(message.id) }
            try store(message, db)
            try enqueue(messages, db)
        }
    }

    public func nextDelivery() throws -> Int64? {
        try read { db in try Int64.fetchOne(db, sql: "SELECT due FROM outbox WHERE state = 'waiting' ORDER BY due, number LIMIT 1") }
    }

    public func change(_ message: OutboxMessage, to state: OutboxState, atUnixMilliseconds now: Int64) throws -> OutboxMessage {
        try write { db in
            guard var current = try fetch(message.number, db) else { throw ControlStoreError.outboxMissing(message.id) }
            guard current.state.successors.contains(state) else { throw ControlStoreError.outboxState(current, state) }
            let before = current.state
            current.state = state
            if state == .waiting {
                current.attempts = 0
                current.dueAtUnixMilliseconds = now
            } else {
                current.settledAtUnixMilliseconds = now
            }
            try store(current, db)
            try record(
                db, state == .waiting ? .retry : .drop, "outbox/\(current.id)", before: .string(before.rawValue), after: .string(state.rawValue))
            return current
        }
    }

    public func pruneOutbox(settledBefore limit: Int64) throws -> Int {
        try write { db in
            try db.execute(sql: "DELETE FROM outbox WHERE state IN ('delivered', 'dropped') AND settled < ?", arguments: [limit])
            return db.changesCount
        }
    }

    private func fetch(_ number: Int64, _ db: Database) throws -> OutboxMessage? {
        try String.fetchOne(db, sql: "SELECT body FROM outbox WHERE number = ?", arguments: [number]).map(decode)
    }

    private func store(_ message: OutboxMessage, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE outbox SET state = ?, due = ?, settled = ?, body = ? WHERE number = ?",
            arguments: [
                message.state.rawValue, message.dueAtUnixMilliseconds, message.settledAtUnixMilliseconds, try encode(message), message.number,
            ])
    }
}

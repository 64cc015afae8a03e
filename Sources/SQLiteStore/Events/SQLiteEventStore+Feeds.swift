import ConnectModel
import RecordEngine
public import StoreAPI

extension SQLiteEventStore {
    public func customColumns(ofChannel channel: String) throws -> [String] { try customColumns()[channel] ?? [] }

    public func customColumns() throws -> [String: [String]] {
        let statement = try open().prepare("SELECT channel, name FROM custom_column ORDER BY channel, position")
        var found: [String: [String]] = [:]
        while try statement.step() { found[statement.text(0) ?? "", default: []].append(statement.text(1) ?? "") }
        return found
    }

    public func addCustomColumn(_ name: String, toChannel channel: String) throws {
        guard SQLiteEventIngest.isName(name) else { throw SQLiteEventIngest.fieldError(name) }
        let connection = try open()
        try connection.transaction {
            let count = try connection.prepare(
                "SELECT count(*), coalesce(max(position), 0), coalesce(sum(name = ?2), 0) FROM custom_column WHERE channel = ?1")
            count.bind(1, channel)
            count.bind(2, name)
            guard try count.step() else { return }
            guard count.integer(2) == 0 else {
                throw ConnectError("event.columns", .configuration, "The channel \"\(channel)\" has a column \(name) already.")
            }
            guard count.integer(0) < Self.customColumnLimit else {
                throw ConnectError(
                    "event.columns", .configuration,
                    "The channel \"\(channel)\" has \(Self.customColumnLimit) columns of its own already, which is the most there can be.")
            }
            let insert = try connection.prepare("INSERT INTO custom_column (channel, position, name) VALUES (?, ?, ?)")
            insert.bind(1, channel)
            insert.bind(2, count.integer(1) + 1)
            insert.bind(3, name)
            try insert.run()
        }
    }

    public func position(ofType type: String) throws -> FeedPosition { try position(ofType: type, open()) }

    private func position(ofType type: String, _ connection: SQLiteConnection) throws -> FeedPosition {
        let statement = try connection.prepare(
            "SELECT (SELECT number FROM feed_mark WHERE type = ?1), (SELECT body FROM feed_delivery WHERE type = ?1), (SELECT file FROM feed_mark WHERE type = ?1)"
        )
        statement.bind(1, type)
        guard try statement.step() else { return FeedPosition(mark: 0, delivery: nil, lastFile: nil) }
        return FeedPosition(mark: statement.integer(0), delivery: try statement.text(1).map { try decode($0) }, lastFile: statement.text(2))
    }

    public func begin(_ delivery: FeedDelivery, inPlaceOf earlier: FeedDelivery?) throws {
        let connection = try open()
        try connection.transaction {
            try check(earlier, ofType: delivery.type, connection)
            // A window that begins below the mark has been given since the mark was read.
            if earlier == nil, try position(ofType: delivery.type, connection).mark != delivery.after { throw Self.taken(delivery.type, by: nil) }
            let statement = try connection.prepare(
                "INSERT INTO feed_delivery (type, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
            statement.bind(1, delivery.type)
            statement.bind(2, try encode(delivery))
            try statement.run()
        }
    }

    public func complete(_ delivery: FeedDelivery) throws {
        let connection = try open()
        try connection.transaction {
            let stored = try position(ofType: delivery.type, connection)
            if stored.delivery == nil, stored.mark >= delivery.through, stored.lastFile == delivery.path { return }
            try check(delivery, ofType: delivery.type, connection)
            let mark = try connection.prepare(
                """
                INSERT INTO feed_mark (type, number, file) VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET number = max(number, excluded.number), file = excluded.file
                """)
            mark.bind(1, delivery.type)
            mark.bind(2, delivery.through)
            mark.bind(3, delivery.path)
            try mark.run()
            try forget(delivery, connection)
        }
    }

    public func abandon(_ delivery: FeedDelivery) throws {
        let connection = try open()
        try connection.transaction {
            try check(delivery, ofType: delivery.type, connection)
            try forget(delivery, connection)
        }
    }

    /// Within the transaction that changes it: a run that was given up for dead and wakes up again changes nothing of another's.
    private func check(_ expected: FeedDelivery?, ofType type: String, _ connection: SQLiteConnection) throws {
        let found = try position(ofType: type, connection).delivery
        if found != expected { throw Self.taken(type, by: found?.run) }
    }

    private static func taken(_ type: String, by run: RunID?) -> ConnectError {
        ConnectError(
            "feed.taken", .transient, "Events of type \(type) are being given by \(run.map { "run \($0)" } ?? "another run").",
            remedy: "The next run gives what is left.")
    }

    private func forget(_ delivery: FeedDelivery, _ connection: SQLiteConnection) throws {
        let statement = try connection.prepare("DELETE FROM feed_delivery WHERE type = ?")
        statement.bind(1, delivery.type)
        try statement.run()
    }
}

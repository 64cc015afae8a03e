import ConnectModel
import GRDBSQLite
import RecordEngine
public import StoreAPI

/// The event store in one SQLite file: for each type a table that is only appended to, in the order of commits, and one of keys.
///
/// A connection is opened for each call, which costs little beside what a call does; so calls from any thread never share one.
public final class SQLiteEventStore: EventStore {
    private let path: String
    private static let readChunk: Int64 = 100_000

    /// Opens or creates the file and brings its tables up to date.
    public init(path: String) throws {
        self.path = path
        let connection = try SQLiteConnection(path: path, mode: .creating)
        if try connection.integer("PRAGMA user_version") == 0 {
            try connection.execute("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL")
        }
        try AudienceMigrations.bring(connection, to: EventMigrations.steps)
    }

    func open() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, mode: .writing)
        try connection.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF")
        return connection
    }

    public func beginIngest(types: Set<String>?) throws -> any EventIngest {
        SQLiteEventIngest(try open(), allowed: types, ownNames: Set(try customColumns().values.joined()))
    }

    public func types() throws -> [EventTypeSummary] {
        let connection = try open()
        let statement = try connection.prepare(
            """
            SELECT name, events, newest, last_stored, coalesce((SELECT number FROM feed_mark WHERE type = event_type.name), 0)
            FROM event_type ORDER BY name
            """)
        var found: [EventTypeSummary] = []
        while try statement.step() {
            found.append(
                EventTypeSummary(
                    type: statement.text(0) ?? "", events: statement.integer(1), newest: statement.integer(2), exported: statement.integer(4),
                    lastStoredUnixMilliseconds: statement.isNull(3) ? nil : statement.integer(3)))
        }
        return found
    }

    public func newest(ofType type: String) throws -> Int64 {
        let connection = try open()
        let statement = try connection.prepare("SELECT newest FROM event_type WHERE name = ?")
        statement.bind(1, type)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// In pieces, each from a snapshot of its own, so that a long read does not keep the log from being written back.
    public func read(_ window: EventWindow, _ body: (StoredEvent) throws -> Void) throws {
        let connection = try open()
        guard let id = try Self.number(ofType: window.type, connection) else { return }
        let through = min(window.through, try newest(ofType: window.type))
        var after = window.after
        let statement = try connection.prepare(
            """
            SELECT number, captured, stored, body FROM event_\(id) WHERE number > ?1 AND number <= ?2
            AND (?3 IS NULL OR stored >= ?3) AND (?4 IS NULL OR stored < ?4) ORDER BY number
            """)
        while after < through {
            let end = min(through, after + Self.readChunk)
            statement.bind(1, after)
            statement.bind(2, end)
            for (place, time) in [(3, window.storedFrom), (4, window.storedBefore)] {
                if let time { statement.bind(place, time) } else { statement.bindNull(place) }
            }
            defer { statement.reset() }
            while try statement.step() {
                try body(
                    StoredEvent(
                        number: statement.integer(0), capturedUnixMilliseconds: statement.integer(1), storedUnixMilliseconds: statement.integer(2),
                        body: statement.bytes(3)))
            }
            after = end
        }
    }

    public func fields() throws -> [UInt32: String] {
        let statement = try open().prepare("SELECT id, name FROM field")
        var found: [UInt32: String] = [:]
        while try statement.step() { found[UInt32(clamping: statement.integer(0))] = statement.text(1) ?? "" }
        return found
    }

    static func number(ofType type: String, _ connection: SQLiteConnection) throws -> Int64? {
        let statement = try connection.prepare("SELECT id FROM event_type WHERE name = ?")
        statement.bind(1, type)
        return try statement.step() ? statement.integer(0) : nil
    }
}

import ConnectModel
import GRDBSQLite
import RecordEngine
import StoreAPI

/// Events on their way into the file, one transaction a batch. Keys go in sorted, so that the tree of keys is walked in order; events go in as they came.
final class SQLiteEventIngest: EventIngest {
    private let connection: SQLiteConnection
    /// nil: every type.
    private let allowed: Set<String>?
    private var types: [String: UInt32] = [:]
    private var fields: [String: UInt32] = [:]
    private let ownNames: Set<String>
    private(set) var ownColumns: Set<UInt32> = []

    /// - Parameter ownNames: the account's own columns, of whichever channel.
    init(_ connection: SQLiteConnection, allowed: Set<String>?, ownNames: Set<String>) {
        self.connection = connection
        self.allowed = allowed
        self.ownNames = ownNames
    }

    func type(_ name: String) throws -> UInt32 {
        if let known = types[name] { return known }
        guard Self.isName(name) else {
            throw ConnectError("event.type", .data, "\"\(name.prefix(80))\" is no event type: capital letters, digits and _, at most 64.")
        }
        guard allowed?.contains(name) ?? true else {
            let close = allowed.flatMap { Similarity.closest(to: name, among: $0.sorted()) }
            throw ConnectError("event.type", .data, "There is no event type \"\(name)\"." + (close.map { " Did you mean \"\($0)\"?" } ?? ""))
        }
        let number = try self.number(of: name, in: "event_type") { try connection.execute(EventMigrations.tables(of: $0)) }
        types[name] = number
        return number
    }

    func field(_ name: String) throws -> UInt32 {
        if let known = fields[name] { return known }
        guard Self.isName(name) else { throw Self.fieldError(name) }
        let number = try self.number(of: name, in: "field") { _ in }
        fields[name] = number
        if ownNames.contains(name) { ownColumns.insert(number) }
        return number
    }

    static func fieldError(_ name: String) -> ConnectError {
        ConnectError("event.field", .data, "\"\(name.prefix(80))\" is no name of a field: capital letters, digits, $, # and _, at most 64.")
    }

    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || [0x24, 0x23, 0x5F].contains($0) }
    }

    /// Numbers are given once and shared by all writers; a new one is durable before it is used.
    private func number(of name: String, in table: String, _ made: (Int64) throws -> Void) throws -> UInt32 {
        func find() throws -> Int64? {
            let statement = try connection.prepare("SELECT id FROM \(table) WHERE name = ?")
            statement.bind(1, name)
            return try statement.step() ? statement.integer(0) : nil
        }
        if let known = try find() { return UInt32(clamping: known) }
        return try connection.transaction {
            if let known = try find() { return UInt32(clamping: known) }
            let insert = try connection.prepare("INSERT INTO \(table) (name) VALUES (?)")
            insert.bind(1, name)
            try insert.run()
            let id = sqlite3_last_insert_rowid(connection.handle)
            try made(id)
            return UInt32(clamping: id)
        }
    }

    func store(_ batch: EventBatch, atUnixMilliseconds now: Int64) throws -> EventCounts {
        var counts = EventCounts()
        counts.rejected = Int64(batch.rejects.count)
        let entries = batch.entries
        guard !entries.isEmpty else { return counts }
        // Repeats within the batch come behind the first of them.
        let order = entries.indices.sorted { left, right in
            let (a, b) = (entries[left], entries[right])
            if a.type != b.type { return a.type < b.type }
            return a.key != b.key ? a.key < b.key : left < right
        }
        try connection.transaction {
            let isNew = try takeKeys(entries, order)
            for type in Set(entries.map(\.type)).sorted() { counts.stored += try append(type, entries, isNew, batch, now) }
        }
        counts.repeated = Int64(entries.count) - counts.stored
        return counts
    }

    /// Which entries are not there yet.
    private func takeKeys(_ entries: [EventEntry], _ order: [Int]) throws -> [Bool] {
        var isNew = [Bool](repeating: false, count: entries.count)
        var statement: SQLiteStatement?
        var type: UInt32?
        var bytes: (UInt64, UInt64) = (0, 0)
        try withUnsafeMutableBytes(of: &bytes) { buffer in
            for place in order {
                let entry = entries[place]
                if type != entry.type {
                    type = entry.type
                    statement = try connection.prepare("INSERT OR IGNORE INTO key_\(entry.type) (key) VALUES (?)")
                }
                buffer.storeBytes(of: entry.key.high.bigEndian, as: UInt64.self)
                buffer.storeBytes(of: entry.key.low.bigEndian, toByteOffset: 8, as: UInt64.self)
                statement?.bindBlob(1, UnsafeRawBufferPointer(buffer))
                try statement?.run()
                isNew[place] = connection.changes == 1
            }
        }
        return isNew
    }

    /// Appends the new events of one type under the next numbers.
    private func append(_ type: UInt32, _ entries: [EventEntry], _ isNew: [Bool], _ batch: EventBatch, _ now: Int64) throws -> Int64 {
        let first = try connection.integer("SELECT newest FROM event_type WHERE id = \(type)") ?? 0
        var number = first
        let insert = try connection.prepare("INSERT INTO event_\(type) (number, captured, stored, body) VALUES (?, ?, ?, ?)")
        for (place, entry) in entries.enumerated() where entry.type == type && isNew[place] {
            number += 1
            insert.bind(1, number)
            insert.bind(2, entry.capturedUnixMilliseconds)
            insert.bind(3, now)
            insert.bindBlob(4, batch.body(entry))
            try insert.run()
        }
        if number > first {
            try connection.execute(
                "UPDATE event_type SET newest = \(number), events = events + \(number - first), last_stored = \(now) WHERE id = \(type)")
        }
        return number - first
    }
}

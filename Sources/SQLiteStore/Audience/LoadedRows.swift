import ConnectModel
import StoreAPI

/// The rows that one load met or made, for the named set of it (IMP-10) and for the custom events of its customers (IMP-11).
///
/// Ids come in any order, are sorted in bounded memory, and stand in the table's file as differences, a few thousand to a BLOB:
/// one or two bytes a row, so that carrying a set of a million rows to the next generation of the file costs a copy of two megabytes.
/// Used by one thread.
final class LoadedRows {
    static let temporaryTable = "latest_load"
    private static let idsInBlob = 8192

    private let sorter: ExternalSorter
    private(set) var count: Int64 = 0

    init(directory: String, memoryLimit: Int) { sorter = ExternalSorter(directory: directory, memoryLimit: memoryLimit) }

    @inline(__always)
    func add(_ rowID: Int64) throws {
        MatchKey.write(rowID, to: try sorter.add(ordinal: 0, keyLength: 8, payloadLength: 0))
        count += 1
    }

    /// Call in the transaction that commits the load.
    func commit(_ plan: TableLoadPlan, _ connection: SQLiteConnection) throws {
        if let name = plan.loadSet { try replaceSet(name, plan, connection) }
        if let name = plan.customEvent { try raise(name, plan, connection) }
    }

    private func replaceSet(_ name: String, _ plan: TableLoadPlan, _ connection: SQLiteConnection) throws {
        for sql in ["DELETE FROM load_set_rows WHERE name = ?", "DELETE FROM load_set WHERE name = ?"] {
            let deletion = try connection.prepare(sql)
            deletion.bind(1, name)
            try deletion.run()
        }
        let set = try connection.prepare("INSERT INTO load_set (name, run, loaded_at, rows) VALUES (?, ?, ?, ?)")
        set.bind(1, name)
        set.bind(2, plan.run.description)
        set.bind(3, plan.loadedAtUnixMilliseconds)
        set.bind(4, count)
        try set.run()
        let rows = try connection.prepare("INSERT INTO load_set_rows (name, first, ids) VALUES (?, ?, ?)")
        try forEachBlob { first, ids in
            rows.bind(1, name)
            rows.bind(2, first)
            rows.bindBlob(3, ids)
            try rows.run()
        }
    }

    private func raise(_ name: String, _ plan: TableLoadPlan, _ connection: SQLiteConnection) throws {
        guard count > 0 else { return }
        let load = try TableFile.property("next_event_load", connection).flatMap { Int64($0) } ?? 1
        try TableFile.setProperty("next_event_load", String(load + 1), connection)
        let event = try connection.prepare("INSERT INTO custom_event (load, name, run, raised_at) VALUES (?, ?, ?, ?)")
        event.bind(1, load)
        event.bind(2, name)
        event.bind(3, plan.run.description)
        event.bind(4, plan.loadedAtUnixMilliseconds)
        try event.run()
        let rows = try connection.prepare("INSERT INTO custom_event_rows (load, first, ids) VALUES (?, ?, ?)")
        try forEachBlob { first, ids in
            rows.bind(1, load)
            rows.bind(2, first)
            rows.bindBlob(3, ids)
            try rows.run()
        }
    }

    private func forEachBlob(_ body: (Int64, UnsafeRawBufferPointer) throws -> Void) throws {
        let blob = UnsafeMutableRawBufferPointer.allocate(byteCount: 9 * LoadedRows.idsInBlob, alignment: 8)
        defer { blob.deallocate() }
        guard let base = blob.baseAddress else { return }
        var (first, last, held, used) = (Int64(0), Int64(0), 0, 0)
        let items = try sorter.sorted()
        while let item = try items.next() {
            let id = MatchKey.number(item.key)
            if held == LoadedRows.idsInBlob {
                try body(first, UnsafeRawBufferPointer(start: base, count: used))
                (held, used) = (0, 0)
            }
            if held == 0 { (first, last) = (id, id) }
            used += RecordFormat.writeVarint(UInt64(bitPattern: id &- last), to: base + used)
            (last, held) = (id, held + 1)
        }
        if held > 0 { try body(first, UnsafeRawBufferPointer(start: base, count: used)) }
    }

    /// Calls `body` with each id of a BLOB until it answers false.
    private static func forEachID(_ first: Int64, _ ids: UnsafeRawBufferPointer, _ body: (Int64) throws -> Bool) throws {
        guard let base = ids.baseAddress else { return }
        var (id, at) = (first, 0)
        while at < ids.count {
            let (difference, length) = RecordFormat.readVarint(base + at, limit: ids.count - at)
            guard length > 0 else { throw AudienceStoreError.corrupt("of the table", "the rows of a load cannot be read") }
            id &+= Int64(bitPattern: difference)
            at += length
            guard try body(id) else { return }
        }
    }

    static func sets(_ connection: SQLiteConnection) throws -> [LoadSet] {
        let statement = try connection.prepare("SELECT name, run, rows, loaded_at FROM load_set ORDER BY name")
        var sets: [LoadSet] = []
        while try statement.step() {
            guard let name = statement.text(0), let run = statement.text(1).flatMap(RunID.init) else { continue }
            sets.append(LoadSet(name: name, run: run, rows: statement.integer(2), loadedAtUnixMilliseconds: statement.integer(3)))
        }
        return sets
    }

    /// Puts the ids of a set into a temporary table of the connection. Throws `load.missing`.
    static func materialise(_ name: String, of table: String, _ connection: SQLiteConnection) throws {
        let sets = try sets(connection)
        guard sets.contains(where: { $0.name == name }) else { throw AudienceStoreError.loadMissing(name, table, sets.map(\.name)) }
        try connection.execute(
            "DROP TABLE IF EXISTS temp.\(temporaryTable); CREATE TEMP TABLE \(temporaryTable) (id INTEGER PRIMARY KEY)")
        let insertion = try connection.prepare("INSERT INTO temp.\(temporaryTable) (id) VALUES (?)")
        let blobs = try connection.prepare("SELECT first, ids FROM load_set_rows WHERE name = ? ORDER BY first")
        blobs.bind(1, name)
        while try blobs.step() {
            try forEachID(blobs.integer(0), blobs.bytes(1)) { id in
                insertion.bind(1, id)
                try insertion.run()
                return true
            }
        }
    }

    static func events(_ connection: SQLiteConnection, after place: CustomEvent.Place?, limit: Int) throws -> [CustomEvent] {
        let start = max(place ?? CustomEvent.Place(load: .min, recipient: .min), try discarded(connection))
        let loads = try connection.prepare("SELECT load, name, run, raised_at FROM custom_event WHERE load >= ? ORDER BY load")
        loads.bind(1, start.load)
        var events: [CustomEvent] = []
        while events.count < limit, try loads.step() {
            let load = loads.integer(0)
            guard let name = loads.text(1), let run = loads.text(2).flatMap(RunID.init) else { continue }
            let after = load == start.load ? start.recipient : .min
            try forEachEventRow(load, after: after, connection) { id in
                events.append(
                    CustomEvent(place: .init(load: load, recipient: id), name: name, run: run, raisedAtUnixMilliseconds: loads.integer(3)))
                return events.count < limit
            }
        }
        return events
    }

    private static func forEachEventRow(_ load: Int64, after: Int64, _ connection: SQLiteConnection, _ body: (Int64) throws -> Bool) throws {
        let blobs = try connection.prepare(
            """
            SELECT first, ids FROM custom_event_rows WHERE load = ?1
            AND first >= ifnull((SELECT max(first) FROM custom_event_rows WHERE load = ?1 AND first <= ?2), first) ORDER BY first
            """)
        blobs.bind(1, load)
        blobs.bind(2, after)
        var goesOn = true
        while goesOn, try blobs.step() {
            try forEachID(blobs.integer(0), blobs.bytes(1)) { id in
                if id > after { goesOn = try body(id) }
                return goesOn
            }
        }
    }

    /// Rows of whole loads go; within a load the place is remembered.
    static func discardEvents(_ connection: SQLiteConnection, through place: CustomEvent.Place) throws {
        let through = max(place, try discarded(connection))
        try TableFile.setProperty("events_discarded", try encode(through), connection)
        for table in ["custom_event", "custom_event_rows"] {
            let deletion = try connection.prepare("DELETE FROM \(table) WHERE load < ?")
            deletion.bind(1, through.load)
            try deletion.run()
        }
    }

    private static func discarded(_ connection: SQLiteConnection) throws -> CustomEvent.Place {
        try TableFile.property("events_discarded", connection).map { try decode($0) } ?? CustomEvent.Place(load: .min, recipient: .min)
    }
}

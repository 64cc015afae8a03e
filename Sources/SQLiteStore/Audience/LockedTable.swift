import ConnectModel
import Foundation

/// A table whose present file this process alone may change: a write transaction is open on `connection`.
struct LockedTable {
    let place: AudienceCatalogue.Place
    let connection: SQLiteConnection

    /// Undoes what was not committed and lets others write.
    func release() { connection.rollback() }
}

extension SQLiteAudienceStore {
    private static let attempts = 100

    /// Runs `body` in a read transaction of the table's present file. In mode `writing` the connection may make temporary tables,
    /// and the file's log is emptied first where nobody stands in the way, so that `DatabaseFile.isWhole` may hold within `body`.
    func reading<Value>(_ table: String, mode: SQLiteConnection.Mode = .reading, _ body: (SQLiteConnection) throws -> Value) throws -> Value {
        for _ in 0..<SQLiteAudienceStore.attempts {
            let (place, path) = try present(table)
            guard let connection = try opened(path, mode) else { continue }
            if mode == .writing { connection.emptyLogIfFree() }
            try connection.execute("BEGIN")
            // The first look fixes what the transaction sees. If the table has moved on since it was looked up, the old file
            // may have been incomplete by then.
            _ = try connection.integer("SELECT count(*) FROM property")
            guard try withCatalogue({ try $0.place(of: table) }) == place else { continue }
            defer { connection.rollback() }
            return try body(connection)
        }
        throw AudienceStoreError.sqlite(code: 5, message: "the table changes too often", path: path)
    }

    /// Waits until nobody else writes to the table.
    func lock(_ table: String, waitMilliseconds: Int = 600_000, isCancelled: () -> Bool) throws -> LockedTable {
        for _ in 0..<SQLiteAudienceStore.attempts {
            let (place, path) = try present(table)
            guard let connection = try opened(path, .writing) else { continue }
            // With an empty log the file itself is the whole table, which is what `RewriteTarget` needs; a reader may stand in the way.
            _ = try? connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
            try connection.beginImmediate(isCancelled: isCancelled, waitMilliseconds: waitMilliseconds)
            let locked = LockedTable(place: place, connection: connection)
            if try withCatalogue({ try $0.place(of: table) }) == place { return locked }
            locked.release()
        }
        throw AudienceStoreError.sqlite(code: 5, message: "the table changes too often", path: path)
    }

    /// Removes other generations of the table; call under its lock.
    func removeOthers(of locked: LockedTable) {
        try? withCatalogue { catalogue in
            for place in catalogue.files() where place.id == locked.place.id && place.generation != locked.place.generation {
                TableFile.remove(catalogue.path(place))
            }
        }
    }

    private func present(_ table: String) throws -> (place: AudienceCatalogue.Place, path: String) {
        try withCatalogue { catalogue in
            let place = try catalogue.requiredEntry(of: table).place
            return (place, catalogue.path(place))
        }
    }

    /// Nil when the file has gone because the table has moved on.
    private func opened(_ path: String, _ mode: SQLiteConnection.Mode) throws -> SQLiteConnection? {
        guard access(path, F_OK) == 0 else {
            let isPresent = try withCatalogue { catalogue in try catalogue.entries().contains { catalogue.path($0.place) == path } }
            if isPresent { throw AudienceStoreError.corrupt(path, "the file is gone") }
            return nil
        }
        do {
            return try TableFile(path: path).open(mode)
        } catch  where access(path, F_OK) != 0 {
            return nil
        }
    }
}

import ConnectModel
import Foundation

/// A list whose present file this process alone may change: a write transaction is open on `connection`.
struct LockedList {
    let place: AudienceCatalogue.Place
    let connection: SQLiteConnection

    /// Undoes what was not committed and lets others write.
    func release() { connection.rollback() }
}

extension SQLiteAudienceStore {
    private static let attempts = 100

    /// Runs `body` in a read transaction of the list's present file.
    func reading<Value>(_ list: String, mode: SQLiteConnection.Mode = .reading, _ body: (SQLiteConnection) throws -> Value) throws -> Value {
        for _ in 0..<SQLiteAudienceStore.attempts {
            let (place, path) = try present(list)
            guard let connection = try opened(path, mode) else { continue }
            try connection.execute("BEGIN")
            // The first look fixes what the transaction sees. If the list has moved on since it was looked up, the old file
            // may have been incomplete by then.
            _ = try connection.integer("SELECT count(*) FROM property")
            guard try withCatalogue({ try $0.place(of: list) }) == place else { continue }
            defer { connection.rollback() }
            return try body(connection)
        }
        throw AudienceStoreError.sqlite(code: 5, message: "the list changes too often", path: path)
    }

    /// Waits until nobody else writes to the list.
    func lock(_ list: String, waitMilliseconds: Int = 600_000, isCancelled: () -> Bool) throws -> LockedList {
        for _ in 0..<SQLiteAudienceStore.attempts {
            let (place, path) = try present(list)
            guard let connection = try opened(path, .writing) else { continue }
            // With an empty log the file itself is the whole list, which is what `RewriteTarget` needs; a reader may stand in the way.
            _ = try? connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
            try connection.beginImmediate(isCancelled: isCancelled, waitMilliseconds: waitMilliseconds)
            let locked = LockedList(place: place, connection: connection)
            if try withCatalogue({ try $0.place(of: list) }) == place { return locked }
            locked.release()
        }
        throw AudienceStoreError.sqlite(code: 5, message: "the list changes too often", path: path)
    }

    /// Removes other generations of the list; call under its lock.
    func removeOthers(of locked: LockedList) {
        try? withCatalogue { catalogue in
            for place in catalogue.files() where place.id == locked.place.id && place.generation != locked.place.generation {
                ListFile.remove(catalogue.path(place))
            }
        }
    }

    private func present(_ list: String) throws -> (place: AudienceCatalogue.Place, path: String) {
        try withCatalogue { catalogue in
            let place = try catalogue.requiredPlace(of: list)
            return (place, catalogue.path(place))
        }
    }

    /// Nil when the file has gone because the list has moved on.
    private func opened(_ path: String, _ mode: SQLiteConnection.Mode) throws -> SQLiteConnection? {
        guard access(path, F_OK) == 0 else {
            let isPresent = try withCatalogue { catalogue in try catalogue.names().contains { catalogue.path($0.place) == path } }
            if isPresent { throw AudienceStoreError.corrupt(path, "the file is gone") }
            return nil
        }
        do {
            return try ListFile(path: path).open(mode)
        } catch where access(path, F_OK) != 0 {
            return nil
        }
    }
}

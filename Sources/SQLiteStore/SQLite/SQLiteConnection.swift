import ConnectModel
import GRDBSQLite

/// One connection of SQLite's C interface. Used by one thread at a time; closed when the object goes.
final class SQLiteConnection {
    /// Valid while the object lives.
    let handle: OpaquePointer
    let path: String

    enum Mode {
        case reading
        case writing
        case creating
    }

    /// Throws `ConnectError`; a file that is not there is `store.missing` unless the mode is `creating`.
    init(path: String, mode: Mode, busyTimeoutMilliseconds: Int32 = 5000) throws {
        // A reader of a WAL database also writes its shared memory, so every mode opens for writing.
        let flags =
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
            | (mode == .creating ? SQLITE_OPEN_CREATE : 0)
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw AudienceStoreError.sqlite(code: code, message: message, path: path)
        }
        handle = opened
        self.path = path
        sqlite3_busy_timeout(handle, busyTimeoutMilliseconds)
        if mode == .reading { try execute("PRAGMA query_only = ON") }
    }

    deinit { sqlite3_close_v2(handle) }

    func execute(_ sql: String) throws {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    func prepare(_ sql: String) throws -> SQLiteStatement { try SQLiteStatement(self, sql) }

    /// Rows changed by the last statement.
    var changes: Int64 { sqlite3_changes64(handle) }

    /// First column of the first row, nil when there is no row or it is NULL.
    func integer(_ sql: String) throws -> Int64? {
        let statement = try prepare(sql)
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }

    func text(_ sql: String) throws -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : nil
    }

    /// Runs `body` in a write transaction; everything is undone when it throws.
    func transaction<Value>(isCancelled: () -> Bool = { false }, _ body: () throws -> Value) throws -> Value {
        try beginImmediate(isCancelled: isCancelled)
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            rollback()
            throw error
        }
    }

    /// Waits for other writers up to `waitMilliseconds`, asking now and then whether to go on.
    func beginImmediate(isCancelled: () -> Bool, waitMilliseconds: Int = 600_000) throws {
        sqlite3_busy_timeout(handle, 200)
        defer { sqlite3_busy_timeout(handle, 5000) }
        let deadline = ContinuousClock.now + .milliseconds(waitMilliseconds)
        while true {
            let code = sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil)
            if code == SQLITE_OK { return }
            guard code & 0xff == SQLITE_BUSY, ContinuousClock.now < deadline else { return try check(code) }
            if isCancelled() { throw AudienceStoreError.cancelled() }
        }
    }

    /// Moves the log into the file and empties it, unless somebody stands in the way at this moment.
    func emptyLogIfFree() {
        sqlite3_busy_timeout(handle, 0)
        _ = try? integer("PRAGMA wal_checkpoint(TRUNCATE)")
        sqlite3_busy_timeout(handle, 5000)
    }

    func rollback() {
        guard sqlite3_get_autocommit(handle) == 0 else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    func check(_ code: Int32) throws {
        guard code != SQLITE_OK, code != SQLITE_ROW, code != SQLITE_DONE else { return }
        throw AudienceStoreError.sqlite(code: code, message: String(cString: sqlite3_errmsg(handle)), path: path)
    }
}

/// A name as SQL, whatever is in it.
func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

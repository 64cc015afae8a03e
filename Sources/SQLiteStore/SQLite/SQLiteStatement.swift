import GRDBSQLite

/// A prepared statement. Belongs to the thread of its connection, which it keeps open.
final class SQLiteStatement {
    let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection, _ sql: String) throws {
        self.connection = connection
        var prepared: OpaquePointer?
        try connection.check(sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil))
        guard let prepared else {
            throw AudienceStoreError.sqlite(code: SQLITE_MISUSE, message: "an empty statement", path: connection.path)
        }
        handle = prepared
    }

    /// Refuses text that goes on after one statement.
    init(_ connection: SQLiteConnection, whole sql: String) throws {
        self.connection = connection
        var prepared: OpaquePointer?
        let isAlone = try sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            try connection.check(sqlite3_prepare_v3(connection.handle, text, -1, 0, &prepared, &rest))
            return rest.map { $0.pointee == 0 } ?? true
        }
        guard let prepared, isAlone, sqlite3_bind_parameter_count(prepared) == 0 else {
            sqlite3_finalize(prepared)
            throw AudienceStoreError.query("it is more than one expression, or has places for values")
        }
        handle = prepared
    }

    deinit { sqlite3_finalize(handle) }

    /// True when there is a row.
    func step() throws -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        try connection.check(code)
        return false
    }

    /// Executes to the end and makes the statement ready for its next use.
    func run() throws {
        defer { reset() }
        while try step() {}
    }

    func reset() { sqlite3_reset(handle) }

    func bind(_ index: Int, _ value: Int64) { sqlite3_bind_int64(handle, Int32(index), value) }
    func bind(_ index: Int, _ value: Double) { sqlite3_bind_double(handle, Int32(index), value) }
    func bindNull(_ index: Int) { sqlite3_bind_null(handle, Int32(index)) }

    func bind(_ index: Int, _ value: String) {
        var value = value
        value.withUTF8 { bytes in bindText(index, UnsafeRawBufferPointer(bytes), copied: true) }
    }

    /// Not copied unless asked: the bytes must stay until the statement is reset or bound again.
    func bindText(_ index: Int, _ bytes: UnsafeRawBufferPointer, copied: Bool = false) {
        guard let base = bytes.baseAddress else {
            sqlite3_bind_text(handle, Int32(index), "", 0, nil)
            return
        }
        let text = base.assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text(handle, Int32(index), text, Int32(clamping: bytes.count), copied ? SQLiteStatement.transient : nil)
    }

    /// Not copied: the bytes must stay until the statement is reset or bound again.
    func bindBlob(_ index: Int, _ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else {
            sqlite3_bind_zeroblob(handle, Int32(index), 0)
            return
        }
        sqlite3_bind_blob(handle, Int32(index), base, Int32(clamping: bytes.count), nil)
    }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }
    func type(_ column: Int) -> Int32 { sqlite3_column_type(handle, Int32(column)) }
    func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }
    func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

    func text(_ column: Int) -> String? {
        guard !isNull(column), let text = sqlite3_column_text(handle, Int32(column)) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// As people are shown it: hashes as hexadecimal digits.
    func shown(_ column: Int) -> String? {
        guard type(column) == SQLITE_BLOB else { return text(column) }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes(column).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Valid until the next step or reset.
    func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, Int32(column))
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
    }

    var columnCount: Int { Int(sqlite3_column_count(handle)) }

    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

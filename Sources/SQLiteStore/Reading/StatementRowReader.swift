import ConnectModel
import GRDBSQLite
import RecordEngine
import StoreAPI

/// Rows of a SELECT as batches.
final class StatementRowReader: RowReader {
    let fields: [Field]
    let mark: ChangeMark
    private let statement: SQLiteStatement
    private let connection: SQLiteConnection
    private let guardian: QueryGuard
    private let what: String
    private var isAtEnd = false

    static let rowLimit = 8192
    static let byteLimit = 1 << 20

    /// `what` is the name for sentences.
    init(_ selected: SelectionStatement, _ snapshot: TableSnapshot, _ guardian: QueryGuard, what: String) {
        fields = selected.fields
        statement = selected.statement
        mark = snapshot.mark
        connection = snapshot.connection
        self.guardian = guardian
        self.what = what
    }

    func read(into batch: RecordBatch) throws -> Bool {
        batch.removeAll()
        guard !isAtEnd else { return false }
        guardian.resume()
        defer { guardian.pause() }
        var (rows, bytes) = (0, 0)
        while rows < Self.rowLimit, bytes < Self.byteLimit {
            let code = sqlite3_step(statement.handle)
            guard code == SQLITE_ROW else {
                isAtEnd = true
                try checkEnd(code)
                break
            }
            for column in 0..<fields.count { bytes += append(column, to: batch.columns[column]) }
            rows += 1
        }
        batch.rowCount = rows
        return rows > 0
    }

    private func checkEnd(_ code: Int32) throws {
        if code == SQLITE_DONE { return }
        if code == SQLITE_INTERRUPT { throw AudienceStoreError.queryTime(what) }
        // What fails now is the expression's own doing (a number too large, an ill-formed pattern) unless the file is to blame.
        if code & 0xff == SQLITE_ERROR { throw AudienceStoreError.query(String(cString: sqlite3_errmsg(connection.handle))) }
        try connection.check(code)
    }

    @inline(__always)
    private func append(_ column: Int, to target: TextColumn) -> Int {
        switch statement.type(column) {
        case SQLITE_NULL:
            target.append(UnsafeRawBufferPointer(start: nil, count: 0))
            return 0
        case SQLITE_BLOB:
            ValueText.appendHex(statement.bytes(column), to: target)
            return 2 * statement.bytes(column).count
        default:
            // Numbers become text in place, as the sqlite3 shell shows them.
            let text = sqlite3_column_text(statement.handle, Int32(column))
            let count = Int(sqlite3_column_bytes(statement.handle, Int32(column)))
            target.append(UnsafeRawBufferPointer(start: text, count: count))
            return count
        }
    }
}

/// Values of the store as text.
enum ValueText {
    private static let digits = Array("0123456789abcdef".utf8)

    static func appendHex(_ bytes: UnsafeRawBufferPointer, to target: TextColumn) {
        withUnsafeTemporaryAllocation(byteCount: max(2 * bytes.count, 1), alignment: 1) { text in
            for (index, byte) in bytes.enumerated() {
                text[2 * index] = digits[Int(byte >> 4)]
                text[2 * index + 1] = digits[Int(byte & 15)]
            }
            target.append(UnsafeRawBufferPointer(rebasing: text[..<(2 * bytes.count)]))
        }
    }

    /// Decimal digits.
    @inline(__always)
    static func append(_ value: Int64, to target: TextColumn) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { text in
            var place = 20
            var rest = value.magnitude
            repeat {
                place -= 1
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                text[place] = UInt8(truncatingIfNeeded: digit) &+ UInt8(ascii: "0")
                rest = quotient
            } while rest > 0
            if value < 0 {
                place -= 1
                text[place] = UInt8(ascii: "-")
            }
            target.append(UnsafeRawBufferPointer(rebasing: text[place...]))
        }
    }
}

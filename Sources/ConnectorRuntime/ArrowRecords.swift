import ConnectModel
import Foundation
import PluginABI
import RecordEngine
import RunEngine

/// Arrow batches as batches of the record engine: the one place where the two meet. Every value becomes the text that a file would hold, so that
/// checks, mapping and merge are the same for both: whole numbers in decimals, doubles as they are written shortest, true and false as 1 and 0, NULL as an empty value.
/// Owns the batch it is given until it has been handed out or released.
struct ArrowRecords {
    private let columns: [SourceColumn]
    private var batch = ArrowArray()
    private var open: [ArrowColumn] = []
    private var row = 0
    /// Rows handed out before this batch, refused ones included.
    private var before: Int64 = 0

    init(_ columns: [SourceColumn]) { self.columns = columns }

    /// Whether another batch is due.
    var isEmpty: Bool { batch.release == nil || row == Int(batch.length) }

    /// Takes over the next batch. Throws `connector.defect` when it does not fit its schema or itself.
    mutating func take(_ next: ArrowArray) throws {
        release()
        batch = next
        open = try ArrowColumn.all(of: batch, columns)
    }

    mutating func release() {
        before += batch.release == nil ? 0 : batch.length
        row = 0
        open = []
        batch.release?(&batch)
        batch = ArrowArray()
    }

    /// Hands out the next rows of the batch. Throws `connector.defect` for text that is not UTF-8.
    mutating func fill(_ target: RecordBatch) throws {
        let rows = row..<min(row + RowStreamLimits.rows, Int(batch.length))
        let refused = try rowsWithNUL(rows)
        for (column, into) in zip(open, target.columns) {
            for row in rows where !refused.contains(row) { try append(column, row, to: into) }
        }
        for row in rows {
            let number = before + Int64(row) + 1
            if refused.contains(row) {
                target.malformed.append(MalformedRecord(line: number, reason: .nulByte, raw: try text(of: row)))
            } else {
                target.lineNumbers.append(number)
                target.rowCount += 1
            }
        }
        row = rows.upperBound
    }

    private func isThere(_ column: ArrowColumn, _ row: Int) -> Bool { ArrowRows.isValid(batch, row) && !column.isNull(row) }

    private func append(_ column: ArrowColumn, _ row: Int, to target: TextColumn) throws {
        guard isThere(column, row) else { return target.append(UnsafeRawBufferPointer(start: nil, count: 0)) }
        switch column.kind {
        case .text:
            let text = try column.text(row)
            guard UTF8Validation.isValid(text) else { throw column.notText }
            target.append(text)
        case .integer: target.append(String(column.integer(row)))
        case .double: target.append(String(column.double(row)))
        case .boolean: target.append(column.boolean(row) ? "1" : "0")
        }
    }

    /// As in files, a record with a NUL in it is refused and the others are not.
    private func rowsWithNUL(_ rows: Range<Int>) throws -> Set<Int> {
        var found: Set<Int> = []
        for column in open where column.kind == .text {
            for row in rows where isThere(column, row) {
                let text = try column.text(row)
                if let base = text.baseAddress, memchr(base, 0, text.count) != nil { found.insert(row) }
            }
        }
        return found
    }

    /// The values of a row that is refused, as a line.
    private func text(of row: Int) throws -> [UInt8] {
        let single = RecordBatch(columnCount: open.count, rowCapacity: 1, byteCapacity: 1 << 10)
        for (column, into) in zip(open, single.columns) { try append(column, row, to: into) }
        return single.keptRecord(0)
    }
}

extension TextColumn {
    fileprivate func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
}

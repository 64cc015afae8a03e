import ConnectModel
import Foundation
import PluginABI

/// One reading of a stream through the C tables. `close` releases the stream first and the reader after it, as the host does.
final class RawReader: @unchecked Sendable {
    // Unchecked: one thread reads at a time; `cancel` alone comes from others and touches only what is constant until `close`.
    let table: UnsafePointer<ch_source>
    let call: RawCall
    let handle: OpaquePointer
    private(set) var stream: ArrowArrayStream

    private init(table: UnsafePointer<ch_source>, call: RawCall, handle: OpaquePointer, stream: ArrowArrayStream) {
        self.table = table
        self.call = call
        self.handle = handle
        self.stream = stream
    }

    static func open(
        _ connector: RawConnector, _ settings: String, stream name: String, cursor: String? = nil, _ call: RawCall = RawCall()
    ) -> (status: Int32, reader: RawReader?) {
        guard let table = connector.source else { return (CH_E_INTERNAL, nil) }
        let mode = cursor == nil ? "full" : "incremental"
        let request = JSONText.of(.object(["stream": .string(name), "mode": .string(mode)]))
        var handle: OpaquePointer?
        var stream = ArrowArrayStream()
        let status = call.perform("open") { raw -> Int32 in
            if let cursor { return table.pointee.open(raw, settings, request, cursor, &handle, &stream) }
            return table.pointee.open(raw, settings, request, nil, &handle, &stream)
        }
        guard status == CH_OK, let handle else { return (status, nil) }
        return (status, RawReader(table: table, call: call, handle: handle, stream: stream))
    }

    var isComplete: Bool { stream.release != nil && stream.get_schema != nil && stream.get_next != nil && stream.get_last_error != nil }

    /// The stream's own schema; the caller releases it.
    func schema() -> (code: Int32, schema: ArrowSchema) {
        var schema = ArrowSchema()
        return (stream.get_schema(&stream, &schema), schema)
    }

    /// 0 with a batch the caller releases, or without `release` at the end; else an errno.
    func next() -> (code: Int32, batch: ArrowArray) {
        var batch = ArrowArray()
        return (stream.get_next(&stream, &batch), batch)
    }

    /// The status behind an errno, with its words.
    func lastError() -> Int32 { call.perform("last_error") { table.pointee.last_error(handle, $0) } }

    func cursor() -> (status: Int32, text: String) {
        let sink = RawSink()
        let status = call.perform("cursor") { table.pointee.cursor(handle, $0, sink.sink) }
        return (status, String(decoding: sink.bytes, as: UTF8.self))
    }

    func cancel() { table.pointee.cancel(handle) }

    /// Whether the stream's release left it marked as released.
    @discardableResult
    func releaseStream() -> Bool {
        guard let release = stream.release else { return true }
        release(&stream)
        return stream.release == nil
    }

    func close() {
        releaseStream()
        table.pointee.close(handle)
    }
}

/// One column as a schema tells it.
struct RawColumn: Equatable, Sendable {
    var name: String
    var format: String
}

/// Arrow structs held to what Arrow and the header say of them. Nothing here releases anything.
enum ArrowRules {
    /// Columns of a schema. Throws with what is wrong.
    static func columns(_ schema: ArrowSchema) throws -> [RawColumn] {
        guard RawText.string(schema.format) == "+s", let children = schema.children, schema.n_children > 0 else {
            throw CheckFailure(sentence: "The schema is not a struct (\"+s\") with columns.")
        }
        return try (0..<Int(schema.n_children)).map { index in
            guard let child = children[index]?.pointee else { throw CheckFailure(sentence: "Column \(index + 1) of the schema is missing.") }
            let column = RawColumn(name: RawText.string(child.name), format: RawText.string(child.format))
            guard ["u", "l", "g", "b"].contains(column.format) else {
                throw CheckFailure(sentence: "Column \"\(column.name)\" has the Arrow type \"\(column.format)\"; hosts take u, l, g and b.")
            }
            guard !column.name.isEmpty else { throw CheckFailure(sentence: "Column \(index + 1) has no name.") }
            guard child.release != nil else { throw CheckFailure(sentence: "Column \"\(column.name)\" of the schema is released already.") }
            return column
        }
    }

    /// The rows of a batch as text, one a row, for comparing. Throws with what does not fit.
    static func rows(_ batch: ArrowArray, _ columns: [RawColumn]) throws -> [String] {
        guard batch.n_children == Int64(columns.count), let children = batch.children else {
            throw CheckFailure(sentence: "A batch has \(batch.n_children) columns, its schema \(columns.count).")
        }
        try sizes(batch, "A batch")
        var rows = [String](repeating: "", count: Int(batch.length))
        for (index, column) in columns.enumerated() {
            guard let child = children[index]?.pointee else { throw CheckFailure(sentence: "Column \"\(column.name)\" of a batch is missing.") }
            try check(child, column, batch)
            for row in 0..<Int(batch.length) { rows[row] += try value(child, column, row + Int(batch.offset)) + "\u{1F}" }
        }
        return rows
    }

    private static func sizes(_ array: ArrowArray, _ what: String) throws {
        guard (0...Int64(Int32.max)).contains(array.length), (0...Int64(Int32.max)).contains(array.offset) else {
            throw CheckFailure(sentence: "\(what) has the length \(array.length) and the offset \(array.offset).")
        }
        guard array.null_count >= -1, array.null_count <= array.length else {
            throw CheckFailure(sentence: "\(what) has \(array.length) rows and a null_count of \(array.null_count).")
        }
    }

    private static func check(_ child: ArrowArray, _ column: RawColumn, _ batch: ArrowArray) throws {
        let name = "Column \"\(column.name)\""
        try sizes(child, name)
        guard child.release != nil else { throw CheckFailure(sentence: "\(name) of a batch is released already.") }
        guard child.length >= batch.length + batch.offset else {
            throw CheckFailure(sentence: "\(name) has \(child.length) rows in a batch of \(batch.length + batch.offset).")
        }
        let wanted: Int64 = column.format == "u" ? 3 : 2
        guard child.n_buffers == wanted, let buffers = child.buffers else {
            throw CheckFailure(sentence: "\(name) has \(child.n_buffers) buffers; its type has \(wanted).")
        }
        guard child.length == 0 || buffers[1] != nil else { throw CheckFailure(sentence: "\(name) has rows and no values.") }
        guard child.null_count >= 0 else { return }
        let nulls = (0..<Int(child.length)).filter { !isSet(buffers[0], $0 + Int(child.offset)) }.count
        guard Int64(nulls) == child.null_count else {
            throw CheckFailure(
                sentence: "\(name) has \(nulls) nulls in its bitmap and a null_count of \(child.null_count); -1 says that nobody has counted.")
        }
    }

    private static func value(_ child: ArrowArray, _ column: RawColumn, _ row: Int) throws -> String {
        let index = row + Int(child.offset)
        guard let buffers = child.buffers, let data = buffers[1] else { return "" }
        guard isSet(buffers[0], index) else { return "NULL" }
        switch column.format {
        case "l": return "\(data.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))"
        case "g": return "\(data.loadUnaligned(fromByteOffset: index * 8, as: Double.self))"
        case "b": return isSet(data, index) ? "true" : "false"
        default: return try "\"" + text(data, buffers[2], index, column) + "\""
        }
    }

    private static func text(_ offsets: UnsafeRawPointer, _ bytes: UnsafeRawPointer?, _ index: Int, _ column: RawColumn) throws -> String {
        let (start, end) = (
            Int(offsets.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)),
            Int(offsets.loadUnaligned(fromByteOffset: index * 4 + 4, as: Int32.self))
        )
        guard start >= 0, end >= start else { throw CheckFailure(sentence: "A text of column \"\(column.name)\" goes from byte \(start) to \(end).") }
        guard end > start else { return "" }
        guard let bytes, let text = String(validating: UnsafeRawBufferPointer(start: bytes + start, count: end - start), as: UTF8.self) else {
            throw CheckFailure(sentence: "A text of column \"\(column.name)\" is not UTF-8.")
        }
        return text
    }

    private static func isSet(_ bitmap: UnsafeRawPointer?, _ index: Int) -> Bool {
        guard let bitmap else { return true }
        return bitmap.load(fromByteOffset: index / 8, as: UInt8.self) & (1 << UInt8(index % 8)) != 0
    }
}

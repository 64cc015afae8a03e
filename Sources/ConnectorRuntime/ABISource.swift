public import ConnectModel
import Foundation
import PluginABI
public import RecordEngine
public import RunEngine
import Synchronization

/// A connector's table of source functions.
struct SourceTable: @unchecked Sendable {
    // Unchecked: constant for the life of the process, as the ABI demands.
    let raw: UnsafePointer<ch_source>
    init(_ raw: UnsafePointer<ch_source>) { self.raw = raw }

    /// Names of required functions that are missing.
    var missing: [String] {
        guard Int(raw.pointee.struct_size) >= MemoryLayout<ch_source>.size else { return ["(the table is too short)"] }
        let table = raw.pointee
        let all: [(String, Bool)] = [
            ("discover", table.discover == nil), ("schema", table.schema == nil), ("open", table.open == nil), ("cursor", table.cursor == nil),
            ("last_error", table.last_error == nil), ("cancel", table.cancel == nil), ("close", table.close == nil),
        ]
        return all.filter(\.1).map(\.0)
    }
}

extension LoadedConnector {
    private struct Streams: Decodable { var streams: [SourceStream] }

    private func source() throws -> SourceTable {
        guard let table = connector.source else { throw ConnectError("connector.kind", .configuration, "\(id) is not a source.") }
        return SourceTable(table)
    }

    /// What there is to read (CON-1, CON-9). Blocks; plain threads only.
    public func streams(_ settings: JSONValue) throws -> [SourceStream] {
        let table = try source()
        let found: Streams = try collect("Looking for streams") { call, json, sink in table.raw.pointee.discover(call, json, sink) }(settings)
        return found.streams
    }

    /// Columns of a stream without reading it. Throws `source.schema` where a column's type is not taken.
    public func columns(of stream: String, _ settings: JSONValue) throws -> [SourceColumn] {
        let table = try source()
        let json = try Self.text(settings)
        var schema = ArrowSchema()
        defer { schema.release?(&schema) }
        try makeCall().perform("Asking for the columns of \"\(stream)\"") { table.raw.pointee.schema($0, json, stream, &schema) }
        return try ArrowRows.columns(of: schema, stream: stream)
    }

    /// A reader of one stream, from the start or from a cursor that an earlier reader of it gave. Throws `source.cursor` when
    /// the source no longer honours the cursor: then a full read is due.
    public func read(_ request: SourceRequest, from cursor: JSONValue? = nil, _ settings: JSONValue) throws -> SourceReader {
        try SourceReader(
            table: source(), call: makeCall(), cancellation: cancellation, stream: request.stream, settings: Self.text(settings),
            request: String(decoding: JSONEncoder().encode(request), as: UTF8.self), cursor: cursor.map { try Self.text($0) })
    }
}

/// The rows of one stream, batch by batch, as values. Blocking and for one thread at a time; the cancellation of its connector ends a call in flight.
/// Owns the C reader and its stream: the stream is released before the reader is closed, each of them once.
public final class SourceReader {
    public let columns: [SourceColumn]
    private let table: SourceTable
    private let call: CallABI
    private let handle: ReaderHandle
    private let cancellation: Cancellation
    private let cancelHandler: Int
    private let name: String
    private var stream: ArrowArrayStream
    /// The batch whose rows are being handed out as records.
    private var records: ArrowRecords

    fileprivate convenience init(
        table: SourceTable, call: CallABI, cancellation: Cancellation, stream name: String, settings: String, request: String, cursor: String?
    ) throws {
        var reader: OpaquePointer?
        var stream = ArrowArrayStream()
        try call.perform("Opening the stream \"\(name)\"") { raw in
            withOptionalCString(cursor) { table.raw.pointee.open(raw, settings, request, $0, &reader, &stream) }
        }
        let opened = OpenStream(table: table, reader: reader, stream: stream)
        do {
            try self.init(opened, call: call, cancellation: cancellation, name: name, columns: opened.columns(call, name))
        } catch {
            opened.close()
            throw error
        }
    }

    private init(_ opened: OpenStream, call: CallABI, cancellation: Cancellation, name: String, columns: [SourceColumn]) {
        self.columns = columns
        self.name = name
        self.call = call
        self.cancellation = cancellation
        table = opened.table
        stream = opened.stream
        records = ArrowRecords(columns)
        let handle = ReaderHandle(table: opened.table, reader: opened.reader)
        self.handle = handle
        cancelHandler = cancellation.onCancel { handle.cancel() }
    }

    deinit { close() }

    /// The next rows, values in the order of `columns`; nil at the end. Throws the source's own error.
    public func next() throws -> [[SourceValue]]? {
        guard var batch = try nextBatch() else { return nil }
        defer { batch.release?(&batch) }
        return try ArrowRows.rows(of: batch, columns: columns)
    }

    /// The next batch, which is the caller's to release; nil at the end.
    private func nextBatch() throws -> ArrowArray? {
        guard stream.release != nil else { throw ConnectError("source.closed", .internal, "The stream \"\(name)\" is closed.") }
        var batch = ArrowArray()
        try call.perform("Reading the stream \"\(name)\"") { raw in
            let code = stream.get_next(&stream, &batch)
            return code == 0 ? CH_OK : status(behind: code, raw)
        }
        return batch.release == nil ? nil : batch
    }

    /// Where a later reader goes on; covers exactly the rows that `next` has returned. At most 64 KiB of JSON.
    public func cursor() throws -> JSONValue {
        let collected = Collected()
        let sink = ch_sink(ctx: Unmanaged.passUnretained(collected).toOpaque(), put: Collected.put)
        try call.perform("Asking for the cursor of \"\(name)\"") { raw in handle.with { table.raw.pointee.cursor($0, raw, sink) } ?? CH_E_INTERNAL }
        guard collected.bytes.count <= 65536, let value = try? JSONDecoder().decode(JSONValue.self, from: collected.bytes) else {
            throw ConnectError("connector.defect", .internal, "The cursor of stream \"\(name)\" is not JSON of at most 64 KiB.")
        }
        return value
    }

    /// Ends the reading; may be called again.
    public func close() {
        cancellation.remove(cancelHandler)
        records.release()
        if let release = stream.release { release(&stream) }
        handle.close()
    }

    /// The source's status for an errno of its stream; what it reported itself comes first, and only if it reported nothing is it asked (ABI rule 14).
    private func status(behind code: Int32, _ raw: UnsafePointer<ch_call>) -> Int32 {
        if let reported = call.reportedStatus { return reported }
        let told = handle.with { table.raw.pointee.last_error($0, raw) } ?? CH_OK
        if told < 0 { return told }
        let status = code == ECANCELED ? CH_E_CANCELLED : CH_E_TRANSIENT
        if let text = stream.get_last_error?(&stream) { call.report(status, String(cString: text)) }
        return status
    }
}

extension SourceReader: RowStream {
    public var columnNames: [String] { columns.map(\.name) }

    public func next(into batch: RecordBatch) throws -> Bool {
        while records.isEmpty {
            guard let next = try nextBatch() else { return false }
            try records.take(next)
        }
        try records.fill(batch)
        return true
    }
}

/// What `open` gave, before it is known to be complete.
private struct OpenStream {
    let table: SourceTable
    let reader: OpaquePointer?
    var stream: ArrowArrayStream

    func columns(_ call: CallABI, _ name: String) throws -> [SourceColumn] {
        guard reader != nil, stream.release != nil, let getSchema = stream.get_schema, stream.get_next != nil else {
            throw ConnectError(
                "connector.defect", .internal, "The stream \"\(name)\" was opened without a reader or without rows, and without an error.")
        }
        var (copy, schema) = (stream, ArrowSchema())
        defer { schema.release?(&schema) }
        try call.perform("Asking for the columns of \"\(name)\"") { _ in getSchema(&copy, &schema) == 0 ? CH_OK : CH_E_INTERNAL }
        return try ArrowRows.columns(of: schema, stream: name)
    }

    func close() {
        var copy = stream
        if let release = copy.release { release(&copy) }
        if let reader { table.raw.pointee.close(reader) }
    }
}

/// The C reader, kept from being closed while another thread cancels it.
private final class ReaderHandle: Sendable {
    private struct Reader: @unchecked Sendable {
        // Unchecked: reached through the mutex for cancel and close, which are what two threads may ask at once.
        let raw: OpaquePointer
    }

    private let table: SourceTable
    private let reader: Mutex<Reader?>

    init(table: SourceTable, reader: OpaquePointer?) {
        self.table = table
        self.reader = Mutex(reader.map { Reader(raw: $0) })
    }

    func cancel() { reader.withLock { reader in if let reader { table.raw.pointee.cancel(reader.raw) } } }

    /// For the reading thread, which is the one that closes: the lock is not held, so that it can be cancelled meanwhile.
    func with<Result>(_ body: (OpaquePointer) -> Result) -> Result? { reader.withLock { $0 }.map { body($0.raw) } }

    func close() {
        let last = reader.withLock { reader in
            defer { reader = nil }
            return reader
        }
        if let last { table.raw.pointee.close(last.raw) }
    }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    text.map { $0.withCString(body) } ?? body(nil)
}

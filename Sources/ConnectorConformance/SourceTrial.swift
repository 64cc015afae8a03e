import ConnectModel
import Foundation
import PluginABI

/// A source with the settings it is tried with.
struct SourceTrial {
    let connector: RawConnector
    let table: UnsafePointer<ch_source>
    let settings: String
    private let context: CheckContext
    /// Rows that are read of one stream at most.
    private static let mostRows = 200_000
    private static let mostStreams = 5

    init(_ context: CheckContext) throws {
        self.context = context
        connector = try context.connector()
        table = try context.unwrap(connector.source, "The source has no functions.")
        settings = context.settingsJSON
    }

    func discover() throws -> [JSONValue] {
        context.doing("discover")
        let (call, sink) = (RawCall(), RawSink())
        let status = call.perform("discover") { table.pointee.discover($0, settings, sink.sink) }
        try context.require(status == CH_OK, "discover failed with \(StatusName.of(status)) \(call.words).")
        return try context.unwrap(
            JSONText.value(sink.bytes)?["streams"]?.arrayValue,
            "discover did not put {\"streams\": […]} but \(String(decoding: sink.bytes.prefix(60), as: UTF8.self)).")
    }

    /// The streams to read; never empty.
    func names() throws -> [String] {
        if let chosen = context.request.stream { return [chosen] }
        let names = try discover().compactMap { $0["name"]?.stringValue }
        try context.require(!names.isEmpty, "discover told of no stream.")
        return Array(names.prefix(Self.mostStreams))
    }

    func open(_ name: String, cursor: String? = nil, _ call: RawCall = RawCall()) throws -> RawReader {
        let (status, reader) = RawReader.open(connector, settings, stream: name, cursor: cursor, call)
        let opened = try context.unwrap(reader, "open of the stream \"\(name)\" returned \(StatusName.of(status)) \(call.words), and no reader.")
        try context.require(opened.isComplete, "open of the stream \"\(name)\" left functions of its ArrowArrayStream NULL.")
        return opened
    }

    func columns(_ reader: RawReader) throws -> [RawColumn] {
        var (code, schema) = reader.schema()
        try context.require(code == 0 && schema.release != nil, "get_schema returned \(code) and no schema.")
        defer { schema.release(&schema) }
        return try ArrowRules.columns(schema)
    }

    /// The rows of the next batch; nil at the end.
    func batch(_ reader: RawReader, _ columns: [RawColumn]) throws -> [String]? {
        var (code, batch) = reader.next()
        try context.require(code == 0, "get_next failed with \(code): \(StatusName.of(reader.lastError())) \(reader.call.words).")
        guard let release = batch.release else { return nil }
        defer { release(&batch) }
        return try ArrowRules.rows(batch, columns)
    }

    struct Reading {
        var rows: [String] = []
        /// Rows of each batch.
        var batches: [Int] = []
        /// The cursor after the last batch.
        var cursor: (status: Int32, text: String) = (CH_OK, "")
        var isCut = false
    }

    /// Reads to the end, or as many batches as are wanted.
    func read(_ name: String, from cursor: String? = nil, batches most: Int = .max) throws -> Reading {
        let reader = try open(name, cursor: cursor)
        defer { reader.close() }
        let columns = try columns(reader)
        var reading = Reading()
        while reading.batches.count < most {
            guard reading.rows.count < Self.mostRows else {
                reading.isCut = true
                break
            }
            guard let rows = try batch(reader, columns) else { break }
            reading.rows += rows
            reading.batches.append(rows.count)
        }
        reading.cursor = reader.cursor()
        return reading
    }
}

import FoundationEssentials
public import PluginABI
import Synchronization

/// Makes a `ch_library` out of one Swift source, as `TransportLibrary` does of a transport. One connector a library.
public enum SourceLibrary {
    /// The tables live as long as the process, as the interface demands.
    /// - Parameter host: what the entry function got; without it the connector cannot ask for the host's services (`HostNetwork`).
    public static func export<Source: SourceConnector>(_ source: Source.Type, host: UnsafePointer<ch_host>? = nil) -> UnsafePointer<ch_library> {
        exportingHost = host
        exportedSource = ExportedSource(
            streams: { json, call throws(ConnectorError) in try source.streams(try source.settings(fromJSON: json), call) },
            open: { json, request, cursor, call throws(ConnectorError) in
                try source.open(try source.settings(fromJSON: json), request, from: cursor, call)
            },
            hasProjection: source.features.contains(.projection))
        return LibraryTables.library(source, kind: 2, features: source.features.rawValue, functions: UnsafeRawPointer(SourceTables.source()))
    }
}

/// The one source of this library with its type erased, as C functions find it.
struct ExportedSource {
    let streams: (String, HostCall) throws(ConnectorError) -> [StreamDescription]
    let open: (String, StreamRequest, String?, HostCall) throws(ConnectorError) -> any StreamReader
    let hasProjection: Bool

    /// Throws `.notFound` with what there is.
    func stream(_ name: String, _ json: String, _ call: HostCall) throws(ConnectorError) -> StreamDescription {
        let all = try streams(json, call)
        guard let found = all.first(where: { $0.name == name }) else {
            throw ConnectorError(.notFound, "There is no stream \"\(name)\"; there are: \(all.map(\.name).joined(separator: ", ")).")
        }
        return found
    }
}

/// Written once by the entry function, before any thread of the connector exists, and only read after that.
nonisolated(unsafe) private(set) var exportedSource: ExportedSource?

/// A reading as the host holds it. Calls come one at a time, but for `cancel`, which touches the flag and the reader's own `cancel`.
final class ReaderBox {
    let reader: any StreamReader
    let columns: [StreamColumn]
    /// The call of `open`, good until `close`.
    let call: HostCall
    let isCancelled = Atomic(false)
    /// Why the last call of the stream failed.
    var failure: ConnectorError?

    init(_ reader: any StreamReader, _ columns: [StreamColumn], _ call: HostCall) {
        self.reader = reader
        self.columns = columns
        self.call = call
    }

    static func of(_ pointer: UnsafeRawPointer?) throws(ConnectorError) -> ReaderBox {
        guard let pointer else { throw ConnectorError(.internal, "The host passed no reader.") }
        return Unmanaged<ReaderBox>.fromOpaque(pointer).takeUnretainedValue()
    }

    static func of(_ pointer: OpaquePointer?) throws(ConnectorError) -> ReaderBox { try of(pointer.map { UnsafeRawPointer($0) }) }

    func next() throws(ConnectorError) -> RowBatch? {
        if isCancelled.load(ordering: .relaxed) || call.isCancelled { throw ConnectorError(.cancelled, "The reading was cancelled.") }
        let batch = try reader.next(call)
        guard batch == nil || batch?.columns == columns else {
            throw ConnectorError(.internal, "The source gave a batch with other columns than those of the request.")
        }
        return batch
    }
}

/// What the host asks for, as JSON.
struct RequestJSON: Decodable {
    var stream: String
    var mode: String?
    var columns: [String]?
    var batch_rows: Int?

    static func parse(_ json: String) throws(ConnectorError) -> RequestJSON {
        do {
            return try JSONDecoder().decode(RequestJSON.self, from: Data(json.utf8))
        } catch {
            throw ConnectorError(.internal, "The host asked for something that is not a request.")
        }
    }

    func request(_ stream: StreamDescription, hasProjection: Bool) throws(ConnectorError) -> StreamRequest {
        var columns = stream.columns
        if hasProjection, let wanted = self.columns {
            columns = []
            for name in wanted {
                guard let column = stream.columns.first(where: { $0.name == name }) else {
                    throw ConnectorError(
                        .configuration,
                        "The stream \"\(stream.name)\" has no column \"\(name)\"; it has: \(stream.columns.map(\.name).joined(separator: ", ")).")
                }
                columns.append(column)
            }
        }
        return StreamRequest(stream: stream.name, isIncremental: mode == "incremental", columns: columns, batchRows: max(1, batch_rows ?? 10_000))
    }
}

/// The answer to `discover`.
struct StreamsJSON: Encodable {
    struct Stream: Encodable {
        var name: String
        var title: String
        var primary_key: [String]
        var cursor_field: String?
        var modes: [String]
        var estimate_rows: Int64?
    }

    var streams: [Stream]

    init(_ streams: [StreamDescription]) {
        self.streams = streams.map { stream in
            Stream(
                name: stream.name, title: stream.title, primary_key: stream.primaryKey, cursor_field: stream.cursorField,
                modes: stream.isIncremental ? ["full", "incremental"] : ["full"], estimate_rows: stream.estimatedRows)
        }
    }

    var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{\"streams\":[]}" }
}

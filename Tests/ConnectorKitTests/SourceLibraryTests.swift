import ConnectorKit
import Foundation
import PluginABI
import Testing

/// A Swift source through the C tables that the host sees, with a host that remembers what it is told.
@Suite(.serialized) struct SourceLibraryTests {
    private enum Letters: SourceConnector {
        static let description = ConnectorDescription(
            id: "com.example.letters", name: "Letters", version: "1.0.0", vendor: "Example", license: "Apache-2.0", documentationURL: "",
            summary: "Letters.",
            aliases: ["letters"], examples: [SettingsExample("Few", ["count": .integer(3), "names": .strings(["a\"b"])])])
        static let features: SourceFeatures = [.incremental, .resumable, .projection]
        static let settings = SettingsSchema([
            SettingField("count", title: "Count", help: "How many.", kind: .integer(minimum: 0), default: .integer(9)),
            SettingField("names", title: "Names", help: "Nothing.", kind: .strings),
        ])
        static let columns = [
            StreamColumn("number", .integer, nullable: false), StreamColumn("letter", .text), StreamColumn("half", .double),
            StreamColumn("odd", .boolean),
        ]

        static func makeSettings(_ values: SettingValues) throws(ConnectorError) -> Int64 { values.integer("count") ?? 0 }
        static func check(_ settings: Int64, _ call: any CallContext) throws(ConnectorError) {}

        static func streams(_ settings: Int64, _ call: any CallContext) throws(ConnectorError) -> [StreamDescription] {
            [StreamDescription("letters", title: "Letters", columns: columns, primaryKey: ["number"], incremental: true, estimatedRows: settings)]
        }

        static func open(_ count: Int64, _ request: StreamRequest, from cursor: String?, _ call: any CallContext) throws(ConnectorError)
            -> any StreamReader
        {
            if request.batchRows == 13 { throw ConnectorError(.transient, "The server sleeps.", retryAfterMilliseconds: 500) }
            return Reader(count, request, from: cursor.flatMap(Int64.init) ?? 0)
        }
    }

    /// Numbers 1 to the count; every third has no letter.
    private final class Reader: StreamReader {
        private let (count, request): (Int64, StreamRequest)
        private var last: Int64

        init(_ count: Int64, _ request: StreamRequest, from last: Int64) { (self.count, self.request, self.last) = (count, request, last) }

        func next(_ call: any CallContext) throws(ConnectorError) -> RowBatch? {
            guard last < count else { return nil }
            if request.batchRows == 17 { throw ConnectorError(.data, "Row \(last + 1) is broken.") }
            var batch = RowBatch(columns: request.batchRows == 19 ? [StreamColumn("other", .text)] : request.columns)
            while last < count, batch.count < request.batchRows {
                last += 1
                let row: [String: FieldValue] = [
                    "number": .integer(last), "letter": last % 3 == 0 ? .null : .text(last == 1 ? "ä" : "b"), "half": .double(Double(last) / 2),
                    "odd": .boolean(last % 2 == 1),
                ]
                try batch.append(batch.columns.map { row[$0.name] ?? .null })
            }
            return batch
        }

        func cursor() throws(ConnectorError) -> String { String(last) }
    }

    private let library = SourceLibrary.export(Letters.self)

    private func expectConnector() throws -> ch_connector { try #require(library.pointee.connectors[0]).pointee }
    private func expectTable() throws -> ch_source { try #require(try expectConnector().iface).assumingMemoryBound(to: ch_source.self).pointee }

    /// One reading as a host holds it.
    private final class Reading {
        let host: RecordingHost
        let table: ch_source
        var reader: OpaquePointer?
        var stream = ArrowArrayStream()
        let status: Int32

        init(_ table: ch_source, _ request: String, cursor: String? = nil) throws {
            host = RecordingHost()
            self.table = table
            var (opened, raw) = (OpaquePointer?.none, ArrowArrayStream())
            if let cursor {
                status = table.open(host.call, "{}", request, cursor, &opened, &raw)
            } else {
                status = table.open(host.call, "{}", request, nil, &opened, &raw)
            }
            (reader, stream) = (opened, raw)
        }

        func next() -> (code: Int32, batch: ArrowArray) {
            var batch = ArrowArray()
            return (stream.get_next(&stream, &batch), batch)
        }

        func expectCursor() throws -> String {
            let text = CollectedWords()
            #expect(table.cursor(reader, host.call, text.sink) == 0)
            return text.text
        }

        deinit {
            stream.release?(&stream)
            if let reader { table.close?(reader) }
        }
    }

    private func text(_ array: UnsafeMutablePointer<ArrowArray>?, _ row: Int) throws -> String {
        let buffers = try #require(array?.pointee.buffers)
        let offsets = try #require(buffers[1]).assumingMemoryBound(to: Int32.self)
        let bytes = UnsafeRawBufferPointer(start: buffers[2], count: Int(offsets[row + 1]))
        return String(decoding: bytes[Int(offsets[row])...], as: UTF8.self)
    }

    @Test("CON-8: the descriptor says what was declared, examples as well")
    func descriptor() throws {
        let descriptor = try #require(try expectConnector().descriptor).pointee
        #expect(descriptor.kind == CH_KIND_SOURCE && descriptor.features == UInt64(CH_SF_INCREMENTAL | CH_SF_RESUMABLE | CH_SF_PROJECTION))
        #expect(String(cString: descriptor.id) == "com.example.letters")
        #expect(String(cString: descriptor.examples) == #"[{"title":"Few","config":{"count":3,"names":["a\"b"]}}]"#)
    }

    @Test("CON-9: discover and schema tell the streams and their columns; another stream is not found, with what there is")
    func description() throws {
        let (host, words) = (RecordingHost(), CollectedWords())
        #expect(try expectTable().discover(host.call, "{}", words.sink) == 0)
        let streams = try #require(try JSONSerialization.jsonObject(with: Data(words.text.utf8)) as? [String: [[String: Any]]])["streams"]
        #expect(streams?.first?["name"] as? String == "letters" && streams?.first?["estimate_rows"] as? Int == 9)
        #expect(streams?.first?["modes"] as? [String] == ["full", "incremental"])
        var schema = ArrowSchema()
        #expect(try expectTable().schema(host.call, "{}", "letters", &schema) == 0)
        let columns = (0..<Int(schema.n_children)).compactMap { schema.children[$0]?.pointee }
        #expect(columns.map { String(cString: $0.name) } == ["number", "letter", "half", "odd"])
        #expect(columns.map { String(cString: $0.format) } == ["l", "u", "g", "b"])
        #expect(columns.map(\.flags) == [0, 2, 2, 2])
        schema.release(&schema)
        #expect(schema.release == nil)
        #expect(try expectTable().schema(host.call, "{}", "numbers", &schema) == CH_E_NOT_FOUND)
        #expect(schema.release == nil && host.message?.contains("letters") == true)
    }

    @Test("CON-9: values arrive as they were, nulls as nulls; the batch outlives its reader, and so does a column taken out of it")
    func rows() throws {
        var (batch, taken) = (ArrowArray(), ArrowArray())
        do {
            let reading = try Reading(try expectTable(), #"{"stream":"letters","mode":"full"}"#)
            #expect(reading.status == 0)
            let next = reading.next()
            #expect(next.code == 0)
            batch = next.batch
            let end = reading.next()
            #expect(end.code == 0 && end.batch.release == nil, "the end")
        }
        #expect(batch.length == 9 && batch.n_children == 4 && batch.n_buffers == 1)
        let numbers = try #require(batch.children[0]?.pointee.buffers[1]).assumingMemoryBound(to: Int64.self)
        #expect((0..<9).map { numbers[$0] } == Array(1...9))
        #expect(batch.children[0]?.pointee.buffers[0] == nil, "a column without nulls needs no bitmap")
        #expect(batch.children[1]?.pointee.null_count == 3)
        let valid = try #require(batch.children[1]?.pointee.buffers[0]).assumingMemoryBound(to: UInt8.self)
        #expect((0..<9).map { valid[$0 / 8] >> UInt8($0 % 8) & 1 } == [1, 1, 0, 1, 1, 0, 1, 1, 0])
        #expect(try (0..<3).map { try text(batch.children[1], $0) } == ["ä", "b", ""])
        let halves = try #require(batch.children[2]?.pointee.buffers[1]).assumingMemoryBound(to: Double.self)
        #expect((0..<3).map { halves[$0] } == [0.5, 1, 1.5])
        let odd = try #require(batch.children[3]?.pointee.buffers[1]).assumingMemoryBound(to: UInt8.self)
        #expect((0..<9).map { odd[$0 / 8] >> UInt8($0 % 8) & 1 } == [1, 0, 1, 0, 1, 0, 1, 0, 1])

        taken = try #require(batch.children[1]).pointee
        batch.children[1]?.pointee.release = nil
        batch.release(&batch)
        #expect(batch.release == nil)
        #expect(try withUnsafeMutablePointer(to: &taken) { try text($0, 1) } == "b")
        taken.release(&taken)
    }

    @Test("CON-9: a cursor stands for the batches returned; the columns asked for come and no others")
    func cursorAndColumns() throws {
        let reading = try Reading(try expectTable(), #"{"stream":"letters","mode":"full","columns":["odd","number"],"batch_rows":4}"#)
        var first = reading.next().batch
        #expect(first.length == 4 && first.n_children == 2)
        first.release(&first)
        let cursor = try reading.expectCursor()
        #expect(cursor == "4")
        let later = try Reading(try expectTable(), #"{"stream":"letters","mode":"incremental"}"#, cursor: cursor)
        var rest = later.next().batch
        #expect(rest.length == 5)
        rest.release(&rest)
        let unknown = try Reading(try expectTable(), #"{"stream":"letters","columns":["age"]}"#)
        #expect(unknown.status == CH_E_CONFIG && unknown.host.message?.contains("age") == true)
    }

    @Test("CON-9: failures keep their status and words: of open, of a batch, of a cancelled reading and of a batch that does not fit")
    func failures() throws {
        let refused = try Reading(try expectTable(), #"{"stream":"letters","batch_rows":13}"#)
        #expect(refused.status == CH_E_TRANSIENT && refused.host.message == "The server sleeps." && refused.host.retryAfter == 500)
        let broken = try Reading(try expectTable(), #"{"stream":"letters","batch_rows":17}"#)
        #expect(broken.next().code != 0)
        #expect(try expectTable().last_error(broken.reader, broken.host.call) == CH_E_DATA)
        #expect(broken.host.message == "Row 1 is broken.")
        let cancelled = try Reading(try expectTable(), #"{"stream":"letters"}"#)
        try expectTable().cancel(cancelled.reader)
        #expect(cancelled.next().code == ECANCELED)
        #expect(try expectTable().last_error(cancelled.reader, cancelled.host.call) == CH_E_CANCELLED)
        let other = try Reading(try expectTable(), #"{"stream":"letters","batch_rows":19}"#)
        #expect(other.next().code != 0)
        #expect(try expectTable().last_error(other.reader, other.host.call) == CH_E_INTERNAL)
    }

    @Test("CON-9: a row that does not fit its columns is refused by the column's name")
    func misfits() throws {
        func message(_ row: [FieldValue]) -> String? {
            var batch = RowBatch(columns: Letters.columns)
            do { try batch.append(row) } catch { return error.message }
            return nil
        }
        #expect(message([.integer(1), .null, .null, .null]) == nil)
        #expect(message([.null, .null, .null, .null])?.contains("number") == true)
        #expect(message([.integer(1), .integer(1), .null, .null])?.contains("letter") == true)
        #expect(message([.integer(1)])?.contains("4 columns") == true)
    }
}

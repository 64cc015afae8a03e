import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// The C example of a source, read through the interface.
@Suite struct SourceTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = try CompiledConnector.buildExample("c-source", into: directory.path)
    }

    private func source(_ cancellation: Cancellation = Cancellation()) throws -> LoadedConnector {
        try LoadedConnector(file: file, id: "com.example.c-contacts", events: CallEvents(), cancellation: cancellation)
    }

    static let rows: [[SourceValue]] = [
        [.integer(1), .text("anna@example.com"), .double(0.5), .boolean(true)],
        [.integer(2), .text("bert@example.com"), .double(1.25), .boolean(false)],
        [.integer(3), .null, .double(-3), .boolean(true)],
        [.integer(4), .text("dora@example.com"), .double(0), .boolean(false)],
        [.integer(5), .text(""), .double(2.5), .boolean(true)],
        [.integer(6), .text("jürgen@example.com"), .double(8), .boolean(true)],
    ]

    @Test("CON-1, CON-9: streams and columns of a C source are found")
    func discovers() throws {
        let source = try source()
        let streams = try source.streams(.object([:]))
        #expect(streams.map(\.name) == ["contacts"])
        #expect(streams.first?.primaryKey == ["id"] && streams.first?.cursorField == "id" && streams.first?.estimatedRows == 6)
        let columns = try source.columns(of: "contacts", .object([:]))
        #expect(columns.map(\.name) == ["id", "email", "score", "active"])
        #expect(columns.map(\.kind) == [.integer, .text, .double, .boolean])
        #expect(columns.map(\.isNullable) == [false, true, false, false])
        let error = #expect(throws: ConnectError.self) { try source.columns(of: "invoices", .object([:])) }
        #expect(error?.message.contains("contacts") == true)
    }

    @Test("CON-9: a stream is read to its end in its batches")
    func reads() throws {
        let reader = try source().read(SourceRequest(stream: "contacts"), .object([:]))
        #expect(try reader.next() == Array(Self.rows[..<3]))
        #expect(try reader.next() == Array(Self.rows[3...]))
        #expect(try reader.next() == nil)
        #expect(try reader.next() == nil, "the end stays the end")
        reader.close()
        reader.close()
        #expect(throws: ConnectError.self) { try reader.next() }
    }

    @Test("CON-9: a cursor covers exactly the rows returned, and a later reader goes on there")
    func resumes() throws {
        let source = try source()
        let first = try source.read(SourceRequest(stream: "contacts"), .object([:]))
        let start = try first.cursor()
        _ = try first.next()
        let cursor = try first.cursor()
        first.close()
        let second = try source.read(SourceRequest(stream: "contacts", mode: "incremental"), from: cursor, .object([:]))
        #expect(try second.next() == Array(Self.rows[3...]))
        #expect(try second.next() == nil)
        let end = try source.read(SourceRequest(stream: "contacts", mode: "incremental"), from: second.cursor(), .object([:]))
        #expect(try end.next() == nil)
        let again = try source.read(SourceRequest(stream: "contacts"), from: start, .object([:]))
        #expect(try again.next() == Array(Self.rows[..<3]))
    }

    @Test("CON-9: a cursor that the source does not know is refused as such")
    func badCursor() throws {
        let error = #expect(throws: ConnectError.self) {
            try source().read(SourceRequest(stream: "contacts"), from: .object(["row": .integer(9000)]), .object([:]))
        }
        #expect(error?.code == "source.cursor")
    }

    @Test("CON-9: two readers of one stream do not know each other")
    func twoReaders() throws {
        let source = try source()
        let (one, two) = (
            try source.read(SourceRequest(stream: "contacts"), .object([:])), try source.read(SourceRequest(stream: "contacts"), .object([:]))
        )
        _ = try one.next()
        #expect(try two.next() == Array(Self.rows[..<3]))
        one.close()
        #expect(try two.next() == Array(Self.rows[3...]))
    }

    @Test("CON-6: a cancelled reader ends with the cancelled error")
    func cancels() throws {
        let cancellation = Cancellation()
        let reader = try source(cancellation).read(SourceRequest(stream: "contacts"), .object([:]))
        _ = try reader.next()
        cancellation.cancel()
        let error = #expect(throws: ConnectError.self) { try reader.next() }
        #expect(error?.category == .cancelled)
    }

    @Test("CON-1: a source is not asked to move files")
    func noTransport() throws {
        let error = #expect(throws: ConnectError.self) { try source().opener(.object([:])) }
        #expect(error?.code == "connector.kind")
    }
}

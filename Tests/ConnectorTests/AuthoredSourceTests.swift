import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// The sources of `connectors new`, read through the interface as the worker reads them.
@Suite struct AuthoredSourceTests {
    private func expectCounting(_ language: String) throws {
        let place = try TemporaryDirectory()
        let file = try AuthoredConnector("counting", kind: "source", language: language, in: place).build()
        let cancellation = Cancellation()
        let source = try LoadedConnector(file: file, id: "com.example.counting", events: CallEvents(), cancellation: cancellation)
        let settings = JSONValue.object(["rows": .integer(5000)])
        #expect(try source.streams(settings).map(\.name) == ["numbers"])
        #expect(try source.streams(settings).first?.estimatedRows == 5000)
        #expect(try source.columns(of: "numbers", settings).map(\.name) == ["number", "label"])
        #expect(try source.columns(of: "numbers", settings).map(\.kind) == [.integer, .text])

        let reader = try source.read(SourceRequest(stream: "numbers"), settings)
        let first = try #require(try reader.next())
        #expect(first.first == [.integer(1), .text("row 1")])
        let cursor = try reader.cursor()
        let second = try #require(try reader.next())
        #expect(try reader.next() == nil)
        #expect(first.count + second.count == 5000)
        #expect(second.last == [.integer(5000), .text("row 5000")])
        reader.close()

        let later = try source.read(SourceRequest(stream: "numbers", mode: "incremental"), from: cursor, settings)
        #expect(try later.next() == second, "the cursor covers the first batch and nothing else")
        let error = #expect(throws: ConnectError.self) {
            try source.read(SourceRequest(stream: "numbers"), from: .object(["number": .integer(5001)]), settings)
        }
        #expect(error?.code == "source.cursor")
        let unknown = #expect(throws: ConnectError.self) { try source.read(SourceRequest(stream: "letters"), settings) }
        #expect(unknown?.message.contains("numbers") == true)

        let cancelled = try source.read(SourceRequest(stream: "numbers"), settings)
        cancellation.cancel()
        #expect(#expect(throws: ConnectError.self) { try cancelled.next() }?.category == .cancelled)
    }

    @Test("CON-8, CON-9: a new source in C counts, says what its rows are, and goes on where it ended")
    func c() throws { try expectCounting("c") }

    @Test("CON-8, CON-9: also in Rust", .enabled(if: Toolchain.hasRust, "there is no rustc"))
    func rust() throws { try expectCounting("rust") }

    @Test("CON-8, CON-9: also in Swift")
    func swift() throws { try expectCounting("swift") }
}

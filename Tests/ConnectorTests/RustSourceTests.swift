import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import Testing

/// The Rust example of a source gives what the C example gives.
@Suite(.enabled(if: Toolchain.hasRust, "there is no rustc")) struct RustSourceTests {
    private static let shared = [("all", "abi.rs"), ("all", "host.rs"), ("all", "settings.rs"), ("source", "arrow.rs")]

    @Test("CON-1, CON-9: the Rust example is described, read to its end, and goes on from a cursor")
    func reads() throws {
        let directory = try TemporaryDirectory()
        let file = try CompiledConnector.buildExample("rust-source", into: directory.path)
        let cancellation = Cancellation()
        let source = try LoadedConnector(file: file, id: "com.example.rust-contacts", events: CallEvents(), cancellation: cancellation)
        #expect(try source.streams(.object([:])).first?.estimatedRows == 6)
        let columns = try source.columns(of: "contacts", .object([:]))
        #expect(columns.map(\.name) == ["id", "email", "score", "active"] && columns.map(\.kind) == [.integer, .text, .double, .boolean])
        #expect(columns.map(\.isNullable) == [false, true, false, false])

        let reader = try source.read(SourceRequest(stream: "contacts"), .object([:]))
        #expect(try reader.next() == Array(SourceTests.rows[..<3]))
        let cursor = try reader.cursor()
        #expect(try reader.next() == Array(SourceTests.rows[3...]))
        #expect(try reader.next() == nil)
        reader.close()
        let later = try source.read(SourceRequest(stream: "contacts", mode: "incremental"), from: cursor, .object([:]))
        #expect(try later.next() == Array(SourceTests.rows[3...]))

        let foreign = #expect(throws: ConnectError.self) {
            try source.read(SourceRequest(stream: "contacts"), from: .object(["row": .integer(9000)]), .object([:]))
        }
        #expect(foreign?.code == "source.cursor")
        let unknown = #expect(throws: ConnectError.self) { try source.columns(of: "invoices", .object([:])) }
        #expect(unknown?.message.contains("contacts") == true)
        cancellation.cancel()
        #expect(#expect(throws: ConnectError.self) { try later.next() }?.category == .cancelled)
    }

    @Test("CON-8: what the example shares with new projects is the same in both", arguments: shared)
    func sharedFiles(folder: String, name: String) {
        let (example, template) = (
            "\(CompiledConnector.root)/Examples/rust-source/\(name)", "\(CompiledConnector.root)/Templates/rust/\(folder)/\(name)"
        )
        #expect(FileManager.default.contents(atPath: example) != nil)
        #expect(FileManager.default.contentsEqual(atPath: example, andPath: template), "copy \(template) to \(example)")
    }
}

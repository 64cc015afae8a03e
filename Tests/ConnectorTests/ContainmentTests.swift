import ConnectModel
import ConnectTesting
import Foundation
import PluginABI
import RunEngine
import Testing

@testable import ConnectorRuntime

/// The host refuses `..` before a connector sees it; the connectors refuse it again, whoever calls them.
@Suite struct ContainmentTests {
    private static let paths = ["../secret", "inside/../../secret", "/etc/hostname", "..", ".", "", "inside//f", "inside/", "link", "away/secret"]

    @Test(
        "FS-4: called past the host's own check, no path leads out of the directory", arguments: ["org.connecthost.local", "com.example.c-directory"])
    func refuses(id: String) throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("secret", "outside")
        try temporary.write("root/inside/f", "inside")
        try FileManager.default.createSymbolicLink(atPath: temporary.path + "/root/link", withDestinationPath: "../secret")
        try FileManager.default.createSymbolicLink(atPath: temporary.path + "/root/away", withDestinationPath: "..")
        let file =
            id.hasPrefix("org")
            ? Installation.buildDirectory + "/libLocalTransport.so" : try CompiledConnector.buildExample("c-transport", into: temporary.path)
        let connector = try LoadedConnector(file: file, id: id, events: CallEvents(), cancellation: Cancellation())
        let transport = try #require(
            try connector.opener(.object(["directory": .string(temporary.path + "/root")])).open(Cancellation()) as? ABITransport)
        let (table, call) = (transport.table.raw.pointee, UnsafePointer(transport.call.raw))
        let session = try #require(transport.session)
        var opened: OpaquePointer?
        #expect(table.open_read(session, call, "inside/f", 0, &opened) == CH_OK, "what is inside is reached this way too")
        table.abort(opened)
        for path in Self.paths {
            var read: OpaquePointer?
            #expect(table.open_read(session, call, path, 0, &read) < 0, "reading \"\(path)\"")
            #expect(read == nil)
            var written: OpaquePointer?
            #expect(table.open_write(session, call, path, 0, -1, &written) < 0, "writing \"\(path)\"")
            #expect(written == nil)
            #expect(table.mkdir(session, call, path + "/new") < 0, "making \"\(path)/new\"")
            if path != "link" { #expect(table.remove(session, call, path) < 0, "removing \"\(path)\"") }
            #expect(table.rename(session, call, "inside/f", path + "/g", 1) < 0, "renaming to \"\(path)/g\"")
        }
        #expect(temporary.contents("secret") == Data("outside".utf8))
        #expect(temporary.names(in: "root/inside") == ["f"])
    }
}

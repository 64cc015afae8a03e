import ConnectHost
import ConnectModel
import ConnectTesting
import Foundation
import Testing

/// What the catalogue remembers and what it lets in.
@Suite struct CatalogTests {
    @Test("CON-7: connectors.lock lets in only what is in it")
    func lock() throws {
        let catalog = try Catalog()
        let good = try catalog.minimal("good.so")
        try catalog.minimal("other.so", #"-DID="com.example.other""#)
        let sum = try ChildRun("sha256sum", [good]).wait().output
        try sum.write(toFile: catalog.directory + "/connectors.lock", atomically: false, encoding: .utf8)
        let files = catalog.scan()
        #expect(files["good.so"]?.refused == nil)
        #expect(files["good.so"]?.connectors.count == 1)
        let reason = files["other.so"]?.refused ?? ""
        #expect(reason.contains("not in the list of allowed connectors") && reason.contains("sha256sum"), "\(reason)")
        #expect(catalog.catalog().check(catalog.directory + "/other.so").refused == reason)

        try catalog.minimal("good.so", #"-DID="com.example.changed""#)
        #expect(catalog.scan()["good.so"]?.refused?.contains("connectors.lock") == true, "a changed file is not the allowed one")
    }

    /// By a process of its own: a child that another test begins at this moment would hold a file that is open for writing here, and nobody could run it.
    private func writeProgram(_ path: String, _ text: String) throws {
        try #require(try ChildRun("/bin/sh", ["-c", "cat > \(path) && chmod 755 \(path)"], input: text).wait().status == 0)
    }

    @Test("CON-2: a scan in which nothing has changed starts no process; a changed file is looked at again, alone")
    func cache() throws {
        let catalog = try Catalog()
        try catalog.minimal("good.so")
        try catalog.minimal("trap.so", "-DIN_ENTRY=abort()")
        let count = catalog.temporary.path + "/count"
        let probe = catalog.temporary.path + "/probe"
        try writeProgram(probe, "#!/bin/sh\necho \"$2\" >> \(count)\nexec \"$0.program\" \"$@\"\n")
        try FileManager.default.createSymbolicLink(atPath: probe + ".program", withDestinationPath: Installation.program)
        let probed = { () -> [String] in
            let lines = (try? String(contentsOfFile: count, encoding: .utf8))?.split(separator: "\n") ?? []
            // Files are looked at side by side.
            return lines.map { URL(fileURLWithPath: String($0)).lastPathComponent }.sorted()
        }
        let cached = catalog.catalog(cached: true, probe: [probe, "connector-probe"])
        let first = cached.scan()
        #expect(probed() == ["good.so", "trap.so"])
        #expect(cached.scan() == first)
        #expect(catalog.catalog(cached: true, probe: [probe, "connector-probe"]).scan() == first, "another process remembers too")
        #expect(probed() == ["good.so", "trap.so"])

        try catalog.minimal("trap.so", #"-DID="com.example.mended""#)
        #expect(cached.scan().map(\.refused) == [nil, nil])
        #expect(probed() == ["good.so", "trap.so", "trap.so"])

        try FileManager.default.removeItem(atPath: catalog.directory + "/good.so")
        #expect(cached.scan().flatMap(\.connectors).map(\.id) == ["com.example.mended"])
        #expect(probed().count == 3)

        // Another version of the program may think otherwise of a file.
        try writeProgram(probe, "#!/bin/sh\necho \"$2\" >> \(count)\nexec \"$0.program\" \"$@\" # newer\n")
        _ = catalog.catalog(cached: true, probe: [probe, "connector-probe"]).scan()
        #expect(probed().count == 4)
    }

    @Test("CON-3: checking one file looks anew, and the scan remembers what it found")
    func checkRefreshes() throws {
        let catalog = try Catalog()
        let gone = catalog.temporary.path + "/libgone.so"
        try CompiledConnector.build("Tests/ConnectorTests/Fixtures/no_entry.c", into: gone)
        let file = try catalog.minimal("late.so", "-Wl,--no-as-needed", gone)
        try FileManager.default.moveItem(atPath: gone, toPath: gone + ".away")
        let cached = catalog.catalog(cached: true)
        #expect(cached.scan().first?.refused?.contains("libgone.so") == true)
        try FileManager.default.moveItem(atPath: gone + ".away", toPath: gone)
        #expect(cached.check(file).refused == nil)
        #expect(cached.scan().first?.refused == nil)
    }

    @Test("CON-4: a file dropped in is found by its id and by a name that is not there is told what is")
    func lookUp() throws {
        let catalog = try Catalog()
        #expect(throws: ConnectError.self) { try catalog.catalog().connector("com.example.minimal") }
        let file = try catalog.minimal("good.so")
        let found = try catalog.catalog().connector("com.example.minimal")
        #expect(found.file == file)
        #expect(found.info.kind == .transport)
        let error = #expect(throws: ConnectError.self) { try catalog.catalog().connector("com.example.minimum") }
        #expect(error?.code == "connector.missing")
        #expect(error?.remedy?.contains("com.example.minimal") == true)
    }

    @Test("CON-1: a connector built with the frozen header of 1.0 loads")
    func frozenHeader() throws {
        let catalog = try Catalog()
        try FileManager.default.createDirectory(atPath: catalog.temporary.path + "/include", withIntermediateDirectories: false)
        try FileManager.default.copyItem(
            atPath: CompiledConnector.root + "/Sources/PluginABI/frozen/connecthost_plugin_1_0.h",
            toPath: catalog.temporary.path + "/include/connecthost_plugin.h")
        let old = catalog.temporary.path + "/include"
        try CompiledConnector.build("Examples/c-transport/directory_transport.c", into: catalog.directory + "/transport.so", headers: old)
        try CompiledConnector.build("Examples/c-source/contacts_source.c", into: catalog.directory + "/source.so", headers: old)
        let files = catalog.scan()
        #expect(files["transport.so"]?.refused == nil && files["source.so"]?.refused == nil)
        #expect(files["transport.so"]?.abi == "1.0")
        #expect(files["transport.so"]?.connectors.map(\.id) == ["com.example.c-directory"])
        #expect(files["source.so"]?.connectors.map(\.kind) == [.source])
    }

    @Test("CON-5: what is listed is what the connector says: schema, names, licence")
    func description() throws {
        let catalog = try Catalog()
        let built = try CompiledConnector.buildExample("c-transport", into: catalog.temporary.path)
        let info = try #require(catalog.catalog().check(built).connectors.first)
        #expect(info.license == "Apache-2.0" && info.version == "1.0.0" && info.aliases == ["c-directory"])
        #expect(info.schema["properties"]?["directory"]?["title"]?.stringValue == "Directory")
        #expect(SettingsForm(info).problems(in: [:], secrets: []).map(\.path) == ["/directory"])
    }
}

import ConnectHost
import ConnectModel
import ConnectTesting
import Foundation
import Testing

/// The list of allowed connectors of a directory (CON-7).
@Suite struct LockTests {
    private let catalog: Catalog

    init() throws {
        catalog = try Catalog()
        try catalog.minimal("a.so")
        try catalog.minimal("b.so", "-DID=\"com.example.b\"")
    }

    private var lockFile: String { catalog.directory + "/connectors.lock" }

    private func states() throws -> [String: LockedFile.State] {
        try ConnectorLock.verify(catalog.directory).reduce(into: [:]) { $0[$1.file] = $1.state }
    }

    /// Another file under the same name.
    private func change(_ name: String) throws {
        let file = FileHandle(forWritingAtPath: catalog.directory + "/" + name)
        try file?.seekToEnd()
        try file?.write(contentsOf: Data([0]))
        try file?.close()
    }

    @Test("CON-7: lock allows what is there, as sha256sum would write it, readable by all and writable by its owner alone")
    func locks() throws {
        #expect(try ConnectorLock.refresh(catalog.directory).map(\.state) == [.unlisted, .unlisted])
        #expect(try states() == ["a.so": .allowed, "b.so": .allowed])
        #expect(catalog.scan().values.allSatisfy { $0.refused?.contains("connectors.lock") != true })
        let checked = try ChildRun("bash", ["-c", "cd '\(catalog.directory)' && sha256sum --check --strict connectors.lock"]).wait()
        #expect(checked.status == 0 && checked.output.contains("a.so: OK"), "\(checked.output)\(checked.errors)")
        #expect(try FileManager.default.attributesOfItem(atPath: lockFile)[.posixPermissions] as? Int == 0o644)
        #expect(catalog.temporary.names(in: "connectors") == ["a.so", "b.so", "connectors.lock"], "nothing is left beside it")
    }

    @Test("CON-7: verify tells a changed, an unlisted and a missing file, and the loader refuses the first two")
    func verifies() throws {
        _ = try ConnectorLock.refresh(catalog.directory)
        try change("a.so")
        try FileManager.default.removeItem(atPath: catalog.directory + "/b.so")
        try catalog.minimal("c.so", "-DID=\"com.example.c\"")
        #expect(try states() == ["a.so": .changed, "b.so": .missing, "c.so": .unlisted])
        let found = catalog.scan()
        #expect(found["a.so"]?.refused?.contains("connectors.lock") == true)
        #expect(found["c.so"]?.refused?.contains("connectors.lock") == true)
        let before = try ConnectorLock.refresh(catalog.directory)
        #expect(before.map(\.state) == [.changed, .unlisted, .missing])
        #expect(try states() == ["a.so": .allowed, "c.so": .allowed])
    }

    @Test("CON-7: a file under another name is allowed by its sum, as the loader allows it")
    func renamed() throws {
        _ = try ConnectorLock.refresh(catalog.directory)
        try FileManager.default.moveItem(atPath: catalog.directory + "/b.so", toPath: catalog.directory + "/renamed.so")
        #expect(try states() == ["a.so": .allowed, "b.so": .missing, "renamed.so": .allowed])
        #expect(catalog.scan()["renamed.so"]?.refused == nil)
    }

    @Test("CON-7: without a list verify says so, and a directory that is not there is told")
    func missing() throws {
        #expect(throws: (any Error).self) { try ConnectorLock.verify(catalog.directory) }
        #expect(throws: (any Error).self) { try ConnectorLock.refresh(catalog.temporary.path + "/nowhere") }
        #expect(!FileManager.default.fileExists(atPath: lockFile))
    }

    @Test("CON-7: the commands print each file with its state, and verify ends with 3 when there is anything but allowed ones")
    func commands() throws {
        func run(_ verb: String, _ more: String...) throws -> ChildRun.Result {
            try ChildRun(Installation.program, ["connectors", verb, catalog.directory] + more).wait()
        }
        #expect(try run("verify").status == 3, "there is no list")
        let locked = try run("lock")
        #expect(
            locked.status == 0 && locked.output.contains("added      a.so") && locked.output.contains("2 files are allowed"),
            "\(locked.output)\(locked.errors)")
        #expect(try run("verify").status == 0)
        try change("b.so")
        let verified = try run("verify", "--json")
        #expect(verified.status == 3)
        let files = JSONObject(try JSONSerialization.jsonObject(with: Data(verified.output.utf8)))["files"]
        #expect(files[0]["state"].string == "allowed" && files[1]["file"].string == "b.so" && files[1]["state"].string == "changed")
        #expect(files[1]["sha256"].string?.count == 64)
    }
}

import ConnectHost
import ConnectModel
import ConnectTesting
import Foundation

/// A connector directory of one test and the catalogue that looks at it through the real program.
final class Catalog {
    let temporary: TemporaryDirectory
    let directory: String

    init() throws {
        temporary = try TemporaryDirectory()
        directory = temporary.path + "/connectors"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    /// Builds the minimal connector, wrong in the way that `options` say.
    @discardableResult
    func minimal(_ name: String, _ options: String...) throws -> String {
        let file = directory + "/" + name
        try CompiledConnector.build("Tests/ConnectorTests/Fixtures/minimal.c", into: file)
        if !options.isEmpty { try Self.rebuild(file, "minimal.c", options) }
        return file
    }

    @discardableResult
    func fixture(_ source: String, _ name: String, _ options: String...) throws -> String {
        let file = directory + "/" + name
        try Self.rebuild(file, source, options)
        return file
    }

    private static func rebuild(_ file: String, _ source: String, _ options: [String]) throws {
        let fixed = [
            "-std=gnu11", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + CompiledConnector.headers, "-o", file,
            CompiledConnector.fixtures + "/" + source,
        ]
        let result = try ChildRun("cc", fixed + options).wait()
        guard result.status == 0 else { throw TestFailure("\(source) \(options): \(result.errors)") }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    }

    func catalog(cached: Bool = false, probe: [String] = [Installation.program, "connector-probe"], limitMilliseconds: Int = 5000) -> ConnectorCatalog
    {
        ConnectorCatalog(
            directories: [directory], cacheFile: cached ? temporary.path + "/cache.json" : nil, probe: probe,
            probeLimitMilliseconds: limitMilliseconds)
    }

    /// Scans; file name to what was found.
    func scan(limitMilliseconds: Int = 5000) -> [String: ConnectorFile] {
        catalog(limitMilliseconds: limitMilliseconds).scan().reduce(into: [:]) { $0[URL(fileURLWithPath: $1.path).lastPathComponent] = $1 }
    }

    func setMode(_ mode: Int, _ path: String) throws { try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path) }
}

import ConnectTesting
import Foundation

/// One use of `connectors test` in a directory of its own.
final class Trial {
    let temporary: TemporaryDirectory
    private var built = 0

    init() throws {
        temporary = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: temporary.path + "/files", withIntermediateDirectories: true)
    }

    /// Compiles a fixture of this suite.
    func build(_ source: String, _ option: String = "-DDEFECT=none") throws -> String {
        built += 1
        return try CompiledConnector.build(
            "Tests/ConnectorConformanceTests/Fixtures/" + source, into: temporary.path + "/\(built)-\(source).so", headers: CompiledConnector.headers,
            option)
    }

    /// A file of settings that only its owner may read.
    func config(_ json: String, mode: Int = 0o600) throws -> String {
        let file = try temporary.write("config.json", json)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Tries the file with the settings that its kind of fixture or example takes; its name says the kind.
    func run(_ file: String, _ arguments: String...) throws -> (status: Int32, report: JSONObject) {
        let name = URL(fileURLWithPath: file).lastPathComponent.lowercased()
        let settings = name.contains("transport") ? #""directory":"\#(temporary.path)/files""# : name.contains("job") ? #""server":"server""# : ""
        let result = try start(file, ["--config", try config(#"{"settings":{\#(settings)}}"#)] + arguments)
        guard let value = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) else {
            throw TestFailure("connectors test printed no JSON (\(result.status)): \(result.output)\(result.errors)")
        }
        return (result.status, JSONObject(value))
    }

    func start(_ file: String, _ arguments: [String], json: Bool = true) throws -> ChildRun.Result {
        let home = temporary.path + "/home"
        let all = ["connectors", "test", file, "--home", home] + (json ? ["--json"] : []) + arguments
        return try ChildRun(Installation.program, all).wait()
    }
}

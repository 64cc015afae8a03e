public import Foundation

/// A real `connecthost` on a home of its own, used the way a person or a script uses it.
public final class Installation: Sendable {
    public let directory: TemporaryDirectory
    public var home: String { directory.path + "/home" }
    public var upload: String { home + "/files/upload" }
    /// A directory for connectors of this test's own; it is searched before the built ones.
    public let connectors: String

    /// Makes the home; `prepare` gets its path before anything is in it.
    public init(prepare: (String) throws -> Void = { _ in }) throws {
        directory = try TemporaryDirectory()
        try prepare(directory.path + "/home")
        connectors = try Self.ownConnectors(in: directory)
        try BuiltConnectors.remember(in: directory.path + "/home")
        let result = try run("init")
        guard result.status == 0 else { throw TestFailure("init failed: \(result.errors)") }
        let domains = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Data/tlds.txt").standardizedFileURL.path
        try FileManager.default.copyItem(atPath: domains, toPath: home + "/tlds.txt")
    }

    /// A copy of another installation's home, for tests that need many with the same beginning.
    public init(copying other: Installation) throws {
        directory = try TemporaryDirectory()
        connectors = try Self.ownConnectors(in: directory)
        try FileManager.default.copyItem(atPath: other.home, toPath: directory.path + "/home")
        let moved = try run("servers", "set", "files", "--set", "directory=\(home)/files")
        guard moved.status == 0 else { throw TestFailure("the copied home cannot be used: \(moved.errors)") }
    }

    private static func ownConnectors(in directory: TemporaryDirectory) throws -> String {
        let path = directory.path + "/connectors"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        return path
    }

    /// The program, beside the test bundle in the build directory.
    public static var program: String { buildDirectory + "/connecthost" }

    public static var buildDirectory: String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
    }

    /// What every command gets besides its own arguments.
    public var options: [String] { ["--home", home, "--connectors", connectors, "--connectors", BuiltConnectors.directory] }

    public func start(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws -> ChildRun {
        let options = arguments.first == "worker" ? [] : options
        return try ChildRun(Self.program, arguments + options, environment: environment, input: input)
    }

    @discardableResult
    public func run(_ arguments: String..., environment: [String: String] = [:], input: String = "") throws -> ChildRun.Result {
        try start(arguments, environment: environment, input: input).wait()
    }

    /// Runs, expects success and returns what was printed.
    @discardableResult
    public func expectSuccess(_ arguments: String..., environment: [String: String] = [:], input: String = "") throws -> String {
        let result = try start(arguments, environment: environment, input: input).wait()
        guard result.status == 0 else {
            throw TestFailure("connecthost \(arguments.joined(separator: " ")) ended with \(result.status):\n\(result.output)\n\(result.errors)")
        }
        return result.output
    }

    /// Runs with `--json` and returns the object, whatever the exit code.
    public func json(_ arguments: String...) throws -> JSONObject {
        let result = try start(arguments + ["--json"]).wait()
        guard let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) else {
            throw TestFailure(
                "connecthost \(arguments.joined(separator: " ")) printed no JSON (\(result.status)):\n\(result.output)\n\(result.errors)")
        }
        return JSONObject(object)
    }

    /// Puts a file into the upload directory.
    public func put(_ name: String, _ text: String) throws { try directory.write("home/files/upload/" + name, text) }
    public func put(_ name: String, _ data: Data) throws { try directory.write("home/files/upload/" + name, data) }

    /// Applies a document.
    @discardableResult
    public func apply(_ yaml: String) throws -> String { try expectSuccess("apply", "-", input: yaml) }

    /// Every row of a list, as sorted lines of the given fields.
    public func rows(_ list: String, _ fields: String) throws -> [String] {
        try expectSuccess("lists", "query", list, "--fields", fields, "--limit", "0", "--json").split(separator: "\n").map(String.init).sorted()
    }
}

/// A look into JSON without types.
public struct JSONObject {
    public let value: Any?
    public init(_ value: Any?) { self.value = value }
    public subscript(key: String) -> JSONObject { JSONObject((value as? [String: Any])?[key]) }
    public subscript(index: Int) -> JSONObject {
        guard let array = value as? [Any], array.indices.contains(index) else { return JSONObject(nil) }
        return JSONObject(array[index])
    }
    public var string: String? { value as? String }
    public var int: Int? { (value as? NSNumber)?.intValue }
    public var bool: Bool? { value as? Bool }
    public var count: Int { (value as? [Any])?.count ?? (value as? [String: Any])?.count ?? 0 }
    public var isMissing: Bool { value == nil }
}

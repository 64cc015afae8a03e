public import Foundation

/// A throwaway OpenSSH server on loopback, started by `Tests/servers/openssh`; a test that uses it stops it.
public final class TestServer: Sendable {
    /// What the script printed.
    public let settings: [String: String]
    private let directory: URL

    /// Why a server of this kind cannot be had on this machine.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameters:
    ///   - password: lets a password in too; needs root.
    ///   - options: lines of sshd_config.
    public init(password: Bool = false, options: [String] = []) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-sshd-" + UUID().uuidString)
        let arguments = ["start", directory.path] + (password ? ["--password"] : []) + options.flatMap { ["--option", $0] }
        let (status, output, errors) = try Self.run(arguments)
        guard status == 0 else { throw Unavailable(description: "openssh start ended with \(status): \(errors)") }
        var settings: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.settings = settings
    }

    /// Whether password log-ins can be tested here: sshd only checks them against the system's accounts.
    public static let canTestPasswords = getuid() == 0

    /// Runs `body` with a server and stops it, whatever happens.
    public static func with(password: Bool = false, options: [String] = [], _ body: (TestServer) throws -> Void) throws {
        let server = try TestServer(password: password, options: options)
        defer { server.stop() }
        try body(server)
    }

    public func stop() { _ = try? Self.run(["stop", directory.path]) }

    public subscript(_ name: String) -> String { settings[name] ?? "" }
    public var port: Int { Int(self["PORT"]) ?? 0 }
    /// The directory that transfers go from and to, on this machine.
    public var files: URL { URL(fileURLWithPath: self["DIRECTORY"]) }
    /// What the server has logged so far.
    public var log: String { (try? String(contentsOfFile: self["LOG"], encoding: .utf8)) ?? "" }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("servers/openssh")

    /// Output goes to files: the server keeps the descriptors it inherits, and a pipe would never end.
    private static func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-run-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: base) }
        let files = [base.appendingPathComponent("out"), base.appendingPathComponent("err")]
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = script
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        return (process.terminationStatus, texts[0], texts[1])
    }
}

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
    ///   - account: what it may do: "full", "shell" (no sftp) or "scp" (nothing else).
    ///   - algorithms: the generation of the server, "new" or "old"; nil for what is installed.
    ///   - address: where it listens.
    ///   - first: lines of sshd_config that win over the script's own.
    ///   - options: lines of sshd_config.
    public init(
        password: Bool = false, account: String = "full", algorithms: String? = nil, address: String = "127.0.0.1", first: [String] = [],
        options: [String] = []
    ) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-sshd-" + UUID().uuidString)
        let lines = first.flatMap { ["--first", $0] } + options.flatMap { ["--option", $0] }
        let arguments =
            ["start", directory.path] + (password ? ["--password"] : []) + ["--account", account, "--listen", address]
            + (algorithms.map { ["--algorithms", $0] } ?? []) + lines
        let started = try Program.run(Self.script, arguments)
        guard started.status == 0 else {
            throw Unavailable(description: "openssh start ended with \(started.status): \(started.errors)")
        }
        var settings: [String: String] = [:]
        for line in started.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.settings = settings
    }

    /// Whether password log-ins can be tested here: sshd only checks them against the system's accounts.
    public static let canTestPasswords = getuid() == 0

    /// Runs `body` with a server and stops it, whatever happens.
    public static func with(
        password: Bool = false, account: String = "full", algorithms: String? = nil, address: String = "127.0.0.1", first: [String] = [],
        options: [String] = [], _ body: (TestServer) throws -> Void
    ) throws {
        let server = try TestServer(
            password: password, account: account, algorithms: algorithms, address: address, first: first, options: options)
        defer { server.stop() }
        try body(server)
    }

    public func stop() { _ = try? Program.run(Self.script, ["stop", directory.path]) }

    public subscript(_ name: String) -> String { settings[name] ?? "" }
    public var port: Int { Int(self["PORT"]) ?? 0 }
    /// The directory that transfers go from and to, on this machine.
    public var files: URL { URL(fileURLWithPath: self["DIRECTORY"]) }
    /// What the server has logged so far.
    public var log: String { (try? String(contentsOfFile: self["LOG"], encoding: .utf8)) ?? "" }

    /// Blocks until no connection is being served: what the server had to write, it has written.
    public func waitForIdle() {
        let children = "/proc/\(self["PID"])/task/\(self["PID"])/children"
        while let text = try? String(contentsOfFile: children, encoding: .utf8), !text.isEmpty { usleep(10_000) }
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("servers/openssh").path
}

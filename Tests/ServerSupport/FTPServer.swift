public import Foundation
internal import Glibc

/// A throwaway FTP server on loopback, started by `Tests/servers/ftp`; a test that uses it stops it.
public final class FTPServer: Sendable {
    /// What the script printed.
    public let settings: [String: String]
    private let directory: URL

    /// - Parameters:
    ///   - security: "none", "explicit" or "implicit".
    ///   - isOld: without MLSD and MLST.
    public init(security: String = "none", isOld: Bool = false) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-ftp-" + UUID().uuidString)
        let started = try Program.run(Self.script, ["start", directory.path, "--tls", security] + (isOld ? ["--old"] : []))
        guard started.status == 0 else {
            throw TestServer.Unavailable(description: "ftp start ended with \(started.status): \(started.errors)")
        }
        var settings: [String: String] = [:]
        for line in started.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.settings = settings
    }

    /// Runs `body` with a server and stops it, whatever happens.
    public static func with(security: String = "none", isOld: Bool = false, _ body: (FTPServer) throws -> Void) throws {
        let server = try FTPServer(security: security, isOld: isOld)
        defer { server.stop() }
        try body(server)
    }

    public func stop() { _ = try? Program.run(Self.script, ["stop", directory.path]) }

    /// Ends the server without a goodbye, and waits until it has ended; `stop` still has to come.
    public func kill() {
        guard let id = Int32(self["PID"]) else { return }
        Glibc.kill(id, SIGKILL)
        while let state = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8), !state.contains(") Z ") { usleep(10_000) }
    }

    /// Tells clients another port for data connections, a proxy's.
    public func announce(dataPort: Int) throws { try "\(dataPort)".write(toFile: self["ANNOUNCE"], atomically: true, encoding: .utf8) }

    public subscript(_ name: String) -> String { settings[name] ?? "" }
    public var port: Int { Int(self["PORT"]) ?? 0 }
    public var dataPort: Int { Int(self["DATA_PORT"]) ?? 0 }
    /// The directory that transfers go from and to, on this machine.
    public var files: URL { URL(fileURLWithPath: self["DIRECTORY"]) }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("servers/ftp").path
}

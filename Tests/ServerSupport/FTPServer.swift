public import Foundation
internal import Glibc

/// A throwaway FTP server on loopback, started by `Tests/servers/ftp` or `Tests/servers/vsftpd`; a test that uses it stops it.
public final class FTPServer: Sendable {
    /// What the script printed.
    public let settings: [String: String]
    private let directory: URL
    private let script: String

    /// The script that starts a server.
    public enum Kind: String, Sendable {
        /// Python's pyftpdlib: no root needed, MLSD.
        case ftp
        /// What many Linux machines run: LIST alone, and TLS only for data connections that take up the control connection's session.
        case vsftpd
        /// Computes checksums.
        case proftpd
    }

    /// Whether there is a vsftpd, and the rights to make it an account. It is not installed for the tests, because its package starts a service.
    public static let canTestVsftpd = getuid() == 0 && access("/usr/sbin/vsftpd", X_OK) == 0

    /// Whether there is a ProFTPD; for the same reason it is not installed for the tests.
    public static let canTestProFTPD = access("/usr/sbin/proftpd", X_OK) == 0 || ProcessInfo.processInfo.environment["PROFTPD"] != nil

    /// - Parameters:
    ///   - security: "none", "explicit" or "implicit".
    ///   - isOld: without MLSD and MLST.
    ///   - digest: a command for checksums that it has, "hash" or "xsha256".
    ///   - address: where it listens.
    public init(_ kind: Kind = .ftp, security: String = "none", isOld: Bool = false, digest: String? = nil, address: String = "127.0.0.1") throws {
        script = Self.scripts + kind.rawValue
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("connecthost-ftp-" + UUID().uuidString)
        let started = try Program.run(
            script,
            ["start", directory.path, "--tls", security, "--listen", address] + (isOld ? ["--old"] : []) + (digest.map { ["--digest", $0] } ?? []))
        guard started.status == 0 else {
            throw TestServer.Unavailable(description: "\(kind.rawValue) start ended with \(started.status): \(started.errors)")
        }
        var settings: [String: String] = [:]
        for line in started.output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            settings[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.settings = settings
    }

    /// Runs `body` with a server and stops it, whatever happens.
    public static func with(
        _ kind: Kind = .ftp, security: String = "none", isOld: Bool = false, digest: String? = nil, address: String = "127.0.0.1",
        _ body: (FTPServer) throws -> Void
    ) throws {
        let server = try FTPServer(kind, security: security, isOld: isOld, digest: digest, address: address)
        defer { server.stop() }
        try body(server)
    }

    public func stop() { _ = try? Program.run(script, ["stop", directory.path]) }

    /// Ends the server without a goodbye, and waits until it has ended; `stop` still has to come.
    public func kill() {
        guard let id = Int32(self["PID"]) else { return }
        Glibc.kill(id, SIGKILL)
        while let state = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8), !state.contains(") Z ") { usleep(10_000) }
    }

    /// From now on its checksums are those of something else. Only of a server with `digest`.
    public func spoilChecksums() throws { try Data().write(to: directory.appendingPathComponent("wrong")) }

    /// Tells clients that data connections go to another machine, in its answers to EPSV, or to PASV where it knows no other.
    public func leadElsewhere(_ address: String, passiveOnly: Bool) throws {
        try address.write(to: directory.appendingPathComponent("elsewhere"), atomically: true, encoding: .utf8)
        if passiveOnly { try Data().write(to: directory.appendingPathComponent("no-epsv")) }
    }

    /// Tells clients another port for data connections, a proxy's.
    public func announce(dataPort: Int) throws { try "\(dataPort)".write(toFile: self["ANNOUNCE"], atomically: true, encoding: .utf8) }

    public subscript(_ name: String) -> String { settings[name] ?? "" }
    public var port: Int { Int(self["PORT"]) ?? 0 }
    public var dataPort: Int { Int(self["DATA_PORT"]) ?? 0 }
    /// The directory that transfers go from and to, on this machine.
    public var files: URL { URL(fileURLWithPath: self["DIRECTORY"]) }

    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/servers/"
}

import ConnectModel
import ConnectTesting
import ConnectorRuntime
import Foundation
import RunEngine
import ServerSupport
import Testing

/// Seconds after which a transport gives up.
struct Waits {
    var connect: Int64
    var stall: Int64
}

/// One way to a server that the host has: a bundled connector, with one of its engines where it has several.
enum Line: String, CaseIterable, CustomTestStringConvertible {
    case sftpOpenSSH = "SFTP by OpenSSH"
    case sftpLibSSH2 = "SFTP by libssh2"
    case scpOpenSSH = "SCP by OpenSSH"
    case scpLibSSH2 = "SCP by libssh2"
    case ftp = "FTP"
    case ftps = "FTP with TLS"

    var testDescription: String { rawValue }

    private var connector: (file: String, id: String) {
        switch self {
        case .sftpOpenSSH, .sftpLibSSH2: ("libSFTPTransport.so", "org.connecthost.sftp")
        case .scpOpenSSH, .scpLibSSH2: ("libSCPTransport.so", "org.connecthost.scp")
        case .ftp, .ftps: ("libFTPTransport.so", "org.connecthost.ftp")
        }
    }

    /// Runs `body` with a server of this kind and stops it.
    /// - Parameter digest: an FTP server's command for checksums.
    func withServer(digest: String? = nil, _ body: (LineServer) throws -> Void) throws {
        switch self {
        case .ftp: try FTPServer.with(security: "none", digest: digest) { try body(.ftp($0)) }
        case .ftps: try FTPServer.with(security: "explicit", digest: digest) { try body(.ftp($0)) }
        case .sftpOpenSSH, .sftpLibSSH2: try TestServer.with { try body(.ssh($0)) }
        case .scpOpenSSH, .scpLibSSH2: try TestServer.with(account: "shell") { try body(.ssh($0)) }
        }
    }

    /// Connections through a proxy at `port`.
    func opener(_ server: LineServer, port: Int, waits: Waits, _ further: [String: JSONValue] = [:]) throws -> any TransportOpener {
        var settings: [String: JSONValue] = [
            "host": .string("127.0.0.1"), "port": .integer(Int64(port)), "username": .string(server["USERNAME"]),
            "connect_timeout_seconds": .integer(waits.connect), "stall_timeout_seconds": .integer(waits.stall),
        ]
        switch self {
        case .ftp, .ftps:
            settings["password"] = .string(server["PASSWORD"])
            settings["security"] = .string(self == .ftp ? "none" : "explicit")
            settings["allow_plaintext"] = .bool(true)
            settings["certificate_pins"] = .array([.string(server["PIN"])])
        default:
            settings["directory"] = .string(server["DIRECTORY"])
            settings["private_key_file"] = .string(server["USER_KEY_ED25519"])
            settings["host_keys"] = .array([.string(server["HOST_KEY_ED25519"])])
            settings["engine"] = .string(self == .sftpLibSSH2 || self == .scpLibSSH2 ? "libssh2" : "openssh")
            settings["keepalive_seconds"] = .integer(0)
            if self == .scpOpenSSH || self == .scpLibSSH2 { settings["transfer"] = .string("scp") }
        }
        settings.merge(further) { $1 }
        let file = Installation.buildDirectory + "/" + connector.file
        return try LoadedConnector(file: file, id: connector.id, events: CallEvents(), cancellation: Cancellation()).opener(.object(settings))
    }
}

/// A real server of either protocol.
enum LineServer: Sendable {
    case ssh(TestServer)
    case ftp(FTPServer)

    subscript(_ name: String) -> String {
        switch self {
        case .ssh(let server): server[name]
        case .ftp(let server): server[name]
        }
    }

    var port: Int {
        switch self {
        case .ssh(let server): server.port
        case .ftp(let server): server.port
        }
    }

    var movesFilesOnItsOwnPort: Bool { if case .ftp = self { true } else { false } }

    var files: String { self["DIRECTORY"] }

    /// Runs `body` with the port of a proxy in front of the server that strikes once, wherever the bytes go: FTP moves files over connections of their own.
    func struck(_ fault: ChaosProxy.Fault, counting: ChaosProxy.Direction, _ body: (_ port: Int, ChaosProxy.Count) throws -> Void) throws {
        let count = ChaosProxy.Count()
        let control = try ChaosProxy(to: port, counting: counting, count: count) { _ in fault }
        defer { control.stop() }
        guard case .ftp(let server) = self else { return try body(control.port, count) }
        let data = try ChaosProxy(to: server.dataPort, counting: counting, count: count) { _ in fault }
        defer { data.stop() }
        try server.announce(dataPort: data.port)
        try body(control.port, count)
    }
}

/// Nobody listens.
struct SilentReporter: RunReporter {
    func log(_ level: LogLine.Level, _ message: String, _ fields: [String: String]) {}
    func progress(_ progress: RunProgress) {}
}

import ConnectorKit
import Foundation
import SSHTransportCore
import ServerSupport
import Testing

@testable import SFTPTransport

/// Both ways to speak SSH; what a session promises must hold with each.
let engines: [SSHEngine] = [.openssh, .libssh2]

/// The engine of the test that runs.
enum EngineUnderTest {
    @TaskLocal static var current = SSHEngine.openssh
}

/// Settings for a test server: its Ed25519 user key and its Ed25519 host key, unless `changes` says otherwise; nil takes a setting away.
func sftpSettings(_ server: TestServer, _ changes: [String: SettingValues.Value?] = [:]) throws -> SFTPSettings {
    var values: [String: SettingValues.Value] = [
        "host": .string(server["HOST"]), "port": .integer(Int64(server.port)), "username": .string(server["USERNAME"]),
        "directory": .string(server["DIRECTORY"]), "authentication": .string("key"), "private_key_file": .string(server["USER_KEY_ED25519"]),
        "host_keys": .strings([server["HOST_KEY_ED25519"]]), "engine": .string(EngineUnderTest.current.rawValue),
    ]
    for (name, value) in changes { values[name] = value }
    return try SFTPConnector.makeSettings(SettingValues(values))
}

extension TestServer {
    /// Runs `body` with a server, whose sessions go through `engine`, and stops it.
    static func with(
        _ engine: SSHEngine, password: Bool = false, first: [String] = [], options: [String] = [], _ body: (TestServer) throws -> Void
    ) throws {
        try with(password: password, first: first, options: options) { server in
            try EngineUnderTest.$current.withValue(engine) { try body(server) }
        }
    }

    /// Opens a session, runs `body` and closes the session.
    func session(
        _ changes: [String: SettingValues.Value?] = [:], _ call: RecordingCall = RecordingCall(), _ body: (any TransportSession) throws -> Void
    ) throws {
        let session = try SFTPConnector.open(sftpSettings(self, changes), call)
        defer { session.close() }
        try body(session)
    }

    func put(_ name: String, _ content: [UInt8]) throws { try Data(content).write(to: files.appendingPathComponent(name)) }
    func content(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: files.appendingPathComponent(name))) }
}

extension TransportSession {
    /// The rest of a file from `offset`, read in pieces of `piece` bytes.
    func content(_ path: String, offset: Int64 = 0, piece: Int = 100_000, _ call: RecordingCall = RecordingCall()) throws -> [UInt8] {
        let file = try openRead(path, offset: offset, call)
        defer { file.close() }
        var content: [UInt8] = []
        try file.readAll(piece: piece, call) { content += $0 }
        return content
    }

    func write(_ path: String, _ content: [UInt8], offset: Int64 = 0, piece: Int = 100_000, _ call: RecordingCall = RecordingCall()) throws {
        let file = try openWrite(path, offset: offset, expectedSize: nil, call)
        try file.writeAll(content, piece: piece, call)
        try file.commit(modifiedUnixNanoseconds: nil, call)
    }

    func names(_ directory: String = "", _ call: RecordingCall = RecordingCall()) throws -> [String] {
        var names: [String] = []
        try list(directory, call) { (entry) throws(ConnectorError) in names.append(entry.path) }
        return names.sorted()
    }
}

extension ReadableFile {
    func readAll(piece: Int, _ call: RecordingCall, _ each: ([UInt8]) -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: piece)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try read(into: $0, call) }
            if count == 0 { return }
            each(Array(buffer[0..<count]))
        }
    }
}

extension WritableFile {
    func writeAll(_ content: [UInt8], piece: Int, _ call: RecordingCall) throws {
        var done = 0
        while done < content.count {
            let end = min(done + piece, content.count)
            done += try content[done..<end].withUnsafeBytes { try write($0, call) }
        }
    }
}

/// Bytes that differ everywhere, so that a piece in the wrong place shows.
func patterned(_ count: Int, salt: UInt64 = 1) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
        let raw = UnsafeMutableRawBufferPointer(bytes)
        var state = salt
        for offset in stride(from: 0, to: count, by: 4) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            withUnsafeBytes(of: state >> 32) { raw[offset..<min(offset + 4, count)].copyBytes(from: $0.prefix(min(4, count - offset))) }
        }
        filled = count
    }
}

/// The error of something that must fail.
func failure(_ body: () throws -> Void) -> ConnectorError? {
    do {
        try body()
        return nil
    } catch { return error as? ConnectorError }
}

/// The fingerprint a person compares, of a line such as `ssh-ed25519 AAAA…`.
func fingerprint(_ pin: String) throws -> String { try #require(HostKey(pin: pin)).fingerprint }

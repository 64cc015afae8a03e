import ConnectorKit
import Foundation
import ServerSupport
import Testing

@testable import FTPTransport

extension FTPServer {
    /// Settings for this server, plain unless `changes` says otherwise; nil takes a setting away.
    func values(_ changes: [String: SettingValues.Value?] = [:]) -> SettingValues {
        var values: [String: SettingValues.Value] = [
            "host": .string(self["HOST"]), "port": .integer(Int64(port)), "username": .string(self["USERNAME"]),
            "password": .string(self["PASSWORD"]),
            "security": .string("none"), "allow_plaintext": .boolean(true),
        ]
        for (name, value) in changes { values[name] = value }
        return SettingValues(values)
    }

    /// Opens a session, runs `body` and closes the session.
    func session(
        _ changes: [String: SettingValues.Value?] = [:], _ call: RecordingCall = RecordingCall(), _ body: (any TransportSession) throws -> Void
    ) throws {
        let session = try FTPConnector.open(FTPConnector.makeSettings(values(changes)), call)
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
    var state = salt
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        withUnsafeBytes(of: state) { bytes.append(contentsOf: $0.suffix(4)) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// The error of something that must fail.
func failure(_ body: () throws -> Void) -> ConnectorError? {
    do {
        try body()
        return nil
    } catch { return error as? ConnectorError }
}

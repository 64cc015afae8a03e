import ConnectModel
import Foundation
import PluginABI

/// A place of its own for one check on the far side: a directory below the given one where the transport can make directories, else names
/// with a beginning of their own. Removed when the check is over.
struct Workspace {
    let session: RawSession
    private let prefix: String

    /// `name` below this place.
    func path(_ name: String) -> String { prefix + name }
    /// The directory that `path` puts names in; "" is the root of the session.
    let directory: String

    fileprivate init(session: RawSession, directory: String, prefix: String) {
        self.session = session
        self.directory = directory
        self.prefix = prefix
    }

    /// The same place through another session.
    func through(_ other: RawSession) -> Workspace { Workspace(session: other, directory: directory, prefix: prefix) }

    /// Writes and commits a file in pieces of at most `chunk` bytes. Throws the status of the first call that fails, in words.
    func write(_ name: String, _ bytes: [UInt8], chunk: Int = 1 << 18, offset: Int64 = 0, modified: Int64 = .min) throws {
        let (status, file) = session.openWrite(path(name), offset: offset, expectedSize: offset == 0 ? Int64(bytes.count) : -1)
        guard let file else {
            throw CheckFailure(sentence: "open_write of \"\(name)\" failed with \(StatusName.of(status)) \(session.call.words).")
        }
        var done = 0
        while done < bytes.count {
            let piece = bytes[done..<min(done + chunk, bytes.count)]
            let taken = file.write(piece)
            guard taken >= 1, taken <= Int64(piece.count) else {
                file.abort()
                throw CheckFailure(
                    sentence: taken < 0
                        ? "write to \"\(name)\" failed with \(StatusName.of(taken)) \(session.call.words)."
                        : "write returned \(taken) for a buffer of \(piece.count) bytes; it returns how many it took, at least 1 and no more than it was given."
                )
            }
            done += Int(taken)
        }
        let committed = file.commit(modified: modified)
        guard committed == CH_OK else {
            throw CheckFailure(sentence: "commit of \"\(name)\" failed with \(StatusName.of(committed)) \(session.call.words).")
        }
    }

    /// Reads a whole file with buffers of `capacity` bytes, at most `limit` bytes of it.
    func read(_ name: String, capacity: Int = 1 << 18, offset: Int64 = 0, limit: Int = 64 << 20) throws -> [UInt8] {
        let (status, file) = session.openRead(path(name), offset: offset)
        guard let file else {
            throw CheckFailure(sentence: "open_read of \"\(name)\" failed with \(StatusName.of(status)) \(session.call.words).")
        }
        defer { file.abort() }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let (count, piece, overran) = file.read(capacity)
            guard !overran else { throw CheckFailure(sentence: "read wrote behind the buffer of \(capacity) bytes that it was given.") }
            guard count <= Int64(capacity) else { throw CheckFailure(sentence: "read returned \(count) for a buffer of \(capacity) bytes.") }
            guard count >= 0 else { throw CheckFailure(sentence: "read of \"\(name)\" failed with \(StatusName.of(count)) \(session.call.words).") }
            if count == 0 { return bytes }
            bytes += piece
        }
        throw CheckFailure(sentence: "read of \"\(name)\" does not come to an end: it has given more than \(limit) bytes. Return 0 at the end.")
    }

    /// Fails where the file does not hold exactly these bytes.
    func expect(_ name: String, holds bytes: [UInt8], capacity: Int = 1 << 18, _ context: CheckContext, _ what: String) throws {
        let found = try read(name, capacity: capacity, limit: bytes.count + (1 << 20))
        guard found != bytes else { return }
        let place = zip(found, bytes).enumerated().first { $1.0 != $1.1 }?.offset
        let difference = found.count != bytes.count ? "has \(found.count) bytes instead of \(bytes.count)" : "differs"
        context.fail("\(what) \(difference)\(place.map { ", first at byte \($0)" } ?? "").")
    }
}

extension CheckContext {
    var features: UInt64 { request.connector.features }
    func has(_ feature: UInt64) -> Bool { features & feature != 0 }

    /// A session that the check closes at its end unless it does so itself. Throws with the connector's words when it cannot be opened.
    func open(_ connector: RawConnector, closesItself: Bool = false, _ call: RawCall = RawCall()) throws -> RawSession {
        doing("open")
        let (status, session) = RawSession.open(connector, settingsJSON, call)
        guard let session else {
            throw CheckFailure(sentence: "No session could be opened: \(StatusName.of(status)) \(call.words). Check the settings.")
        }
        if !closesItself { afterwards { session.close() } }
        return session
    }

    /// A session and a place of its own to work in.
    func workspace() throws -> (RawConnector, Workspace) {
        let connector = try connector()
        let session = try open(connector)
        let name = "connecthost-check-\(UInt32.random(in: 1..<UInt32.max))"
        let base = request.directory.isEmpty ? "" : request.directory + "/"
        guard has(1 << 4) else {
            let space = Workspace(session: session, directory: request.directory, prefix: base + name + "-")
            afterwards { Self.clear(session, request: self.request, directory: space.directory, prefix: space.path("")) }
            return (connector, space)
        }
        let status = session.mkdir(base + name)
        try require(status == CH_OK, "mkdir of a directory to work in failed with \(StatusName.of(status)) \(session.call.words).")
        let space = Workspace(session: session, directory: base + name, prefix: base + name + "/")
        afterwards {
            Self.clear(session, request: self.request, directory: space.directory, prefix: space.path(""))
            _ = session.rmdir(space.directory)
        }
        return (connector, space)
    }

    private static func clear(_ session: RawSession, request: ConformanceRequest, directory: String, prefix: String) {
        for entry in session.list(directory).entries.prefix(1000) where entry.path.hasPrefix(prefix) {
            if entry.type == 2 {
                for inner in session.list(entry.path).entries.prefix(1000) where inner.path.hasPrefix(entry.path + "/") {
                    _ = session.remove(inner.path)
                }
                _ = session.rmdir(entry.path)
            } else {
                _ = session.remove(entry.path)
            }
        }
    }
}

/// Bytes that repeat nowhere within what a buffer holds, so that a piece that is lost, doubled or moved is seen.
enum Pattern {
    static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }
}

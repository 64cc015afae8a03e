import ConnectModel
import Foundation

/// Puts one file on a server, over as many connections as it takes (FS-8). It goes there under a temporary name; after a break it goes on
/// behind the bytes that arrived, or begins anew where the transport cannot; its size is compared; then it gets its name.
///
/// A file under its final name is therefore whole, whatever happened. Used by one thread; blocks.
public final class FileUpload {
    /// Fills the buffer with the bytes from the offset on; 0 at the end. The same offset gives the same bytes whenever it is asked for. Called by one
    /// thread at a time, not always the same.
    public typealias Source = (_ offset: Int64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int

    private let transport: RetryingTransport
    private let remote: String
    private let partial: String
    private let size: Int64
    private let modifiedUnixNanoseconds: Int64?
    private let source: Source
    /// Bytes that the server was seen to have.
    private var furthest: Int64 = 0
    /// Bytes that were given to the transport: what the server has beyond them is not ours.
    private var given: Int64 = 0
    private var isFirstAttempt = true
    /// The server has, or had, a file of ours under the temporary name.
    private var hasBegun = false
    /// The rename was asked for, and nobody said how it went.
    private var mayBeRenamed = false

    private static let chunk = 1 << 20
    /// Longer files are read on a thread of their own, so that the disk and the network do not wait for each other.
    private static let readAhead: Int64 = 8 << 20
    /// What may be on its way to a server at once, and so what a server that was cut off may have written out of turn.
    private static let compared: Int64 = 32 << 20

    /// - Parameters:
    ///   - size: how many bytes `source` gives.
    ///   - modifiedUnixNanoseconds: the file's time on the server, where it can be set.
    public init(
        _ transport: RetryingTransport, to remote: String, size: Int64, modifiedUnixNanoseconds: Int64? = nil, from source: @escaping Source
    ) {
        self.transport = transport
        self.remote = remote
        partial = Self.temporaryPath(remote)
        self.size = size
        self.modifiedUnixNanoseconds = modifiedUnixNanoseconds
        self.source = source
    }

    /// Where a file lies until it is whole.
    static func temporaryPath(_ remote: String) -> String { remote + ".part" }

    /// Returns once the file is complete under its name, replacing one that was there. What fails for good leaves nothing, as far as the server
    /// can still be reached.
    public func run() throws { try persisting(attempt) }

    /// Returns once the file is whole under its temporary name, which it keeps.
    func send() throws { try persisting { try sendWhole(over: transport.connected()) } }

    private func persisting(_ attempt: () throws -> Void) throws {
        var failures = 0
        while true {
            let before = furthest
            do {
                return try attempt()
            } catch let error as ConnectError {
                failures = furthest > before ? 1 : failures + 1
                guard let delay = transport.policy.delay(after: failures, error, jitter: .random(in: 0...1)) else {
                    discard(after: error)
                    throw error
                }
                transport.drop()
                transport.reporter.log(
                    .warning, "\(error.message) Going on with the upload in \(delay) ms.",
                    ["server": transport.name, "path": remote, "attempt": String(failures), "code": error.code])
                try transport.cancellation.wait(milliseconds: delay)
                isFirstAttempt = false
            }
        }
    }

    private func attempt() throws {
        let connection = try transport.connected()
        if mayBeRenamed, try hasItsName(connection) { return }
        try sendWhole(over: connection)
        mayBeRenamed = true
        try connection.rename(partial, to: remote, replace: true)
    }

    /// The server's size is compared with ours.
    private func sendWhole(over connection: any Transport) throws {
        try send(over: connection)
        if let there = try sizeOnServer(connection, partial), there != size {
            throw ConnectError("transfer.size", .transient, "\"\(remote)\" has \(there) bytes on \(transport.name) after \(size) were sent.")
        }
    }

    private func send(over connection: any Transport) throws {
        var start = isFirstAttempt ? 0 : try continuation(connection)
        let writer: any TransportWriter
        do {
            writer = try connection.openWrite(partial, offset: start, expectedSize: size)
        } catch let error as ConnectError where start > 0 && error.category != .transient && error.category != .cancelled {
            // A server, or a way of verifying, that takes whole files only.
            start = 0
            writer = try connection.openWrite(partial, offset: 0, expectedSize: size)
        }
        furthest = max(furthest, start)
        hasBegun = true
        do {
            try write(from: start, to: writer)
        } catch {
            writer.abort()
            throw error
        }
        try writer.commit(modifiedUnixNanoseconds: modifiedUnixNanoseconds)
    }

    private func write(from start: Int64, to writer: any TransportWriter) throws {
        var offset = start
        let write: (UnsafeRawBufferPointer) throws -> Void = { [self] bytes in
            given = max(given, offset + Int64(bytes.count))
            try writer.write(bytes)
            offset += Int64(bytes.count)
        }
        let reader = SourceReader(source, from: start, to: size)
        if size - start < Self.readAhead {
            try forEachPiece(of: reader, write)
        } else {
            let fetch = FetchStage(reader: Handle(reader), cancellation: transport.cancellation, hashing: false)
            defer { fetch.stop() }
            try fetch.forEachChunk(write)
        }
        guard offset == size else {
            throw ConnectError(
                "local.file", .data, "What was to be sent as \"\(remote)\" ended after \(offset) bytes instead of \(size): it changed meanwhile.")
        }
    }

    private func forEachPiece(of reader: SourceReader, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(max(1, min(Int64(Self.chunk), size))), alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            try transport.cancellation.check()
            let count = try reader.read(into: buffer)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// What is to be sent, as something to be read. One thread at a time.
    private final class SourceReader: TransportReader {
        private let source: Source
        private var offset: Int64
        private let end: Int64

        init(_ source: @escaping Source, from start: Int64, to end: Int64) {
            self.source = source
            (offset, self.end) = (start, end)
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let wanted = Int(min(Int64(buffer.count), end - offset))
            guard wanted > 0 else { return 0 }
            let count = try source(offset, UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            offset += Int64(count)
            return count
        }

        func close() {}
    }

    /// Where to go on: behind the bytes that the server has, once the last of them have been compared with ours. A server that writes several
    /// requests at once may have a hole before the end of its file when it is cut off, which its size does not show: then before the hole, where the
    /// transport can, else 0. A file with more bytes than this upload ever gave, or with none of the last like ours, is another's, or an earlier one's.
    private func continuation(_ connection: any Transport) throws -> Int64 {
        guard connection.features.isSuperset(of: [.append, .seekRead]), let there = try sizeOnServer(connection, partial), there > 0, there <= given
        else { return 0 }
        let start = max(0, there - Self.compared)
        let reader = try connection.openRead(partial, offset: start)
        defer { reader.close() }
        let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Self.chunk, alignment: 4096)
        defer { buffers.deallocate() }
        let theirs = UnsafeMutableRawBufferPointer(rebasing: buffers[..<Self.chunk])
        var offset = start
        var holdsMore = false
        while offset < there {
            try transport.cancellation.check()
            let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: theirs[..<Int(min(Int64(Self.chunk), there - offset))]))
            guard count > 0 else { return 0 }
            let ours = UnsafeMutableRawBufferPointer(rebasing: buffers[Self.chunk..<(Self.chunk + count)])
            var filled = 0
            while filled < count {
                let read = try source(offset + Int64(filled), UnsafeMutableRawBufferPointer(rebasing: ours[filled...]))
                guard read > 0 else { return 0 }
                filled += read
            }
            let alike = Self.alike(UnsafeRawBufferPointer(rebasing: theirs[..<count]), UnsafeRawBufferPointer(ours))
            offset += Int64(alike)
            holdsMore = holdsMore || theirs[..<alike].contains { $0 != 0 }
            guard alike < count else { continue }
            // Where a server has lost what was longest on the way, there are zeros, which ours may have too.
            let isOurs = start == 0 || offset - start >= Int64(Self.chunk) && holdsMore
            return isOurs && connection.features.contains(.cutBack) ? offset : 0
        }
        return there
    }

    /// How many bytes at the beginning of two buffers of one length are the same.
    private static func alike(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        if let first = left.baseAddress, let second = right.baseAddress, memcmp(first, second, left.count) == 0 { return left.count }
        return zip(left, right).prefix { $0 == $1 }.count
    }

    /// Nil when there is no such file, or the server cannot tell.
    private func sizeOnServer(_ connection: any Transport, _ path: String) throws -> Int64? {
        do {
            return try connection.stat(path).size
        } catch let error as ConnectError where ["file.missing", "transport.unsupported"].contains(error.code) {
            return nil
        }
    }

    /// The rename arrived although its answer did not.
    private func hasItsName(_ connection: any Transport) throws -> Bool {
        try sizeOnServer(connection, partial) == nil && sizeOnServer(connection, remote) == size
    }

    /// Clears up after the last attempt, over a new connection where the old one broke. Nothing can be done about a server that does not let us, and
    /// the caller has its error already.
    private func discard(after error: ConnectError) {
        guard hasBegun, error.category != .cancelled, error.category != .authentication else { return }
        if error.category == .transient { transport.drop() }
        try? transport.connected().remove(partial)
    }
}

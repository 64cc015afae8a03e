import ConnectModel

/// A reader that survives the end of its connection.
///
/// Sizes and times alone do not tell a file from one that was put in its place: many servers tell no time, or seconds only. So the last bytes
/// before a break are read once more and compared before it goes on.
final class ResumingReader: TransportReader {
    private let transport: RetryingTransport
    private let path: String
    private let entry: RemoteEntry
    private var reader: any TransportReader
    private let start: Int64
    private var offset: Int64
    /// Failures in a row without a byte between them.
    private var failures = 0
    /// The bytes before `offset`, at most `compared`.
    private var last: [UInt8] = []
    /// Some hundred records; more would cost time with every piece and show no more.
    private static let compared = 16 << 10

    init(_ transport: RetryingTransport, path: String, entry: RemoteEntry, reader: any TransportReader, offset: Int64) {
        self.transport = transport
        self.path = path
        self.entry = entry
        self.reader = reader
        start = offset
        self.offset = offset
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            do {
                let count = try reader.read(into: buffer)
                if count == 0 {
                    if !buffer.isEmpty { try checkEnd() }
                    return 0
                }
                offset += Int64(count)
                failures = 0
                keep(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                return count
            } catch let error as ConnectError {
                failures += 1
                reader.close()
                reader = try transport.reopen(path, entry, at: offset, behind: last, after: error, attempt: failures)
            }
        }
    }

    func close() { reader.close() }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count >= Self.compared {
            last.removeAll(keepingCapacity: true)
            last.append(contentsOf: bytes.suffix(Self.compared))
        } else {
            let surplus = last.count + bytes.count - Self.compared
            if surplus > 0 { last.removeFirst(surplus) }
            last.append(contentsOf: bytes)
        }
    }

    /// A file with more bytes than it had at first has grown, which is for those to judge who know what it is.
    private func checkEnd() throws {
        guard let size = entry.size, offset < size, start < size else { return }
        throw Self.endedEarly(path, transport.name, offset, of: size)
    }

    static func endedEarly(_ path: String, _ server: String, _ bytes: Int64, of size: Int64) -> ConnectError {
        ConnectError(
            "transfer.size", .transient,
            "\"\(path)\" on \(server) ended after \(bytes) of its \(size) bytes: it was changed while it was read, or the server ended early.")
    }
}

/// The part of a file that was read before, on a new connection.
struct ReadAgain {
    private let reader: any TransportReader
    private let cancellation: Cancellation
    private static let piece: Int64 = 1 << 20

    init(_ reader: any TransportReader, _ cancellation: Cancellation) {
        self.reader = reader
        self.cancellation = cancellation
    }

    /// For transports that can only begin at the beginning. False when the file ends before.
    func skip(_ count: Int64) throws -> Bool { try next(count) { _, _ in true } }

    /// Whether the bytes that come next are these.
    func isNext(_ bytes: [UInt8]) throws -> Bool {
        try bytes.withUnsafeBytes { known in
            try next(Int64(bytes.count)) { piece, at in known[at..<(at + piece.count)].elementsEqual(piece) }
        }
    }

    /// Calls `body` with the next `count` bytes in pieces and where each begins, while it returns true.
    private func next(_ count: Int64, _ body: (UnsafeRawBufferPointer, Int) -> Bool) throws -> Bool {
        guard count > 0 else { return true }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, Self.piece)), alignment: 16)
        defer { buffer.deallocate() }
        var at: Int64 = 0
        while at < count {
            try cancellation.check()
            let read = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(count - at, Self.piece))]))
            guard read > 0, body(UnsafeRawBufferPointer(rebasing: buffer[..<read]), Int(at)) else { return false }
            at += Int64(read)
        }
        return true
    }
}

/// How a finished transfer is compared with what the server has.
public enum TransferVerification: String, Sendable, CaseIterable {
    /// By its size.
    case size
    /// By the server's own SHA-256 of it too.
    case checksum

    /// The setting, alike in every transport that offers it.
    public static let field = SettingField(
        "verify", title: "Verify transfers",
        help:
            "What is compared with the server when a transfer is over: the size, which is the default, or also the SHA-256 sum that the server computes of its "
            + "file. Where the server has none, the connection is refused with the reason.",
        kind: .choice([("size", "The size"), ("checksum", "The size and the server's checksum")]),
        default: .string(TransferVerification.size.rawValue),
        advanced: true)

    public init(_ values: SettingValues) { self = values.string("verify").flatMap(TransferVerification.init) ?? .size }
}

/// The sums that a server computes of its own files.
public protocol ServerChecksum: AnyObject {
    /// Whether it computes those of files from a byte on, or of whole files only.
    var isOfAnyPart: Bool { get }
    /// SHA-256 of a file from a byte on, which is 0 unless `isOfAnyPart`. `bytes`: how many there should be, which tells how long it may take.
    func sha256(of path: String, from offset: Int64, bytes: Int64, _ call: any CallContext) throws(ConnectorError) -> [UInt8]
    /// Any thread, as `TransportSession.cancel`.
    func cancel()
    func close()
}

/// A session whose transfers are good only when the server's own sum of the file is that of the bytes that went over the line (FS-8). Every other verb is the inner session's.
///
/// Where the server only computes sums of whole files, a file that is read from an offset is fetched from its beginning, and an upload that broke begins anew
/// (`openWrite` throws `.unsupported`): nothing goes by its size alone.
public final class VerifyingSession: TransportSession {
    private let session: any TransportSession
    private let checksum: any ServerChecksum
    private let server: String

    /// - Parameter server: as messages name it.
    public init(_ session: any TransportSession, _ checksum: any ServerChecksum, server: String) {
        self.session = session
        self.checksum = checksum
        self.server = server
    }

    public func openRead(_ path: String, offset: Int64, _ call: any CallContext) throws(ConnectorError) -> any ReadableFile {
        guard offset > 0, !checksum.isOfAnyPart else {
            return VerifyingReadFile(try session.openRead(path, offset: offset, call), Comparison(path, offset, checksum, server))
        }
        let file = VerifyingReadFile(try session.openRead(path, offset: 0, call), Comparison(path, 0, checksum, server))
        do throws(ConnectorError) {
            try file.skip(offset, call)
        } catch {
            file.close()
            throw error
        }
        return file
    }

    public func openWrite(_ path: String, offset: Int64, expectedSize: Int64?, _ call: any CallContext) throws(ConnectorError) -> any WritableFile {
        guard offset == 0 || checksum.isOfAnyPart else {
            throw ConnectorError(
                .unsupported,
                "\(server) computes checksums of whole files only, so with `verify: checksum` the upload of \"\(path)\" cannot go on in its middle. Begin it anew."
            )
        }
        let file = try session.openWrite(path, offset: offset, expectedSize: expectedSize, call)
        return VerifyingWriteFile(file, Comparison(path, offset, checksum, server), session)
    }

    public func stat(_ path: String, _ call: any CallContext) throws(ConnectorError) -> FileEntry { try session.stat(path, call) }

    public func list(_ directory: String, _ call: any CallContext, _ each: (FileEntry) throws(ConnectorError) -> Void) throws(ConnectorError) {
        try session.list(directory, call, each)
    }

    public func rename(_ from: String, to: String, replace: Bool, _ call: any CallContext) throws(ConnectorError) {
        try session.rename(from, to: to, replace: replace, call)
    }

    public func remove(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.remove(path, call) }
    public func makeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.makeDirectory(path, call) }
    public func removeDirectory(_ path: String, _ call: any CallContext) throws(ConnectorError) { try session.removeDirectory(path, call) }

    public func cancel() {
        checksum.cancel()
        session.cancel()
    }

    public func close() {
        checksum.close()
        session.close()
    }
}

/// The sum of one transfer beside the server's.
private struct Comparison {
    private let path: String
    private let offset: Int64
    private let checksum: any ServerChecksum
    private let server: String
    private var hash = SHA256()

    init(_ path: String, _ offset: Int64, _ checksum: any ServerChecksum, _ server: String) {
        self.path = path
        self.offset = offset
        self.checksum = checksum
        self.server = server
    }

    var file: String { path }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }

    /// Throws `.transient` where the two differ: what was sent once more may arrive whole.
    func compare(_ call: any CallContext) throws(ConnectorError) {
        let here = hash.finished()
        let there = try checksum.sha256(of: path, from: offset, bytes: hash.count, call)
        guard here != there else { return call.log(.debug, "The server's SHA-256 is the same.", ["path": path, "sha256": Self.hexadecimal(here)]) }
        throw ConnectorError(
            .transient,
            "\"\(path)\" has the SHA-256 \(Self.hexadecimal(there)) on \(server), and what went over the line has \(Self.hexadecimal(here)): it was changed on the way or by "
                + "somebody else meanwhile. It can be tried again.")
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

private final class VerifyingReadFile: ReadableFile {
    private var file: (any ReadableFile)?
    private var comparison: Comparison

    init(_ file: any ReadableFile, _ comparison: Comparison) {
        self.file = file
        self.comparison = comparison
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        guard let file else { return 0 }
        let count = try file.read(into: buffer, call)
        if count > 0 {
            comparison.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return count
        }
        guard buffer.count > 0 else { return 0 }
        // The line may be needed for the question.
        close()
        try comparison.compare(call)
        return 0
    }

    /// Reads the first `count` bytes, or as many as there are, for their sum alone.
    func skip(_ count: Int64, _ call: any CallContext) throws(ConnectorError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(count, 1 << 20)), alignment: 16)
        defer { buffer.deallocate() }
        var left = count
        while left > 0 {
            try call.checkCancellation()
            let piece = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(left, Int64(buffer.count)))]), call)
            if piece == 0 { return }
            left -= Int64(piece)
        }
    }

    func close() {
        file?.close()
        file = nil
    }
}

private final class VerifyingWriteFile: WritableFile {
    private let file: any WritableFile
    private let session: any TransportSession
    private var comparison: Comparison

    init(_ file: any WritableFile, _ comparison: Comparison, _ session: any TransportSession) {
        self.file = file
        self.comparison = comparison
        self.session = session
    }

    func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        let count = try file.write(buffer, call)
        comparison.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        try file.commit(modifiedUnixNanoseconds: modifiedUnixNanoseconds, call)
        do throws(ConnectorError) {
            try comparison.compare(call)
        } catch {
            // What is not known to be right must not look like a file that is complete. That it could not be compared is the error to tell.
            try? session.remove(comparison.file, call)
            throw error
        }
    }

    func abort() { file.abort() }
}

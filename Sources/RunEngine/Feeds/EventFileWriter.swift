import ConnectModel
import Crypto
import Foundation
import GnuPG
import RecordEngine
import StoreAPI

/// Writes one file of events to this machine's disk: rows, delimited text, character set, compression, encryption. One thread.
final class EventFileWriter {
    struct Written {
        let local: String
        let bytes: Int64
        let events: Int64
        let sha256: String
        let replacedCharacters: Int64
        let replacedMarks: Int64
    }

    private let builder: EventRowsBuilder
    private let writer: DelimitedWriter
    private let file: LocalFileSink
    /// nil: every character is written as it is.
    private let encoded: EncodedSink?
    private static let rowsOfBatch = 8192

    init(
        _ request: EventFeedRequest, columns: [EventColumn], fields: [UInt32: String], keyRing: KeyRing, local: String, member: String,
        modified: Int64
    ) throws {
        file = try LocalFileSink(local)
        var sink: any ByteSink = file
        if let encryption = request.encryption { sink = try keyRing.encrypting(to: encryption.recipients, signedBy: encryption.signWith, into: sink) }
        switch request.compression {
        case .none: break
        case .gzip: sink = GzipSink(sink)
        case .zip: sink = try ZipSink(sink, name: member, modified: modified)
        }
        let charset = try FileCharacterSet(name: request.charset)
        encoded = try charset.name == "UTF-8" ? nil : charset.encoded(sink, avoiding: request.delimiter)
        sink = encoded ?? sink
        builder = EventRowsBuilder(columns, fields: fields, zone: request.timeZone, rows: Self.rowsOfBatch)
        writer = DelimitedWriter(format: try request.format(), columns: columns.map { Field($0.name, .str4000) }, sink: sink)
        if request.header { try writer.writeHeader(columns.map(\.name)) }
    }

    func append(_ event: StoredEvent) throws {
        try builder.append(captured: event.capturedUnixMilliseconds, stored: event.storedUnixMilliseconds, body: event.body)
        if builder.count >= Self.rowsOfBatch { try flush() }
    }

    func finish() throws -> Written {
        try flush()
        try writer.finish()
        return Written(
            local: file.path, bytes: file.count, events: writer.recordCount, sha256: file.sha256, replacedCharacters: encoded?.replacedCount ?? 0,
            replacedMarks: writer.replacedCount)
    }

    private func flush() throws {
        guard builder.count > 0 else { return }
        try writer.write(builder.batch)
        builder.removeAll()
    }
}

/// A file of this machine that is only written to, and hashed as it is.
final class LocalFileSink: ByteSink {
    let path: String
    private(set) var count: Int64 = 0
    /// Once it is finished.
    private(set) var sha256 = ""
    private var hash = SHA256()
    private var descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        try? FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw failure("made") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw failure("written") }
            rest = rest[(rest.startIndex + written)...]
        }
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
    }

    func finish() throws {
        guard close(descriptor) == 0 else { throw failure("written") }
        descriptor = -1
        sha256 = hash.finalize().hexadecimal
    }

    private func failure(_ verb: String) -> ConnectError {
        ConnectError(
            "local.file", errno == ENOSPC ? .transient : .configuration, "The file \(path) cannot be \(verb): \(String(cString: strerror(errno))).")
    }
}

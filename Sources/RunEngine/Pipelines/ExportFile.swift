import ConnectModel
import Crypto
import Foundation
import GnuPG
import RecordEngine

/// One file of an export while it is written: records to text, character set, compression, encryption, server, each stage beside the others.
///
/// The file stands under its temporary name. One thread at a time; ends with `finish` or `abandon`.
final class ExportFile {
    let place: ExportedFile
    private let upload: UploadSink
    private let encoded: EncodedSink
    private let writer: DelimitedWriter
    private let stages: ExportStages

    var records: Int64 { writer.recordCount }
    var replacedCharacters: Int64 { encoded.replacedCount }
    var replacedMarks: Int64 { writer.replacedCount }
    var guardedValues: Int64 { writer.guardedCount }

    init(
        _ definition: ExportDefinition, place: ExportedFile, columns: [Field], modified: Int64, keyRing: KeyRing, transport: any Transport,
        cancellation: Cancellation
    ) throws {
        self.place = place
        upload = UploadSink(try transport.openWrite(place.temporaryPath, offset: 0, expectedSize: nil), cancellation)
        let stages = ExportStages(upload)
        self.stages = stages
        do {
            if let encryption = definition.encryption { try stages.encrypt(encryption, keyRing) }
            try stages.compress(definition.compression, member: definition.name.memberName(RemotePath.name(place.path)), modified: modified)
            let format = try definition.format()
            encoded = try FileCharacterSet(name: definition.charset).encoded(
                stages.top, isMarked: definition.isMarked, avoiding: format.layout.delimiter)
            writer = DelimitedWriter(format: format, columns: columns, sink: encoded)
            if definition.hasHeader { try writer.writeHeader(columns.map(\.name)) }
        } catch {
            stages.abandon()
            upload.abort()
            throw error
        }
    }

    func write(_ batch: RecordBatch, rows: Range<Int>) throws { try writer.write(batch, rows: rows) }

    /// The file is whole under its temporary name when this returns.
    func finish() throws -> ExportedFile {
        do {
            try writer.finish()
        } catch {
            abandon()
            throw error
        }
        var file = place
        file.bytes = upload.bytes
        file.records = writer.recordCount
        file.sha256 = upload.sha256
        return file
    }

    /// Ends every stage; what was written so far is nobody's.
    func abandon() {
        stages.abandon()
        upload.abort()
    }
}

/// What lies between the text and the server, from the server up; each with a thread of its own.
private final class ExportStages {
    /// What the next stage, and in the end the text, is written to.
    private(set) var top: any ByteSink
    private let upload: QueuedSink
    private var encrypting: EncryptingSink?
    private var compressing: QueuedSink?

    init(_ sink: any ByteSink) {
        upload = QueuedSink(sink)
        top = upload
    }

    func encrypt(_ encryption: ExportEncryption, _ keyRing: KeyRing) throws {
        let sink = try keyRing.encrypting(to: encryption.recipients, signedBy: encryption.signer, armored: encryption.isArmored, into: top)
        encrypting = sink
        top = sink
    }

    func compress(_ compression: Compression, member: String, modified: Int64) throws {
        let sink: any ByteSink
        switch compression {
        case .none: return
        case .gzip: sink = GzipSink(top)
        case .zip: sink = try ZipSink(top, name: member, modified: modified)
        }
        let stage = QueuedSink(sink)
        compressing = stage
        top = stage
    }

    /// From the top down, so that none waits for one that has ended. Any number of times.
    func abandon() {
        compressing?.abandon()
        encrypting?.close()
        upload.abandon()
    }
}

/// Bytes to a file on a server, counted and hashed as they go.
private final class UploadSink: ByteSink {
    private let writer: any TransportWriter
    private let cancellation: Cancellation
    private var hash = SHA256()
    private(set) var bytes: Int64 = 0
    private(set) var sha256 = ""
    private var isOver = false

    init(_ writer: any TransportWriter, _ cancellation: Cancellation) {
        self.writer = writer
        self.cancellation = cancellation
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try cancellation.check()
        try writer.write(bytes)
        hash.update(bufferPointer: bytes)
        self.bytes += Int64(bytes.count)
    }

    func finish() throws {
        Failpoint.hit("export.before-commit")
        try writer.commit(modifiedUnixNanoseconds: nil)
        isOver = true
        sha256 = hash.finalize().hexadecimal
    }

    func abort() {
        guard !isOver else { return }
        isOver = true
        writer.abort()
    }
}

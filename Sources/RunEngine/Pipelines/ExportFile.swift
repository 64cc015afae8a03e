import ConnectModel
import Crypto
import Foundation
import RecordEngine

/// One file of an export while it is written: records to text, character set, compression, server, each stage beside the others.
///
/// The file stands under its temporary name. One thread at a time; ends with `finish` or `abandon`.
final class ExportFile {
    let place: ExportedFile
    private let upload: UploadSink
    private let encoded: EncodedSink
    private let writer: DelimitedWriter
    private let stages: [QueuedSink]

    var records: Int64 { writer.recordCount }
    var replacedCharacters: Int64 { encoded.replacedCount }
    var replacedMarks: Int64 { writer.replacedCount }
    var guardedValues: Int64 { writer.guardedCount }

    init(_ definition: ExportDefinition, place: ExportedFile, columns: [Field], modified: Int64, transport: any Transport, cancellation: Cancellation) throws {
        self.place = place
        upload = UploadSink(try transport.openWrite(place.temporaryPath, offset: 0, expectedSize: nil), cancellation)
        var stages = [QueuedSink(upload)]
        do {
            var last: any ByteSink = stages[0]
            switch definition.compression {
            case .none: break
            case .gzip: last = GzipSink(last)
            case .zip: last = try ZipSink(last, name: definition.name.memberName(RemotePath.name(place.path)), modified: modified)
            }
            if definition.compression != .none {
                stages.append(QueuedSink(last))
                last = stages[1]
            }
            let format = try definition.format()
            encoded = try FileCharacterSet(name: definition.charset).encoded(last, isMarked: definition.isMarked, avoiding: format.layout.delimiter)
            self.stages = stages
            writer = DelimitedWriter(format: format, columns: columns, sink: encoded)
            if definition.hasHeader { try writer.writeHeader(columns.map(\.name)) }
        } catch {
            stages.reversed().forEach { $0.abandon() }
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
        stages.reversed().forEach { $0.abandon() }
        upload.abort()
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
        sha256 = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    func abort() {
        guard !isOver else { return }
        isOver = true
        writer.abort()
    }
}

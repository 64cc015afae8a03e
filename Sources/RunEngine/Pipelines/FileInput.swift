import ConnectModel
import Foundation
import GnuPG
import RecordEngine
import StoreAPI

/// The file of an import as records: fetch and read stages and the header.
final class FileInput: ImportInput {
    let header: [String]
    let definition: ImportDefinition
    let environment: RunEnvironment
    private let source: SourceFile
    private let transport: any Transport
    private let stages: ContentStages
    private let read: ReadStage
    private let cancelHandler: Int

    /// Opens the file and reads its header.
    init(definition: ImportDefinition, source: SourceFile, transport: any Transport, environment: RunEnvironment) throws {
        self.definition = definition
        self.source = source
        self.transport = transport
        self.environment = environment
        let charset = try FileCharacterSet(name: definition.charset)
        let wrapping = definition.wrapping(of: source.path)
        try wrapping.checkSigned(source.path)
        stages = try ContentStages(source.path, wrapping, transport, environment)
        read = ReadStage(
            source: Handle(stages.content.source), charset: charset, format: try definition.format(), columnNames: definition.columnNames)
        cancelHandler = environment.cancellation.onCancel { [stages] in stages.abandon() }
        do {
            header = try Self.header(read, stages.content, charset)
        } catch {
            stages.abandon()
            read.stop()
            stages.stop()
            environment.cancellation.remove(cancelHandler)
            throw error
        }
    }

    var bytesRead: Int64 { stages.fetch.bytesRead }
    /// Of the whole file, of what it holds where it is encrypted: no two encryptions of one content are alike. Valid after the last batch.
    var sha256: String { (stages.decrypted ?? stages.fetch).sha256 }
    /// The beginning of the file's contents, decoded where they are compressed.
    var sample: [UInt8] { stages.content.sample }

    var mark: SourceMark? { nil }

    /// Ends the stages; safe to call twice.
    func stop() {
        environment.cancellation.remove(cancelHandler)
        stages.stop()
        read.stop()
    }

    private static func header(_ read: ReadStage, _ content: FetchStage, _ charset: FileCharacterSet) throws -> [String] {
        let first: ReadStage.Item?
        do {
            first = try read.next()
        } catch {
            // A file that is no text at all deserves that answer, and not one about its first line.
            try BinaryContent.check(content.sample, charset)
            throw error
        }
        try BinaryContent.check(content.sample, charset)
        guard case .header(let names)? = first else { return [] }
        return names
    }

    func next() throws -> RecordBatch? {
        while let item = try read.next() {
            if case .batch(let batch) = item { return batch }
        }
        return nil
    }

    func give(_ batch: RecordBatch) { read.give(batch) }

    /// A writer that was still at it must not leave half a delivery in the list; what it made of the file is for the next run.
    func checkUnchanged() throws {
        // The connection can then be used for something else.
        stages.fetch.waitForEnd()
        let now = try transport.stat(source.path)
        guard now.size ?? -1 == source.size, now.modifiedUnixNanoseconds == source.modifiedUnixNanoseconds else {
            throw ConnectError(
                "file.changed", .transient, "\"\(source.path)\" was changed on \"\(source.server)\" while it was read.",
                remedy: "Nothing was loaded; the next run takes the file as it is then. file.settle_seconds makes runs wait for slow writers.")
        }
    }
}

extension ImportDefinition {
    /// How the file of that path is wrapped, as the job says or its name tells.
    func wrapping(of path: String) -> ContentStages.Wrapping {
        let encryption = encryption ?? Encryption(fileName: path)
        let rule: SignatureRule =
            switch signature {
            case .none: .ignored
            case .required: .required(by: signedBy)
            case .whenPresent: .whenPresent(by: signedBy)
            }
        return ContentStages.Wrapping(
            encryption: encryption, compression: compression ?? Compression(fileName: encryption.innerName(of: path)), member: member,
            signature: rule,
            limit: expansionLimit)
    }
}

/// Tells files that are no delimited text by their first bytes.
enum BinaryContent {
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "a gzip file"), ([0x50, 0x4B, 0x03, 0x04], "a zip or spreadsheet file"), ([0x25, 0x50, 0x44, 0x46], "a PDF"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old spreadsheet file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"), ([0x7F, 0x45, 0x4C, 0x46], "a program"),
    ]

    static func check(_ sample: [UInt8], _ charset: FileCharacterSet) throws {
        if let known = signatures.first(where: { sample.starts(with: $0.bytes) }) { throw error("The file is \(known.name), not delimited text.") }
        guard !["UTF-16", "UTF-32"].contains(where: charset.name.hasPrefix) else { return }
        let beginning = sample.prefix(4096)
        let zeros = beginning.count { $0 == 0 }
        if zeros > beginning.count / 50 { throw error("The file's first bytes hold \(zeros) NULs: it is no text in \(charset.name).") }
        // Tabs to carriage returns are text, and escapes and shifts are how ISO-2022 changes its alphabets.
        let controls = beginning.count { $0 < 0x09 || ($0 > 0x0D && $0 < 0x20 && ![0x0E, 0x0F, 0x1B].contains($0)) || $0 == 0x7F }
        if controls > beginning.count / 25 {
            throw error("The file's first \(beginning.count) bytes hold \(controls) control characters: it is no text in \(charset.name).")
        }
    }

    private static func error(_ message: String) -> ConnectError {
        ConnectError(
            "file.binary", .data, message, remedy: "Nothing was loaded. Send the file as delimited text, or set file.compression or file.charset.")
    }
}

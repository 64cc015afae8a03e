import ConnectModel
import GnuPG
import RecordEngine

/// The stages that turn a file on a server into what it holds: fetched, decrypted, expanded, each on a thread of its own, so that they overlap.
final class ContentStages: Sendable {
    /// How what the file holds is wrapped.
    struct Wrapping {
        var encryption: Encryption
        var compression: Compression
        /// The file wanted from an archive; nil: the only one in it.
        var member: String?
        var signature: SignatureRule
        var limit: ExpansionLimit

        /// A file that is not encrypted bears no signature: where there must be one, nobody may leave it out by naming a file otherwise (T27).
        func checkSigned(_ path: String) throws {
            guard encryption == .none, case .required = signature else { return }
            throw ConnectError(
                "pgp.not-encrypted", .data, "\"\(path)\" is not encrypted, by its name, and the job takes signed files alone (file.signature).",
                remedy: "Nothing was loaded. Send it encrypted and signed; set file.encryption to pgp if it is, under whatever name.")
        }
    }

    let fetch: FetchStage
    /// What an encrypted file holds; nil where it is not encrypted.
    let decrypted: FetchStage?
    /// The contents; the same as the stage before where they are not compressed.
    let content: FetchStage

    init(_ path: String, _ wrapping: Wrapping, _ transport: any Transport, _ environment: RunEnvironment) throws {
        fetch = FetchStage(reader: Handle(try transport.openRead(path, offset: 0)), cancellation: environment.cancellation)
        do {
            decrypted = wrapping.encryption == .pgp ? try Self.decrypted(fetch, wrapping, environment) : nil
        } catch {
            fetch.stop()
            throw error
        }
        let before = decrypted ?? fetch
        if wrapping.compression == .none {
            content = before
        } else {
            let decoded = wrapping.compression.decoded(before.source, member: wrapping.member, limit: wrapping.limit)
            content = FetchStage(reader: Handle(DecodedReader(decoded, below: decrypted)), cancellation: environment.cancellation, hashing: false)
        }
    }

    /// Nobody wants the bytes any more. Any thread.
    func abandon() { all.forEach { $0.abandon() } }

    /// Ends the stages and waits until their threads are gone; safe to call twice.
    func stop() {
        abandon()
        all.reversed().forEach { $0.stop() }
    }

    private var all: [FetchStage] { [fetch] + (decrypted.map { [$0] } ?? []) + [content] }

    /// GnuPG between two queues. Its verdict on the message comes as the end of the stage or as its error, and so before anything is committed (T27).
    private static func decrypted(_ fetch: FetchStage, _ wrapping: Wrapping, _ environment: RunEnvironment) throws -> FetchStage {
        let source = try environment.keyRing.decrypted(fetch.source, signature: wrapping.signature, limit: wrapping.limit)
        return FetchStage(reader: Handle(DecryptedReader(source)), cancellation: environment.cancellation)
    }
}

/// What GnuPG makes of a file, as a stage reads it.
private final class DecryptedReader: TransportReader {
    private let source: DecryptingSource

    init(_ source: DecryptingSource) { self.source = source }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }
    func close() { source.close() }
}

/// Contents on their way out of a decoder, as a stage reads them.
private final class DecodedReader: TransportReader {
    private let source: any ByteSource
    /// Where the encoded bytes come from when they were encrypted.
    private let encrypted: FetchStage?

    init(_ source: any ByteSource, below encrypted: FetchStage?) {
        self.source = source
        self.encrypted = encrypted
    }

    /// What was changed on its way cannot be expanded either; GnuPG, which tells the one from the other, says so at the end of the message.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            return try source.read(into: buffer)
        } catch let error as ConnectError where error.category == .data && error.code != "file.bomb" {
            try encrypted?.forEachChunk { _ in }
            throw error
        }
    }

    func close() {}
}

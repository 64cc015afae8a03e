public import ConnectModel
import Foundation
public import RecordEngine

/// The host's own OpenPGP keys, and what is done with them, by GnuPG (IMP-4, EXP-5). A ring is a directory of the installation's home that
/// only its owner may enter.
///
/// Any thread; every call has processes of its own, and none is left when it ends.
public struct KeyRing: Sendable {
    public let directory: String
    /// The passphrase of a private key by the fingerprint of its primary key; nil where none is known.
    private let passphrase: @Sendable (String) -> Secret?

    public init(directory: String, passphrase: @escaping @Sendable (_ fingerprint: String) -> Secret? = { _ in nil }) {
        self.directory = directory
        self.passphrase = passphrase
    }

    public init(directory: String, passphrases: [String: Secret]) {
        self.init(directory: directory) { passphrases[$0] }
    }

    var publicRing: String { directory + "/pubring.kbx" }
    var privateKeys: String { directory + "/private-keys-v1.d" }

    /// Every key, in the order they came.
    public func keys() throws -> [PGPKey] {
        guard FileManager.default.fileExists(atPath: publicRing) else { return [] }
        let session = try session()
        defer { session.close() }
        return try keys(in: session)
    }

    /// The one key that a person means. Throws `key.missing` or `key.ambiguous` (configuration).
    public func key(_ text: String) throws -> PGPKey { try KeyChoice(among: try keys()).key(text) }

    /// What `source` holds, decrypted as it is read. The message is judged at its end: whoever reads must hold back what came of the
    /// bytes until `read` returned 0, which it does for a whole and untouched message only.
    public func decrypted(_ source: any ByteSource, signature: SignatureRule = .ignored, limit: ExpansionLimit) throws -> DecryptingSource {
        let session = try session()
        do {
            let keys = try keys(in: session)
            var options: [String] = []
            if case .ignored = signature { options = ["--skip-verify"] }
            let process = try session.start(options + ["--decrypt"], needsAgent: true, answer: answer(keys))
            return DecryptingSource(
                source, process: process, session: session, verdict: DecryptionVerdict(keys: keys, rule: signature, hasPassphrase: hasPassphrase),
                limit: limit)
        } catch {
            session.close()
            throw error
        }
    }

    /// Encrypts to every recipient and, where asked, signs; what comes of it goes into `sink` on a thread of its own, which is then
    /// used by nobody else until `finish` returns. Recipients and signer are named as
    /// `key(_:)` takes them; the errors of `KeyChoice` are thrown before anything is written.
    public func encrypting(to recipients: [String], signedBy signer: String? = nil, armored: Bool = false, into sink: any ByteSink) throws
        -> EncryptingSink
    {
        guard !recipients.isEmpty else {
            throw ConnectError("pgp.recipients", .configuration, "The file is to be encrypted, but for nobody.", remedy: "Name a key.")
        }
        let session = try session()
        do {
            let keys = try keys(in: session)
            let choice = KeyChoice(among: keys)
            // Two names may mean one key.
            var fingerprints: [String] = []
            for key in try recipients.map(choice.recipient) where !fingerprints.contains(key.fingerprint) { fingerprints.append(key.fingerprint) }
            let signer = try signer.map(choice.signer)
            var arguments = ["--compress-algo", "none", "--set-filename", "", "--encrypt"]
            for fingerprint in fingerprints { arguments += ["--recipient", fingerprint] }
            if let signer { arguments += ["--sign", "--local-user", signer.fingerprint] }
            if armored { arguments.append("--armor") }
            let process = try session.start(arguments, needsAgent: signer != nil, answer: answer(keys))
            return EncryptingSink(sink, process: process, session: session, signer: signer, hasPassphrase: hasPassphrase)
        } catch {
            session.close()
            throw error
        }
    }

    func hasPassphrase(_ fingerprint: String) -> Bool { passphrase(fingerprint) != nil }

    /// Answers with the passphrase of the key that is asked for.
    func answer(_ keys: [PGPKey]) -> @Sendable (PassphraseQuestion) -> Secret? {
        { [passphrase] question in
            keys.first { key in question.keyIDs.contains { id in key.fingerprints.contains { $0.hasSuffix(id) } } }.flatMap {
                passphrase($0.fingerprint)
            }
        }
    }

    private func session() throws -> GnuPGSession {
        try GnuPGSession(programs: try GnuPGPrograms.find(), publicKeys: publicRing, privateKeys: privateKeys)
    }

    func keys(in session: GnuPGSession) throws -> [PGPKey] {
        guard FileManager.default.fileExists(atPath: session.publicRing) else { return [] }
        let arguments = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--with-subkey-fingerprint", "--with-keygrip", "--list-keys"]
        let (output, report) = try session.run(arguments, input: [], needsAgent: false)
        guard report.exitCode == 0 else {
            throw ConnectError("pgp.list", .internal, "GnuPG cannot list the key ring \(directory): \(report.reason).")
        }
        return KeyListing(String(decoding: output, as: UTF8.self)) {
            FileManager.default.fileExists(atPath: "\(session.directory)/private-keys-v1.d/\($0).key")
        }.keys
    }
}

extension GnuPGSession {
    /// Runs to the end with little input and output.
    func run(
        _ arguments: [String], input: [UInt8], needsAgent: Bool, answer: @escaping @Sendable (PassphraseQuestion) -> Secret? = { _ in nil }
    ) throws -> (output: [UInt8], report: StatusReport) {
        let process = try start(arguments, needsAgent: needsAgent, answer: answer)
        Thread.detachNewThread {
            _ = input.withUnsafeBytes { process.write($0) }
            process.closeInput()
        }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try process.read(into: $0) }
            if count == 0 { break }
            output += chunk[..<count]
        }
        return (output, process.finish())
    }
}

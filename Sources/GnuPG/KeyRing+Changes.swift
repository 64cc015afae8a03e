public import ConnectModel
import Foundation

/// What a new key is to be.
public struct KeyRequest: Sendable {
    public enum Algorithm: String, Sendable, CaseIterable {
        case rsa3072 = "rsa-3072"
        case rsa4096 = "rsa-4096"
        case ed25519

        var parameters: [String] {
            switch self {
            case .rsa3072: Self.rsa(3072)
            case .rsa4096: Self.rsa(4096)
            case .ed25519:
                ["Key-Type: EDDSA", "Key-Curve: ed25519", "Key-Usage: sign", "Subkey-Type: ECDH", "Subkey-Curve: cv25519", "Subkey-Usage: encrypt"]
            }
        }

        private static func rsa(_ bits: Int) -> [String] {
            ["Key-Type: RSA", "Key-Length: \(bits)", "Key-Usage: sign", "Subkey-Type: RSA", "Subkey-Length: \(bits)", "Subkey-Usage: encrypt"]
        }
    }

    public var name: String
    public var email: String?
    public var algorithm: Algorithm
    /// nil: never.
    public var expiresInDays: Int?
    /// nil: the private key is not protected.
    public var passphrase: Secret?

    public init(name: String, email: String?, algorithm: Algorithm, expiresInDays: Int?, passphrase: Secret?) {
        self.name = name
        self.email = email
        self.algorithm = algorithm
        self.expiresInDays = expiresInDays
        self.passphrase = passphrase
    }
}

/// Changes of the ring. Each is made in a copy and then put in place as a whole, one at a time.
extension KeyRing {
    /// Makes a key with a subkey to encrypt for. Throws `key.name` (configuration) for a name that no key can have.
    public func generate(_ request: KeyRequest) throws -> PGPKey {
        for text in [request.name, request.email ?? "a@b"] {
            guard !text.isEmpty, text.utf8.count <= 200,
                !text.unicodeScalars.contains(where: { $0.value < 0x20 || "<>()".unicodeScalars.contains($0) })
            else {
                throw ConnectError(
                    "key.name", .configuration, "\"\(text)\" cannot be the name or address of a key.",
                    remedy: "Give 1 to 200 letters, without <, >, ( and ).")
            }
        }
        var lines = request.algorithm.parameters + ["Name-Real: \(request.name)"]
        if let email = request.email { lines.append("Name-Email: \(email)") }
        lines.append("Expire-Date: \(request.expiresInDays.map(String.init) ?? "0")")
        if request.passphrase == nil { lines.append("%no-protection") }
        lines += ["%commit", ""]
        return try changing { session in
            let (_, report) = try session.run(["--generate-key"], input: Array(lines.joined(separator: "\n").utf8), needsAgent: true) { _ in
                request.passphrase
            }
            guard report.exitCode == 0, let fingerprint = report.all("KEY_CREATED").first?.last,
                let key = try keys(in: session).first(where: { $0.fingerprint == fingerprint })
            else { throw ConnectError("key.generate", .internal, "GnuPG could not make the key: \(report.reason).") }
            return key
        }
    }

    /// Takes in every key of an export, armoured or not. A private key is tried at once, so that a wrong passphrase does not show at night.
    /// Throws `key.unreadable`, `key.passphrase` (configuration); nothing is taken in then.
    public func take(_ export: [UInt8], passphrase: Secret?) throws -> [PGPKey] {
        try changing { session in
            let (_, report) = try session.run(["--import"], input: export, needsAgent: true) { _ in passphrase }
            let fingerprints = Set(report.all("IMPORT_OK").compactMap(\.last))
            guard !fingerprints.isEmpty else {
                throw ConnectError(
                    "key.unreadable", .configuration, "There is no OpenPGP key in it: \(report.reason).",
                    remedy: "Give what `gpg --export` writes, armoured or not.")
            }
            let taken = try keys(in: session).filter { fingerprints.contains($0.fingerprint) }
            for key in taken where key.isPrivate { try tryOut(key, passphrase, session) }
            return taken
        }
    }

    /// The public half, armoured; what a partner needs.
    public func export(_ key: PGPKey) throws -> [UInt8] { try exported(["--armor", "--export", key.fingerprint], needsAgent: false) }

    /// The private half, armoured and under its passphrase as here.
    public func exportPrivate(_ key: PGPKey) throws -> [UInt8] {
        guard key.isPrivate else { throw ConnectError("key.public", .configuration, "Only the public half of key \(key.fingerprint) is here.") }
        return try exported(["--armor", "--export-secret-keys", key.fingerprint], needsAgent: true)
    }

    /// Removes the key, both halves. There is no way back but a copy.
    public func remove(_ key: PGPKey) throws {
        try changing { session in
            let command = key.isPrivate ? "--delete-secret-and-public-key" : "--delete-keys"
            let (_, report) = try session.run([command, key.fingerprint], input: [], needsAgent: key.isPrivate)
            guard report.exitCode == 0, try !keys(in: session).contains(where: { $0.fingerprint == key.fingerprint }) else {
                throw ConnectError("key.remove", .internal, "GnuPG could not remove key \(key.fingerprint): \(report.reason).")
            }
        }
    }

    private func exported(_ arguments: [String], needsAgent: Bool) throws -> [UInt8] {
        let session = try GnuPGSession(programs: try GnuPGPrograms.find(), publicKeys: publicRing, privateKeys: privateKeys)
        defer { session.close() }
        let all = try keys(in: session)
        let (output, report) = try session.run(arguments, input: [], needsAgent: needsAgent, answer: answer(all))
        guard report.exitCode == 0, !output.isEmpty else {
            if needsAgent, let fingerprint = arguments.last, let key = all.first(where: { $0.fingerprint == fingerprint }) {
                throw PassphraseFailure.error(key, isKnown: hasPassphrase(fingerprint))
            }
            throw ConnectError("key.export", .internal, "GnuPG could not export the key: \(report.reason).")
        }
        return output
    }

    /// Whether the passphrase opens the private key: its export asks for it.
    private func tryOut(_ key: PGPKey, _ passphrase: Secret?, _ session: GnuPGSession) throws {
        let (output, report) = try session.run(["--export-secret-keys", key.fingerprint], input: [], needsAgent: true) { _ in passphrase }
        guard report.exitCode == 0, !output.isEmpty else {
            throw ConnectError(
                "key.passphrase", .configuration,
                passphrase == nil
                    ? "The private key \(key.fingerprint) is under a passphrase."
                    : "The passphrase does not open the private key \(key.fingerprint).",
                remedy: "Nothing was taken in. Give its passphrase: connecthost keys import FILE --passphrase-stdin")
        }
    }

    private func changing<Result>(_ body: (GnuPGSession) throws -> Result) throws -> Result {
        let change = try KeyRingChange(directory)
        defer { change.end() }
        let session = try GnuPGSession(programs: try GnuPGPrograms.find(), publicKeys: publicRing, privateKeys: change.privateKeys)
        defer { session.close() }
        let result = try body(session)
        try change.commit(publicRing: session.publicRing)
        return result
    }
}

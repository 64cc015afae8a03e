import ConnectModel

/// What a message's signature must be.
public enum SignatureRule: Sendable, Equatable {
    /// Not looked at.
    case ignored
    /// There must be one, by one of these keys (fingerprints of primary keys or subkeys).
    case required(by: [String])
    /// There may be none; if there is one it must be by one of these keys.
    case whenPresent(by: [String])

    var signers: [String]? {
        switch self {
        case .ignored: nil
        case .required(let keys), .whenPresent(let keys): keys.map(PGPKey.normalised)
        }
    }
}

/// Whether a message may be used. One status word is never enough: it takes DECRYPTION_OKAY, exit code 0, one message only and, where asked
/// for, VALIDSIG with a listed fingerprint (T27).
struct DecryptionVerdict: Sendable {
    let keys: [PGPKey]
    let rule: SignatureRule
    let hasPassphrase: @Sendable (String) -> Bool

    func judge(_ report: StatusReport) throws {
        try checkKeys(report)
        try checkIntegrity(report)
        try checkPassphrase(report)
        try checkSignature(report)
        guard report.exitCode == 0 else {
            throw wrong("pgp.damaged", .data, "is cut off or damaged, and cannot be decrypted: \(report.reason)", Self.sendAgain)
        }
    }

    private static let sendAgain = "Ask whoever made it to send it again."

    private func wrong(_ code: String, _ category: ErrorCategory, _ what: String, _ remedy: String) -> ConnectError {
        ConnectError(code, category, "The encrypted file \(what).", remedy: "Nothing was loaded. \(remedy)")
    }

    /// Whether there was a message, and a key to open it with.
    private func checkKeys(_ report: StatusReport) throws {
        guard report.has("BEGIN_DECRYPTION") else {
            if report.has("PLAINTEXT") {
                throw wrong(
                    "pgp.not-encrypted", .data, "is an OpenPGP message, but not encrypted",
                    "Ask whoever made it to encrypt it, or set file.encryption to none.")
            }
            // One that is cut off within its first packets has named its keys already.
            if report.has("NODATA"), !report.has("ENC_TO") {
                throw wrong("pgp.not-encrypted", .data, "is no OpenPGP message", "If it is not meant to be encrypted, set file.encryption to none.")
            }
            throw wrong("pgp.damaged", .data, "is cut off or damaged, and cannot be decrypted: \(report.reason)", Self.sendAgain)
        }
        let wanted = report.all("ENC_TO").compactMap(\.first)
        guard let used = report.all("DECRYPTION_KEY").first else {
            try checkPassphrase(report)
            throw noKey(wanted, report)
        }
        if let key = key(used.first ?? ""), key.validity != .valid {
            throw wrong(
                "pgp.key-\(key.validity.rawValue)", .configuration, "is encrypted for key \(key.fingerprint), which is \(key.validity.rawValue)",
                "Make or import a new key, and send its public half (`connecthost keys export`) to whoever makes the file.")
        }
    }

    /// Asked of a message that a key of ours opened only once it is known to be whole: what was added to one decrypts to anything, such a packet too.
    private func checkPassphrase(_ report: StatusReport) throws {
        guard report.has("NEED_PASSPHRASE_SYM") else { return }
        throw wrong(
            "pgp.symmetric", .data, "can be opened with a passphrase instead of a key",
            "Ask whoever made it to encrypt it for a key of `connecthost keys list`.")
    }

    private func noKey(_ wanted: [String], _ report: StatusReport) -> ConnectError {
        let known = wanted.compactMap { id in key(id) }.filter(\.isPrivate)
        if let key = known.first(where: { !hasPassphrase($0.fingerprint) }) ?? known.first {
            return PassphraseFailure.error(key, isKnown: hasPassphrase(key.fingerprint))
        }
        let named = wanted.isEmpty ? "an unnamed key" : wanted.count == 1 ? "key \(wanted[0])" : "keys \(wanted.joined(separator: ", "))"
        return wrong(
            "pgp.no-key", .configuration, "is encrypted for \(named), and the private key is not in the key ring",
            "Take it in with `connecthost keys import`, or send a public key of `connecthost keys list` to whoever makes the file.")
    }

    private func checkIntegrity(_ report: StatusReport) throws {
        // An unprotected message can be changed without anybody noticing, so GnuPG refuses it, and so does this.
        if report.all("DECRYPTION_INFO").contains(where: { $0.count > 1 && $0[0] == "0" && ($0.count < 3 || $0[2] == "0") }) {
            throw wrong(
                "pgp.unprotected", .data, "has no protection against changes",
                "Ask whoever made it to encrypt it with modification detection (MDC), as every OpenPGP program of the last 20 years can.")
        }
        guard report.has("DECRYPTION_OKAY"), !report.has("BADMDC"), !report.has("DECRYPTION_FAILED") else {
            throw wrong("pgp.damaged", .data, "is cut off, damaged or was changed on its way", Self.sendAgain)
        }
        guard report.count("DECRYPTION_OKAY") == 1, report.count("PLAINTEXT") == 1 else {
            throw wrong("pgp.several", .data, "holds \(report.count("PLAINTEXT")) messages, where one is expected", Self.sendAgain)
        }
    }

    private func checkSignature(_ report: StatusReport) throws {
        guard let signers = rule.signers else { return }
        if report.has("BADSIG") { throw wrong("pgp.signature", .data, "bears a signature that does not fit its contents", Self.sendAgain) }
        for (status, what) in [("REVKEYSIG", "revoked"), ("EXPKEYSIG", "expired"), ("EXPSIG", "out of date")] where report.has(status) {
            throw wrong(
                "pgp.signature", .data, "is signed, but the \(status == "EXPSIG" ? "signature" : "signer's key") is \(what)",
                "Ask its sender for the new key.")
        }
        if let unknown = report.all("ERRSIG").first?.first {
            throw wrong(
                "pgp.signer", .configuration, "is signed by key \(unknown), which is not in the key ring or cannot be checked",
                "Take the sender's public key in with `connecthost keys import`.")
        }
        let valid = report.all("VALIDSIG")
        guard !valid.isEmpty else {
            if case .whenPresent = rule, !report.has("NEWSIG") { return }
            throw wrong("pgp.unsigned", .data, "is not signed, and the job wants a signature (file.signature)", "Ask its sender to sign it.")
        }
        // The signing key's fingerprint is the first word, its primary key's the last.
        guard valid.contains(where: { facts in [facts.first, facts.last].contains { $0.map(signers.contains) ?? false } }), report.has("GOODSIG")
        else {
            throw wrong(
                "pgp.signer", .configuration,
                "is signed by \(valid.compactMap(\.last).joined(separator: ", ")), which the job does not list (file.signed_by)",
                "If this is the sender's key, add its fingerprint to file.signed_by.")
        }
    }

    private func key(_ text: String) -> PGPKey? {
        guard !text.isEmpty else { return nil }
        return keys.first { $0.fingerprints.contains { $0.hasSuffix(text) } }
    }
}

/// A private key that does not open.
enum PassphraseFailure {
    static func error(_ key: PGPKey, isKnown: Bool) -> ConnectError {
        let name = key.userIDs.first.map { " (\($0))" } ?? ""
        return ConnectError(
            "pgp.passphrase", .configuration,
            isKnown
                ? "The stored passphrase of key \(key.fingerprint)\(name) does not open it."
                : "Key \(key.fingerprint)\(name) needs a passphrase, and none is stored.",
            remedy: "Import the private key again with its passphrase: connecthost keys import FILE --passphrase-stdin")
    }
}

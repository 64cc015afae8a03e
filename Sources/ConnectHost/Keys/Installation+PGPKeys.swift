public import ConnectModel
import Foundation
public import GnuPG
import RunEngine
import StoreAPI

/// OpenPGP keys of the host (IMP-4, EXP-5): those that files are decrypted with, and those of partners.
extension Installation {
    var keyRing: KeyRing {
        KeyRing(directory: home.keyRing) { [vault] fingerprint in
            // What the vault cannot open is told by GnuPG as a passphrase that is missing.
            guard let secret = try? vault.secret(.passphrase(ofKey: fingerprint)), !secret.reveal().isEmpty else { return nil }
            return secret
        }
    }

    /// Every key, in the order they came.
    public func pgpKeys() throws -> [PGPKey] { try keyRing.keys() }

    /// Makes a key whose private half never leaves the home. Its passphrase is kept in the vault; left out, it is made up of 256 random bits.
    public func generatePGPKey(
        name: String, email: String?, algorithm: KeyRequest.Algorithm, expiresInDays: Int?, passphrase: Secret?
    ) throws -> PGPKey {
        let passphrase = passphrase ?? Secret(SealingKeyFile.newKey().base64EncodedString())
        let key = try keyRing.generate(
            KeyRequest(name: name, email: email, algorithm: algorithm, expiresInDays: expiresInDays, passphrase: passphrase))
        try vault.set(passphrase, .passphrase(ofKey: key.fingerprint))
        try control.note(.create, key.auditName, before: nil, after: key.auditValue)
        return key
    }

    /// Takes in every key of an export; the passphrase opens the private ones among them, and is kept in the vault.
    public func importPGPKeys(_ export: [UInt8], passphrase: Secret?) throws -> [PGPKey] {
        let before = Dictionary(try pgpKeys().map { ($0.fingerprint, $0.auditValue) }) { first, _ in first }
        let keys = try keyRing.take(export, passphrase: passphrase)
        for key in keys where key.isPrivate { try vault.set(passphrase ?? Secret(""), .passphrase(ofKey: key.fingerprint)) }
        for key in keys where before[key.fingerprint] != key.auditValue {
            let old = before[key.fingerprint]
            try control.note(old == nil ? .create : .update, key.auditName, before: old, after: key.auditValue)
        }
        return keys
    }

    /// The key in armoured form; the private half only where asked for, under its passphrase.
    public func exportPGPKey(_ name: String, isPrivate: Bool) throws -> (key: PGPKey, text: [UInt8]) {
        let key = try keyRing.key(name)
        return (key, isPrivate ? try keyRing.exportPrivate(key) : try keyRing.export(key))
    }

    /// Removes a key with both halves and its passphrase. A private key only where that is said, since what was encrypted for it is lost.
    public func removePGPKey(_ name: String, evenPrivate: Bool) throws -> PGPKey {
        let key = try keyRing.key(name)
        guard evenPrivate || !key.isPrivate else {
            throw ConnectError(
                "key.private", .configuration,
                "Key \(key.fingerprint) has its private half here; without it no file encrypted for it can be read again.",
                remedy: "Export it first (`connecthost keys export --private --file FILE`), then give --private.")
        }
        try keyRing.remove(key)
        if key.isPrivate { try vault.set(Secret(""), .passphrase(ofKey: key.fingerprint)) }
        try control.note(.remove, key.auditName, before: key.auditValue, after: nil)
        return key
    }

    /// Passphrases of the private keys by fingerprint, for the worker of a job that uses them.
    func passphrases() throws -> [String: Secret] {
        var found: [String: Secret] = [:]
        for key in try pgpKeys() where key.isPrivate {
            if let secret = try vault.secret(.passphrase(ofKey: key.fingerprint)), !secret.reveal().isEmpty { found[key.fingerprint] = secret }
        }
        return found
    }
}

extension PGPKey {
    /// As the audit log names it.
    fileprivate var auditName: String { "key/\(fingerprint)" }

    /// What the log says of it: whose it is and what it can do, nothing of either half.
    fileprivate var auditValue: JSONValue {
        .object([
            "user_ids": .array(userIDs.map { .string($0) }), "algorithm": .string(algorithm), "validity": .string(validity.rawValue),
            "private": .bool(isPrivate),
        ])
    }
}

/// A key that a job names, and what for.
struct KeyWish {
    enum Use { case recipient, signer }

    /// The field of the job that names it.
    var path: String
    var name: String
    var use: Use
}

extension Installation {
    /// What keeps keys from being used as jobs want them: not in the ring, expired, not made for it.
    func keyProblems(_ wishes: [KeyWish]) -> [Problem] {
        guard let first = wishes.first else { return [] }
        do {
            let choice = KeyChoice(among: try pgpKeys())
            return wishes.compactMap { wish in
                do {
                    _ = wish.use == .recipient ? try choice.recipient(wish.name) : try choice.signer(wish.name)
                    return nil
                } catch {
                    return Problem(path: wish.path, message: "\(error)")
                }
            }
        } catch {
            return [Problem(path: first.path, message: "The key ring cannot be read: \(error)")]
        }
    }
}

import CHostShims
import ConnectModel
import Crypto
import Foundation
import StoreAPI

/// Secrets at rest: AES-256-GCM under a key that lies outside the database (OPS-3).
/// The name of a secret is bound to its bytes, so that a sealed value moved to another row does not open.
struct SecretVault: Sendable {
    let source: SealingKeySource
    let environment: [String: String]
    let store: any ControlStore

    func set(_ secret: Secret, _ name: SecretName) throws {
        // The key may be rotated between being read here and the store's check of it.
        for _ in 0..<3 {
            do {
                return try store.setSealedSecret(try seal(secret, name, keys()), name)
            } catch let error as ConnectError where error.code == "secret.rotated" {
                continue
            }
        }
        try store.setSealedSecret(try seal(secret, name, keys()), name)
    }

    func secret(_ name: SecretName) throws -> Secret? {
        // Secrets are sealed anew before an old key leaves the key file, so a second look finds what a rotation moved.
        for attempt in 1...3 {
            guard let sealed = try store.sealedSecret(name) else { return nil }
            let keys = try keys()
            if let found = Self.open(sealed, name, keys) { return found }
            if attempt == 3 { throw unreadable(name) }
        }
        return nil
    }

    /// Names of every secret with the key each is sealed under and whether it opens.
    func inventory() throws -> [(name: SecretName, key: String, opens: Bool)] {
        let keys = try keys()
        return try store.sealedSecrets().map { name, key in
            (name, key, try store.sealedSecret(name).flatMap { Self.open($0, name, keys) } != nil)
        }
    }

    /// Seals everything under a new key. In the home's own file the new key is made here; elsewhere it is the first of those given.
    /// May be killed at any moment and called again; runs go on meanwhile. Returns how many secrets there are, and the name of their key.
    func rotate() throws -> (secrets: Int, key: String) {
        var contents: [Data] = []
        if case .file(let path) = source {
            let old = try keys().keys.map { $0.key.withUnsafeBytes { Data($0) } }
            contents = [SealingKeyFile.newKey()] + old
            // Both keys are there while secrets are under either.
            try SealingKeyFile.write(contents, to: path)
        }
        let all = try keys()
        guard let first = all.keys.first else { throw unreadable(SecretName(owner: "the home", key: "key")) }
        let count = try store.resealSecrets(key: first.id) { name, sealed in
            guard let secret = Self.open(sealed, name, all) else { throw unreadable(name) }
            return try seal(secret, name, all)
        }
        if case .file(let path) = source { try SealingKeyFile.write([contents[0]], to: path) }
        return (count, first.id)
    }

    private func seal(_ secret: Secret, _ name: SecretName, _ keys: SealingKeys) throws -> SealedSecret {
        guard let first = keys.keys.first,
            let combined = try AES.GCM.seal(Data(secret.reveal().utf8), using: first.key, authenticating: Self.associated(name)).combined
        else { throw ConnectError("secret.seal", .internal, "The secret \(name.owner) \(name.key) could not be sealed.") }
        return SealedSecret(key: first.id, bytes: [UInt8](combined))
    }

    /// Nil when no key opens it, or when it is not this name's.
    private static func open(_ sealed: SealedSecret, _ name: SecretName, _ keys: SealingKeys) -> Secret? {
        for key in keys.keys where sealed.key.isEmpty || sealed.key == key.id {
            // A key that does not open it is one of another time; what is wrong is told when none does.
            guard let box = try? AES.GCM.SealedBox(combined: Data(sealed.bytes)),
                let plain = try? AES.GCM.open(box, using: key.key, authenticating: associated(name))
            else { continue }
            return Secret(String(decoding: plain, as: UTF8.self))
        }
        return nil
    }

    private static func associated(_ name: SecretName) -> Data { Data("\(name.owner)\u{0}\(name.key)".utf8) }

    private func keys() throws -> SealingKeys {
        // From here on this process holds a key: no core file, and no look into its memory by others of its user.
        _ = chs_keep_memory_private()
        return try SealingKeys.read(source, environment)
    }

    private func unreadable(_ name: SecretName) -> ConnectError {
        ConnectError(
            "secret.unreadable", .configuration, "The secret \"\(name.key)\" of \(name.owner) does not open with \(source.description).",
            remedy: "Put the right key back, or set the secret again.")
    }
}

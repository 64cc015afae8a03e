import ConnectModel
import Crypto
import Foundation
import StoreAPI

/// Secrets at rest: AES-256-GCM under a key in a file that only its owner can read (OPS-3).
/// The name of a secret is bound to its bytes, so that a sealed value moved to another row does not open.
struct SecretVault: Sendable {
    let keyFile: String
    let store: any ControlStore

    /// Makes the key file, if there is none.
    static func createKey(at path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConnectError("home.unwritable", .configuration, "The key file \(path) cannot be made: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        let written = key.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == key.count, fsync(descriptor) == 0 else {
            throw ConnectError("home.unwritable", .configuration, "The key file \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    func set(_ secret: Secret, _ name: SecretName) throws {
        let sealed = try AES.GCM.seal(Data(secret.reveal().utf8), using: key(), authenticating: associated(name))
        guard let combined = sealed.combined else {
            throw ConnectError("secret.seal", .internal, "The secret \(name.owner) \(name.key) could not be sealed.")
        }
        try store.setSealedSecret([UInt8](combined), name)
    }

    func secret(_ name: SecretName) throws -> Secret? {
        guard let sealed = try store.sealedSecret(name) else { return nil }
        do {
            let box = try AES.GCM.SealedBox(combined: Data(sealed))
            return Secret(String(decoding: try AES.GCM.open(box, using: key(), authenticating: associated(name)), as: UTF8.self))
        } catch let error as ConnectError {
            throw error
        } catch {
            throw ConnectError(
                "secret.unreadable", .configuration, "The secret \"\(name.key)\" of \(name.owner) does not open with the key in \(keyFile).",
                remedy: "Put the right key file back, or set the secret again.")
        }
    }

    private func associated(_ name: SecretName) -> Data { Data("\(name.owner)\u{0}\(name.key)".utf8) }

    private func key() throws -> SymmetricKey {
        var status = stat()
        guard stat(keyFile, &status) == 0, let data = FileManager.default.contents(atPath: keyFile), data.count == 32 else {
            throw ConnectError(
                "secret.key", .configuration, "The key file \(keyFile) is missing or is not one.",
                remedy: "Restore it from a backup; without it stored secrets cannot be read and must be set again.")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw ConnectError(
                "secret.key-open", .configuration, "The key file \(keyFile) can be read by others.", remedy: "chmod 600 \(keyFile)")
        }
        return SymmetricKey(data: data)
    }
}

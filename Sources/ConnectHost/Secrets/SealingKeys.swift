import ConnectModel
import Crypto
import Foundation

/// Where the keys that secrets are sealed under come from (OPS-3).
public enum SealingKeySource: Sendable, Equatable {
    /// A file of the home that only its owner can read; `connecthost init` makes it and `secrets rotate` changes it.
    case file(String)
    /// A credential that systemd passes to the service (`LoadCredential=connecthost.key:…`).
    case credential(String)
    /// A variable of the environment.
    case environment(String)

    public static let variable = "CONNECTHOST_SECRET_KEY"
    static let credentialName = "connecthost.key"

    /// The credential, else the variable, else the home's own file.
    public static func find(home keyFile: String, _ environment: [String: String]) -> SealingKeySource {
        if let directory = environment["CREDENTIALS_DIRECTORY"], FileManager.default.fileExists(atPath: "\(directory)/\(credentialName)") {
            return .credential("\(directory)/\(credentialName)")
        }
        return environment[variable]?.isEmpty == false ? .environment(variable) : .file(keyFile)
    }

    public var description: String {
        switch self {
        case .file(let path): "the key file \(path)"
        case .credential(let path): "the systemd credential \(path)"
        case .environment(let name): "the environment variable \(name)"
        }
    }
}

/// The keys as they are now, the one that seals first; the others only open what was sealed before a rotation.
struct SealingKeys {
    struct Key {
        /// Eight bytes of a hash of the key, in hexadecimal: names it and tells nothing of it.
        let id: String
        let key: SymmetricKey

        init(_ bytes: Data) {
            key = SymmetricKey(data: bytes)
            id = SHA256.hash(data: Data("connecthost sealing key\u{0}".utf8) + bytes).prefix(8).map { String(format: "%02x", $0) }.joined()
        }
    }

    let keys: [Key]

    /// 32 bytes as they are, or one key a line (or comma) in Base64, newest first.
    init(_ contents: Data, from source: SealingKeySource) throws {
        let found: [Data]
        if contents.count == 32 {
            found = [contents]
        } else {
            let words = String(decoding: contents, as: UTF8.self).split { $0.isNewline || $0 == "," || $0 == " " }
            found = words.compactMap { Data(base64Encoded: String($0)) }
            guard found.count == words.count else { throw Self.malformed(source) }
        }
        guard !found.isEmpty, found.allSatisfy({ $0.count == 32 }) else { throw Self.malformed(source) }
        keys = found.map(Key.init)
    }

    static func read(_ source: SealingKeySource, _ environment: [String: String]) throws -> SealingKeys {
        switch source {
        case .environment(let name): return try SealingKeys(Data((environment[name] ?? "").utf8), from: source)
        case .file(let path), .credential(let path):
            var status = stat()
            guard stat(path, &status) == 0, let contents = FileManager.default.contents(atPath: path) else {
                throw ConnectError(
                    "secret.key", .configuration, "There is no key: \(source.description) is missing or cannot be read.",
                    remedy: "Restore it from a backup; without it stored secrets cannot be read and must be set again.")
            }
            guard status.st_mode & 0o077 == 0 else {
                throw ConnectError("secret.key-open", .configuration, "Others can read \(source.description).", remedy: "chmod 600 \(path)")
            }
            return try SealingKeys(contents, from: source)
        }
    }

    private static func malformed(_ source: SealingKeySource) -> ConnectError {
        ConnectError(
            "secret.key", .configuration,
            "There is no key in \(source.description): 32 bytes, or one key of 32 bytes a line in Base64, are expected.",
            remedy: "Restore it from a backup, or make one with: head -c 32 /dev/urandom | base64")
    }
}

/// The home's own key file, written whole or not at all.
enum SealingKeyFile {
    static func newKey() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }

    /// Makes the file, if there is none.
    static func create(at path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        try write([newKey()], to: path)
    }

    /// Under another name first; a crash leaves the old file or the new one.
    static func write(_ keys: [Data], to path: String) throws {
        let text = Data(keys.map { $0.base64EncodedString() + "\n" }.joined().utf8)
        let draft = "\(path).new-\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable(path) }
        let isWritten = text.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == text.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            let error = unwritable(path)
            unlink(draft)
            throw error
        }
        let directory = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private static func unwritable(_ path: String) -> ConnectError {
        ConnectError("home.unwritable", .configuration, "The key file \(path) cannot be written: \(String(cString: strerror(errno))).")
    }
}

public import ConnectorKit

/// A server's public key: what a person agrees to once and every connection is checked against (FS-7).
public struct HostKey: Sendable, Hashable {
    /// "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa" …
    public let type: String
    /// The key in base64, as in `known_hosts`.
    public let base64: String
    /// "SHA256:…", as `ssh-keygen -l` shows it.
    public let fingerprint: String

    /// The types that can be pinned, best first, with the signature algorithms that prove them.
    static let types: [(type: String, algorithms: String)] = [
        ("ssh-ed25519", "ssh-ed25519"),
        ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
        ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
        ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
        ("ssh-rsa", "rsa-sha2-512,rsa-sha2-256"),
    ]

    /// `TYPE BASE64`, with or without a comment behind it. nil when it is anything else: the key must decode and name its own type.
    public init?(pin: String) {
        let words = pin.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 2, pin.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        self.init(type: String(words[0]), base64: String(words[1]))
    }

    /// From the key's bytes on the wire, which begin with its type.
    init?(blob: [UInt8]) {
        var fields = SFTPFieldReader(blob[...])
        guard let named = try? fields.string("key type", limit: 64) else { return nil }
        self.init(type: String(decoding: named, as: UTF8.self), base64: Base64.encode(blob))
    }

    init?(type: String, base64: String) {
        guard Self.types.contains(where: { $0.type == type }), base64.utf8.count <= 16384, let blob = Base64.decode(base64.utf8) else { return nil }
        var fields = SFTPFieldReader(blob[...])
        guard let named = try? fields.string("key type", limit: 64), named.elementsEqual(type.utf8), fields.remaining > 0 else { return nil }
        self.type = type
        self.base64 = base64
        fingerprint = "SHA256:" + Base64.encodeWithoutPadding(SHA256.hash(blob))
    }

    public var pin: String { type + " " + base64 }
    public var identity: PeerIdentity { PeerIdentity(type: type, fingerprint: fingerprint, pin: pin) }

    /// For `HostKeyAlgorithms`: nothing but what the pins can prove is asked of the server.
    static func algorithms(provenBy pins: [HostKey]) -> String {
        types.filter { known in pins.contains { $0.type == known.type } }.map(\.algorithms).joined(separator: ",")
    }
}

extension [HostKey] {
    /// "ssh-ed25519 SHA256:…, ssh-rsa SHA256:…"
    var fingerprints: String { isEmpty ? "none" : map { $0.type + " " + $0.fingerprint }.joined(separator: ", ") }
}

import ConnectModel
import Crypto
import Foundation

/// Host keys from a file that `ssh` keeps, such as ~/.ssh/known_hosts (FS-7). `ssh-keygen` finds the host in it, hashed names too.
struct KnownHosts {
    let file: String

    /// The keys of a host. Throws when the file has none; revoked keys and certificate authorities are left out.
    func identities(host: String, port: Int64) throws -> [PeerIdentity] {
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw ConnectError("known-hosts.missing", .configuration, "The file \(file) cannot be read.")
        }
        // Port 22 stands without brackets.
        let name = port == 22 ? host : "[\(host)]:\(port)"
        let found = try KeyPair.keygen(["-F", name, "-f", file]).split(separator: "\n").compactMap(Self.identity)
        guard !found.isEmpty else {
            throw ConnectError(
                "known-hosts.unknown", .authentication, "\(file) has no key of \(name).",
                remedy: "Leave --known-hosts out to see what the server shows, and compare the fingerprints with what its administrator tells you.")
        }
        return found
    }

    /// "HOSTS TYPE BASE64 [comment]"; lines with a marker in front are no plain keys.
    private static func identity(_ line: Substring) -> PeerIdentity? {
        guard !line.hasPrefix("#"), !line.hasPrefix("@") else { return nil }
        let words = line.split(separator: " ")
        guard words.count >= 3, let blob = Data(base64Encoded: String(words[2])) else { return nil }
        let sum = Data(SHA256.hash(data: blob)).base64EncodedString().trimmingSuffix { $0 == "=" }
        return PeerIdentity(type: String(words[1]), fingerprint: "SHA256:\(sum)", pin: "\(words[1]) \(words[2])")
    }
}

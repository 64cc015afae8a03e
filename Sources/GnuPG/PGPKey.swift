import Foundation

/// An OpenPGP key of the ring.
public struct PGPKey: Sendable, Codable, Equatable {
    public enum Validity: String, Sendable, Codable {
        case valid, expired, revoked, disabled, invalid
    }

    /// Of the primary key, 40 hexadecimal digits (64 for newer keys), upper case.
    public var fingerprint: String
    /// "RSA 4096", "Ed25519".
    public var algorithm: String
    /// Names and addresses, as the key's maker wrote them.
    public var userIDs: [String]
    public var createdUnixSeconds: Int64
    public var expiresUnixSeconds: Int64?
    public var validity: Validity
    /// Whether the private half is here, so that files can be decrypted or signed with it.
    public var isPrivate: Bool
    public var canEncrypt: Bool
    public var canSign: Bool
    /// Fingerprints of the key and of its subkeys; a message names one of these.
    public var fingerprints: [String]
    /// Names of the files that hold the private halves.
    var keygrips: [String]

    /// Whether a person means this key by `text`: a fingerprint, its last 16 digits, a whole address, or part of a name.
    public func matches(_ text: String) -> Bool {
        let digits = Self.normalised(text)
        if digits.count >= 16 && digits.allSatisfy(\.isHexDigit) { return fingerprints.contains { $0.hasSuffix(digits) } }
        return userIDs.contains { $0.lowercased().contains(text.lowercased()) }
    }

    /// A fingerprint without blanks and colons, in upper case.
    public static func normalised(_ fingerprint: String) -> String { fingerprint.filter { !$0.isWhitespace && $0 != ":" }.uppercased() }

    /// Whether `text` is a whole fingerprint.
    public static func isFingerprint(_ text: String) -> Bool {
        let digits = normalised(text)
        return (digits.count == 40 || digits.count == 64) && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}

/// Reads `gpg --with-colons --list-keys` (GnuPG's doc/DETAILS, "Format of the colon listings").
struct KeyListing {
    private(set) var keys: [PGPKey] = []

    /// `hasPrivate` says whether the ring holds the private key of a keygrip.
    init(_ text: String, hasPrivate: (String) -> Bool) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count > 10 else { continue }
            switch fields[0] {
            case "pub": keys.append(Self.key(fields))
            case "fpr": change { $0.fingerprints.append(fields[9]) }
            case "grp": change { $0.keygrips.append(fields[9]) }
            case "uid" where fields[1] != "r": change { $0.userIDs.append(Self.unescaped(fields[9])) }
            default: break
            }
        }
        for index in keys.indices {
            keys[index].fingerprint = keys[index].fingerprints.first ?? ""
            keys[index].isPrivate = keys[index].keygrips.contains(where: hasPrivate)
        }
        keys.removeAll { $0.fingerprint.isEmpty }
    }

    private mutating func change(_ body: (inout PGPKey) -> Void) {
        guard !keys.isEmpty else { return }
        body(&keys[keys.count - 1])
    }

    private static func key(_ fields: [String]) -> PGPKey {
        let validity: PGPKey.Validity =
            switch fields[1] {
            case "e": .expired
            case "r": .revoked
            case "i", "d": .invalid
            default: fields[11].contains("D") ? .disabled : .valid
            }
        return PGPKey(
            fingerprint: "", algorithm: algorithm(fields), userIDs: [], createdUnixSeconds: Int64(fields[5]) ?? 0,
            expiresUnixSeconds: Int64(fields[6]),
            validity: validity, isPrivate: false, canEncrypt: fields[11].contains("E"), canSign: fields[11].contains("S"), fingerprints: [],
            keygrips: [])
    }

    private static func algorithm(_ fields: [String]) -> String {
        if fields.count > 16, !fields[16].isEmpty { return fields[16].prefix(1).uppercased() + fields[16].dropFirst() }
        return switch fields[3] {
        case "1", "2", "3": "RSA \(fields[2])"
        case "17": "DSA \(fields[2])"
        case "16": "Elgamal \(fields[2])"
        default: "algorithm \(fields[3])"
        }
    }

    /// `\x3a` is a colon.
    private static func unescaped(_ text: String) -> String {
        var parts = text.components(separatedBy: "\\x")
        let first = parts.removeFirst()
        var bytes = Array(first.utf8)
        for part in parts {
            guard part.count >= 2, let byte = UInt8(part.prefix(2), radix: 16) else {
                bytes += Array(("\\x" + part).utf8)
                continue
            }
            bytes.append(byte)
            bytes += Array(part.dropFirst(2).utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

internal import ConnectorKit

/// The SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 7469 section 2.4), which stays the same when a certificate is renewed.
struct CertificateKey: Sendable, Equatable {
    /// 32 bytes.
    let hash: [UInt8]

    private static let prefix = "sha256//"

    /// From `sha256//BASE64`, as in the settings; nil for anything else.
    init?(pin: String) {
        guard pin.hasPrefix(Self.prefix), let bytes = Base64.decode(pin.dropFirst(Self.prefix.count)), bytes.count == 32 else { return nil }
        hash = bytes
    }

    /// Of the first certificate in PEM text; nil when there is none.
    init?(pem: String) {
        let lines = pem.split(whereSeparator: \.isNewline)
        guard let begin = lines.firstIndex(of: "-----BEGIN CERTIFICATE-----"),
            let end = lines[begin...].firstIndex(of: "-----END CERTIFICATE-----"),
            let certificate = Base64.decode(lines[(begin + 1)..<end].joined()[...]), let key = Self.publicKey(certificate)
        else { return nil }
        hash = SHA256.hash(Array(key))
    }

    /// What a person compares.
    var fingerprint: String { "SHA256:" + Base64.encode(hash).filter { $0 != "=" } }
    var pin: String { Self.prefix + Base64.encode(hash) }

    /// The SubjectPublicKeyInfo of a DER certificate (RFC 5280 section 4.1); nil when the bytes are not one.
    static func publicKey(_ certificate: [UInt8]) -> ArraySlice<UInt8>? {
        var outer = DERReader(certificate[...])
        guard var signed = outer.next(0x30).map({ DERReader($0.content) }), var fields = signed.next(0x30).map({ DERReader($0.content) }) else {
            return nil
        }
        // version is optional; then serial number, algorithm, issuer, validity, subject.
        _ = fields.next(0xA0)
        for tag: UInt8 in [0x02, 0x30, 0x30, 0x30, 0x30] where fields.next(tag) == nil { return nil }
        return fields.next(0x30)?.whole
    }
}

/// Goes through the elements of one DER value (ITU-T X.690), never past its end.
struct DERReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next element when it has this tag; else nil, and nothing is taken.
    mutating func next(_ tag: UInt8) -> (content: ArraySlice<UInt8>, whole: ArraySlice<UInt8>)? {
        var at = rest.startIndex
        guard rest.count >= 2, rest[at] == tag else { return nil }
        var length = Int(rest[at + 1])
        at += 2
        if length >= 0x80 {
            let count = length - 0x80
            guard (1...4).contains(count), rest.endIndex - at >= count else { return nil }
            length = rest[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
            at += count
        }
        guard rest.endIndex - at >= length else { return nil }
        defer { rest = rest[(at + length)...] }
        return (rest[at..<at + length], rest[..<(at + length)])
    }
}

/// Base64 (RFC 4648 section 4).
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0..<4 { text.append(index <= group.count ? alphabet[value >> (18 - 6 * index) & 63] : UInt8(ascii: "=")) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.count - digits.count
        guard text.utf8.count % 4 == 0, padding <= 2, text.utf8.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        var bytes: [UInt8] = []
        var value = 0
        var bits = 0
        for digit in digits {
            guard let index = alphabet.firstIndex(of: digit) else { return nil }
            value = (value << 6 | index) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: value >> bits))
            }
        }
        return bytes
    }
}

internal import ConnectorKit
internal import Glibc

/// The text of a private key, as far as it must be understood before `ssh` gets it.
struct PrivateKeyText {
    /// With line ends and a last line end as `ssh` wants them; pasting often loses both.
    let bytes: [UInt8]
    let isEncrypted: Bool
    let kind: Kind

    enum Kind {
        case rsa
        case other
        /// A protected key does not always tell.
        case unknown
    }

    /// `setting`: the name for messages. Throws `.configuration` for text that is no private key.
    init(_ text: String, setting: String) throws(ConnectorError) {
        var lines = text.split(whereSeparator: \.isNewline).map { String($0.drop { $0 == " " }) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard let first = lines.first, first.hasPrefix("-----BEGIN "), first.hasSuffix("PRIVATE KEY-----"), lines.count > 2 else {
            let hint =
                text.hasPrefix("PuTTY-User-Key-File")
                ? "It is a PuTTY key: export it with puttygen's menu Conversions, Export OpenSSH key."
                : "It must be the whole file from the line -----BEGIN … PRIVATE KEY----- to the line -----END …, not the public key."
            throw ConnectorError(.configuration, "`\(setting)` holds no private key. \(hint)")
        }
        bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        isEncrypted = Self.isEncrypted(lines)
        kind = Self.kind(lines)
    }

    /// The key of a file that nobody else can read, as `ssh` itself demands.
    init(file: String, setting: String) throws(ConnectorError) {
        guard file.hasPrefix("/") else { throw ConnectorError(.configuration, "`\(setting)` must be an absolute path, not \(quoted(file)).") }
        let descriptor = FileDescriptor(open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        guard descriptor.number >= 0 else {
            throw ConnectorError(.configuration, "The private key file \(quoted(file)) (`\(setting)`) cannot be read: \(systemText(errno)).")
        }
        var information = stat()
        guard fstat(descriptor.number, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw ConnectorError(.configuration, "\(quoted(file)) (`\(setting)`) is not a file.")
        }
        guard information.st_mode & 0o077 == 0 else {
            throw ConnectorError(
                .configuration, "Others than its owner may use the private key file \(quoted(file)) (`\(setting)`). Run: chmod 600 \(file)")
        }
        var content = [UInt8](repeating: 0, count: 65536)
        let count = content.withUnsafeMutableBytes { read(descriptor.number, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw ConnectorError(.configuration, "The private key file \(quoted(file)) cannot be read: \(systemText(errno)).") }
        try self.init(String(decoding: content[0..<count], as: UTF8.self), setting: setting)
    }

    private static func kind(_ lines: [String]) -> Kind {
        let body = lines.dropFirst().prefix { !$0.hasPrefix("-----") }.filter { !$0.contains(":") }.joined()
        switch lines[0] {
        case "-----BEGIN RSA PRIVATE KEY-----": return .rsa
        case "-----BEGIN OPENSSH PRIVATE KEY-----":
            // The public half stands in the open, in protected keys too.
            return Base64.decode(body.utf8)?.contains(sequence: Array("ssh-rsa".utf8)) == true ? .rsa : .other
        case "-----BEGIN PRIVATE KEY-----":
            let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
            return Base64.decode(body.utf8)?.contains(sequence: rsaEncryption) == true ? .rsa : .other
        case "-----BEGIN ENCRYPTED PRIVATE KEY-----": return .unknown
        default: return .other
        }
    }

    private static func isEncrypted(_ lines: [String]) -> Bool {
        if lines[0] == "-----BEGIN ENCRYPTED PRIVATE KEY-----" { return true }
        if lines[0] != "-----BEGIN OPENSSH PRIVATE KEY-----" { return lines.contains { $0.hasPrefix("Proc-Type:") && $0.hasSuffix("ENCRYPTED") } }
        // PROTOCOL.key: a magic word, then the name of the cipher, "none" for an open key.
        let body = lines.dropFirst().prefix { !$0.hasPrefix("-----") }.joined()
        let magic = Array("openssh-key-v1\0".utf8)
        guard let blob = Base64.decode(body.utf8), blob.starts(with: magic) else { return false }
        var fields = SFTPFieldReader(blob[magic.count...])
        guard let cipher = try? fields.string("cipher", limit: 64) else { return false }
        return !cipher.elementsEqual("none".utf8)
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: sequence) }
    }
}

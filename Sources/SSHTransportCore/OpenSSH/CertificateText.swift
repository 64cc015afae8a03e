internal import ConnectorKit
internal import Glibc

/// The certificate of a user key, one line as `ssh-keygen -s` writes it. Public: who reads it can do nothing with it.
struct CertificateText {
    let line: String

    /// Throws `.configuration` for a file that is no certificate.
    init(file: String) throws(ConnectorError) {
        let setting = "certificate_file"
        guard file.hasPrefix("/") else { throw ConnectorError(.configuration, "`\(setting)` must be an absolute path, not \(quoted(file)).") }
        let descriptor = FileDescriptor(open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        guard descriptor.number >= 0 else {
            throw ConnectorError(.configuration, "The certificate file \(quoted(file)) (`\(setting)`) cannot be read: \(systemText(errno)).")
        }
        var content = [UInt8](repeating: 0, count: 65536)
        let count = content.withUnsafeMutableBytes { read(descriptor.number, $0.baseAddress, $0.count) }
        let words = String(decoding: content[0..<max(0, count)], as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, words[0].hasSuffix("-cert-v01@openssh.com"), Base64.decode(words[1].utf8) != nil else {
            throw ConnectorError(
                .configuration,
                "\(quoted(file)) (`\(setting)`) is not a certificate of a user key; it is the file ending in -cert.pub that `ssh-keygen -s` makes.")
        }
        line = "\(words[0]) \(words[1])\n"
    }
}

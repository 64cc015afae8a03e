public import ConnectorKit

/// A path as one word for a POSIX shell, which neither the shell nor the program can take for anything else.
public struct ShellWord: Sendable, Equatable {
    /// The quoted bytes, always in single quotes.
    public let bytes: [UInt8]

    /// Throws `.configuration` for a path with NUL or a line end: no line of a protocol can carry it.
    public init(path: [UInt8]) throws(ConnectorError) {
        guard !path.isEmpty, !path.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
            throw ConnectorError(.configuration, "\"\(printable(path))\" cannot be used over SCP: it is empty or holds a line end or a NUL byte.")
        }
        // Without a dash at the front no program takes it for an option, whatever it makes of `--`.
        var path = path
        if path.first == UInt8(ascii: "-") { path = Array("./".utf8) + path }
        var bytes: [UInt8] = [0x27]
        for byte in path {
            if byte == 0x27 { bytes += [0x27, 0x5C, 0x27, 0x27] } else { bytes.append(byte) }
        }
        self.bytes = bytes + [0x27]
    }

    /// The last component of a path.
    public static func lastComponent(_ path: [UInt8]) -> [UInt8] {
        Array(path.split(separator: 0x2F).last ?? [])
    }
}

/// What the words of a program at the far end, run with `LC_ALL=C`, say about who must act.
enum RemoteMessage {
    static func status(_ text: String) -> ConnectorError.Status {
        let text = text.lowercased()
        func has(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if has("no such file", "does not exist") { return .notFound }
        if has("permission denied", "not permitted", "read-only file system") { return .permission }
        if has("no space left", "quota exceeded", "disk full") { return .noSpace }
        if has("directory not empty") { return .notEmpty }
        if has("file exists") { return .exists }
        if has("not a regular file", "is a directory", "not a directory", "file name too long") { return .configuration }
        return .transient
    }

    /// "X on SERVER could not be read: …".
    static func error(_ text: String, _ verb: String, _ name: String, _ server: String) -> ConnectorError {
        let status = status(text)
        let advice =
            switch status {
            case .notFound: "Check the name and the directory."
            case .permission: "Ask the server's operator to give the user the right."
            case .noSpace: "Free space there."
            case .transient: "It can be tried again."
            default: "Check the name."
            }
        return ConnectorError(status, "\(name) on \(server) could not \(verb): the server says \"\(text)\". \(advice)")
    }
}

extension ShellWord {
    /// The word in a command line, which is text: every path of a session is UTF-8.
    func text() -> String { String(decoding: bytes, as: UTF8.self) }
}

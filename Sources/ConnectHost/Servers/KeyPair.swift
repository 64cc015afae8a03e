import ConnectModel
import Foundation

/// An SSH key pair for logging in to a server (FS-5). Made by OpenSSH's `ssh-keygen`.
public struct KeyPair: Sendable {
    public enum KeyType: String, Sendable, CaseIterable {
        case ed25519
        case rsa3072 = "rsa-3072"
        case rsa4096 = "rsa-4096"

        var arguments: [String] {
            switch self {
            case .ed25519: ["-t", "ed25519"]
            case .rsa3072: ["-t", "rsa", "-b", "3072"]
            case .rsa4096: ["-t", "rsa", "-b", "4096"]
            }
        }
    }

    /// In OpenSSH's form, without a passphrase: it is kept where only the host can read it.
    let privateKey: Secret
    /// One line: type, key, comment.
    public let publicKey: String
    /// `SHA256:…`, as servers and their administrators show it.
    public let fingerprint: String

    /// The line for the server's `authorized_keys`: the key may move files and run the programs for that, and nothing else.
    public var authorizedKeysLine: String { "restrict \(publicKey)" }

    /// Makes a pair inside `directory`, which only its owner can read, and leaves nothing there.
    static func generate(_ type: KeyType, comment: String, in directory: String) throws -> KeyPair {
        var template = Array((directory + "/key-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ConnectError("key.directory", .configuration, "No directory can be made in \(directory): \(String(cString: strerror(errno))).")
        }
        let place = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let file = place + "/key"
        try keygen(["-q", "-N", "", "-C", comment, "-f", file] + type.arguments)
        let fingerprint = try keygen(["-l", "-f", file + ".pub"]).split(separator: " ").first { $0.hasPrefix("SHA256:") }
        guard let fingerprint, let secret = FileManager.default.contents(atPath: file), let line = FileManager.default.contents(atPath: file + ".pub")
        else {
            throw ConnectError("key.generate", .internal, "ssh-keygen ended well and left no key.")
        }
        return KeyPair(
            privateKey: Secret(String(decoding: secret, as: UTF8.self)),
            publicKey: String(decoding: line, as: UTF8.self).trimmingSuffix(while: \.isNewline), fingerprint: String(fingerprint))
    }

    /// Runs ssh-keygen and returns what it printed.
    @discardableResult
    static func keygen(_ arguments: [String]) throws -> String {
        let child = try ChildProcess("/usr/bin/env", ["ssh-keygen"] + arguments, newSession: false)
        child.closeInput()
        var lines = LineReader(child.output)
        var printed: [String] = []
        while let line = lines.next() { printed.append(String(decoding: line, as: UTF8.self)) }
        var complaints = LineReader(child.errors)
        var words: [String] = []
        while let line = complaints.next() { words.append(String(decoding: line, as: UTF8.self)) }
        switch child.wait() {
        case .exited(0): return printed.joined(separator: "\n")
        case .exited(127):
            throw ConnectError("key.program", .configuration, "There is no ssh-keygen.", remedy: "Install it: apt-get install openssh-client.")
        case .exited(1) where words.isEmpty: return ""
        default: throw ConnectError("key.generate", .configuration, "ssh-keygen failed: \(words.joined(separator: " "))")
        }
    }
}

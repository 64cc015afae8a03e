internal import ConnectorKit
internal import Glibc

/// A credential that has been looked at as far as that goes without the server.
enum CheckedCredential {
    case password(String)
    /// The passphrase is there exactly when the key is protected.
    case key(PrivateKeyText, passphrase: String?)
    /// The path of an agent's socket.
    case agent(String)
}

extension SSHEndpoint.Credential {
    /// Reads key files. Throws `.configuration` naming the setting that is wrong.
    func checked() throws(ConnectorError) -> CheckedCredential {
        switch self {
        case .password(let password): .password(try Self.line(password, setting: "password"))
        case .privateKey(let text, let passphrase): try Self.key(PrivateKeyText(text, setting: "private_key"), passphrase)
        case .privateKeyFile(let path, let passphrase): try Self.key(PrivateKeyText(file: path, setting: "private_key_file"), passphrase)
        case .agent(let path): .agent(try Self.agent(path))
        }
    }

    private static func key(_ text: PrivateKeyText, _ passphrase: String?) throws(ConnectorError) -> CheckedCredential {
        guard text.isEncrypted else { return .key(text, passphrase: nil) }
        guard let passphrase, !passphrase.isEmpty else {
            throw ConnectorError(.configuration, "The private key is protected by a passphrase. Set `passphrase`.")
        }
        return .key(text, passphrase: try line(passphrase, setting: "passphrase"))
    }

    private static func line(_ secret: String, setting: String) throws(ConnectorError) -> String {
        guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 != 0 && $0 != 0x0A && $0 != 0x0D }) else {
            throw ConnectorError(.configuration, "`\(setting)` is empty or holds a line end or a NUL byte.")
        }
        return secret
    }

    /// The socket's path, of the setting or of SSH_AUTH_SOCK. What `ssh` would replace in it is refused.
    private static func agent(_ setting: String?) throws(ConnectorError) -> String {
        guard let path = setting ?? getenv("SSH_AUTH_SOCK").map({ String(cString: $0) }), !path.isEmpty else {
            throw ConnectorError(
                .configuration, "There is no agent: SSH_AUTH_SOCK is not set where this program was started. Set `agent_socket`, or use a key.")
        }
        let special = Set("%$\"'\\".utf8)
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && !special.contains($0) }) else {
            throw ConnectorError(
                .configuration, "The agent's socket \(quoted(path)) (`agent_socket`) must be an absolute path without blanks and quotes.")
        }
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFSOCK else {
            throw ConnectorError(.configuration, "No agent listens on \(quoted(path)) (`agent_socket`). Start ssh-agent, or correct the path.")
        }
        return path
    }
}

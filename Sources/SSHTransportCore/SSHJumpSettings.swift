public import ConnectorKit

/// The settings of a host that the connection goes through (OpenSSH's ProxyJump).
enum SSHJumpSettings {
    static let fields = [
        SettingField(
            "jump_host", title: "Jump host",
            help: "A host to go through, as [USER@]HOST[:PORT], where the server cannot be reached directly. With OpenSSH only. The default is none.",
            kind: .string(maxLength: 512), default: .string(""), advanced: true),
        SettingField(
            "jump_host_keys", title: "Jump host's keys",
            help: "The keys the jump host may present, as `TYPE BASE64`. Any other is refused. What is refused names what was seen.", kind: .strings,
            advanced: true),
        SettingField(
            "jump_private_key_file", title: "Jump host's private key",
            help: "The absolute path of a private key for the jump host, without a passphrase. The default is the server's own key or agent.",
            kind: .string(maxLength: 4096), default: .string(""), advanced: true),
    ]

    /// The jump host, or nil where none is set. - Parameter credential: the server's, for a jump host without a key of its own.
    static func endpoint(_ values: SettingValues, _ credential: SSHEndpoint.Credential?) throws(ConnectorError) -> SSHEndpoint? {
        guard let text = SSHSettings.filled("jump_host", values) else { return nil }
        let place = try Place(text)
        return try SSHEndpoint(
            host: place.host, port: place.port, username: place.username ?? values.string("username") ?? "", credential: key(values, credential),
            hostKeys: SSHSettings.pins("jump_host_keys", values), connectTimeoutSeconds: TimeoutSettings.connectSeconds(values),
            keepaliveSeconds: Int(values.integer("keepalive_seconds") ?? 15),
            algorithms: SSHSettings.choice("algorithms", values, default: .compatible))
    }

    private static func key(_ values: SettingValues, _ credential: SSHEndpoint.Credential?) throws(ConnectorError) -> SSHEndpoint.Credential {
        if let path = SSHSettings.filled("jump_private_key_file", values) { return .privateKeyFile(path, passphrase: nil) }
        switch credential {
        case .privateKey(_, nil), .privateKeyFile(_, nil), .agent: if let credential { return credential }
        case .privateKey, .privateKeyFile, .password, nil: break
        }
        throw ConnectorError(
            .configuration,
            "The jump host is logged in to with a key that has no passphrase, or an agent's. Set `jump_private_key_file` to the path of one.")
    }

    /// `[USER@]HOST[:PORT]`, brackets around an IPv6 address.
    struct Place: Equatable {
        var username: String?
        var host: String
        var port = 22

        init(_ text: String) throws(ConnectorError) {
            var rest = text[...]
            if let at = rest.lastIndex(of: "@") {
                username = String(rest[..<at])
                rest = rest[rest.index(after: at)...]
            }
            var port: Substring?
            if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
                host = String(rest[rest.index(after: rest.startIndex)..<end])
                let behind = rest[rest.index(after: end)...]
                if behind.hasPrefix(":") { port = behind.dropFirst() } else if !behind.isEmpty { port = "" }
            } else if let colon = rest.firstIndex(of: ":"), !rest[rest.index(after: colon)...].contains(":") {
                host = String(rest[..<colon])
                port = rest[rest.index(after: colon)...]
            } else {
                host = String(rest)
            }
            if let port {
                guard let number = Int(port), (1...65535).contains(number) else { throw Self.malformed(text) }
                self.port = number
            }
            guard SSHEndpoint.isHost(host), username.map(SSHEndpoint.isUsername) ?? true else { throw Self.malformed(text) }
        }

        private static func malformed(_ text: String) -> ConnectorError {
            ConnectorError(.configuration, "\(quoted(text)) in `jump_host` is not of the form USER@HOST:PORT, such as gate@jump.example.com:22.")
        }
    }
}

extension SSHSettings {
    /// Who a server is (FS-7), for connectors of this kind. Nothing is sent to it but, behind a jump host, the user name.
    public static func identify(_ values: SettingValues, _ call: any CallContext) throws(ConnectorError) -> [PeerIdentity] {
        let (host, port) = (values.string("host") ?? "", Int(values.integer("port") ?? 22))
        let seconds = TimeoutSettings.connectSeconds(values)
        // Secrets are kept back here; a key in a file is not one of them, nor is an agent's.
        guard let jump = try SSHJumpSettings.endpoint(values, try? credential(values)) else {
            return try HostKeyScan.run(host: host, port: port, timeoutSeconds: seconds, call).map(\.identity)
        }
        let server = try SSHEndpoint(
            host: host, port: port, username: values.string("username") ?? "", credential: .password("-"), hostKeys: [],
            connectTimeoutSeconds: seconds,
            keepaliveSeconds: 0, algorithms: choice("algorithms", values, default: .compatible), jump: jump)
        return try HostKeyScan.throughJump(to: server, call).map(\.identity)
    }
}

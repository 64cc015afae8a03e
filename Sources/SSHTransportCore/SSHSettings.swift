public import ConnectorKit

/// The settings that every connector over SSH has: where, as whom, by what, through which engine. A connector adds its own fields to
/// `connectionFields`, `loginFields` and `advancedFields`, and reads all of these by making one value of this type.
public struct SSHSettings: Sendable {
    public var endpoint: SSHEndpoint
    public var engine: SSHEngine
    public var stallTimeoutSeconds: Int
    public var verification: TransferVerification

    /// Host, port, user name.
    public static let connectionFields = [
        SettingField(
            "host", title: "Host", help: "Name or address of the server, such as files.example.com.", kind: .string(minLength: 1, maxLength: 253),
            required: true),
        SettingField(
            "port", title: "Port", help: "The server's SSH port. The default is 22.", kind: .integer(minimum: 1, maximum: 65535),
            default: .integer(22)),
        SettingField("username", title: "User name", help: "The account on the server.", kind: .string(minLength: 1, maxLength: 256), required: true),
    ]

    /// Credentials and trusted host keys.
    public static let loginFields = [
        SettingField(
            "authentication", title: "Authentication", help: "How to log in. The default is a key.",
            kind: .choice([("key", "Private key"), ("password", "Password"), ("agent", "Key of an SSH agent")]), default: .string("key")),
        SettingField(
            "password", title: "Password", help: "The account's password on the server.", kind: .string(maxLength: 1024), secret: true,
            dependsOn: ("authentication", "password")),
        SettingField(
            "private_key", title: "Private key", help: "The text of an Ed25519, ECDSA or RSA private key in OpenSSH or PEM form.",
            kind: .string(maxLength: 65536), secret: true, dependsOn: ("authentication", "key")),
        SettingField(
            "private_key_file", title: "Private key file",
            help: "Instead of the key's text: the absolute path of its file on this machine, which only its owner may read.",
            kind: .string(maxLength: 4096), dependsOn: ("authentication", "key")),
        SettingField(
            "passphrase", title: "Passphrase", help: "Needed where the private key is protected by one.", kind: .string(maxLength: 1024),
            secret: true, dependsOn: ("authentication", "key")),
        SettingField(
            "certificate_file", title: "Certificate file",
            help: "The absolute path of the certificate (…-cert.pub) for the private key, where the server wants one. With OpenSSH only.",
            kind: .string(maxLength: 4096), advanced: true, dependsOn: ("authentication", "key")),
        SettingField(
            "agent_socket", title: "Agent's socket",
            help: "The absolute path of the SSH agent's socket. The default is what SSH_AUTH_SOCK names. With OpenSSH only.",
            kind: .string(maxLength: 108), dependsOn: ("authentication", "agent")),
        SettingField(
            "host_keys", title: "Trusted host keys",
            help: "The keys the server may present, as `TYPE BASE64`. Any other is refused. Filled in by `connecthost servers trust`.",
            kind: .strings, pin: true),
    ]

    /// Engine, algorithms, time-outs.
    public static let advancedFields =
        [
            TransferVerification.field,
            SettingField(
                "engine", title: "Engine",
                help: "Who speaks SSH. The default takes OpenSSH's ssh where it is installed, and libssh2 otherwise.",
                kind: .choice([("auto", "Automatic"), ("openssh", "OpenSSH's ssh program"), ("libssh2", "libssh2 in this process")]),
                default: .string(SSHEngine.auto.rawValue), advanced: true),
            SettingField(
                "algorithms", title: "Algorithms",
                help:
                    "What may be agreed on with the server. The default is what OpenSSH takes by itself; legacy allows broken ones and warns in each log.",
                kind: .choice([
                    ("modern", "Modern: no SHA-1 at all"), ("compatible", "Compatible: OpenSSH's own choice"),
                    ("legacy", "Legacy: also broken ones (SHA-1, CBC)"),
                ]),
                default: .string(SSHAlgorithmPolicy.compatible.rawValue), advanced: true),
            TimeoutSettings.connect, TimeoutSettings.stall,
            SettingField(
                "keepalive_seconds", title: "Keepalive",
                help:
                    "Seconds of silence after which the server is asked for a sign of life; three without an answer end the connection. 0 never asks. "
                    + "The default is 15.",
                kind: .integer(minimum: 0, maximum: 3600), default: .integer(15), advanced: true),
        ] + SSHJumpSettings.fields

    /// Throws `.configuration` naming the setting. No I/O.
    public init(_ values: SettingValues) throws(ConnectorError) {
        engine = try Self.choice("engine", values, default: .auto)
        stallTimeoutSeconds = TimeoutSettings.stallSeconds(values)
        verification = TransferVerification(values)
        let credential = try Self.credential(values)
        endpoint = try SSHEndpoint(
            host: values.string("host") ?? "", port: Int(values.integer("port") ?? 22), username: values.string("username") ?? "",
            credential: credential, hostKeys: Self.pins("host_keys", values),
            connectTimeoutSeconds: TimeoutSettings.connectSeconds(values),
            keepaliveSeconds: Int(values.integer("keepalive_seconds") ?? 15), algorithms: Self.choice("algorithms", values, default: .compatible),
            certificateFile: Self.filled("certificate_file", values), jump: SSHJumpSettings.endpoint(values, credential))
    }

    static func filled(_ name: String, _ values: SettingValues) -> String? { values.string(name).flatMap { $0.isEmpty ? nil : $0 } }

    static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ values: SettingValues, default fallback: Choice
    ) throws(ConnectorError) -> Choice {
        guard let text = values.string(name) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConnectorError(.configuration, "\(quoted(text)) in `\(name)` is not known; use one of: \(known).")
        }
        return choice
    }

    static func pins(_ setting: String, _ values: SettingValues) throws(ConnectorError) -> [HostKey] {
        var pins: [HostKey] = []
        for text in values.strings(setting) ?? [] {
            guard let pin = HostKey(pin: text) else {
                throw ConnectorError(
                    .configuration,
                    "\(quoted(String(text.prefix(80)))) in `\(setting)` is not a host key such as `ssh-ed25519 AAAAC3…`. "
                        + "Run `connecthost servers trust NAME`.")
            }
            pins.append(pin)
        }
        return pins
    }

    static func credential(_ values: SettingValues) throws(ConnectorError) -> SSHEndpoint.Credential {
        let passphrase = filled("passphrase", values)
        switch values.string("authentication") {
        case "password":
            guard let password = filled("password", values) else {
                throw ConnectorError(.configuration, "`password` is missing. Set it, or set `authentication` to key.")
            }
            return .password(password)
        case "agent": return .agent(filled("agent_socket", values))
        default:
            if let text = filled("private_key", values) { return .privateKey(text, passphrase: passphrase) }
            if let path = filled("private_key_file", values) { return .privateKeyFile(path, passphrase: passphrase) }
            throw ConnectorError(.configuration, "`private_key` or `private_key_file` is missing. Set one, or set `authentication` to password.")
        }
    }
}

internal import ConnectorKit
internal import SSHTransportCore

/// The connector's settings as values; each is declared once, in `schema`.
struct SFTPSettings: Sendable {
    var endpoint: SSHEndpoint
    /// Absolute, or relative to where the log-in begins; "" is that place.
    var directory: String
    var stallTimeoutSeconds: Int
    var requestsInFlight: Int

    static let schema = SettingsSchema([
        SettingField(
            "host", title: "Host", help: "Name or address of the server, such as files.example.com.", kind: .string(minLength: 1, maxLength: 253),
            required: true),
        SettingField(
            "port", title: "Port", help: "The server's SSH port. The default is 22.", kind: .integer(minimum: 1, maximum: 65535),
            default: .integer(22)),
        SettingField("username", title: "User name", help: "The account on the server.", kind: .string(minLength: 1, maxLength: 256), required: true),
        SettingField(
            "directory", title: "Directory",
            help: "Everything is read and written below it. Absolute, or relative to where the log-in begins. The default is that place.",
            kind: .string(maxLength: 1024), default: .string("")),
        SettingField(
            "authentication", title: "Authentication", help: "How to log in. The default is a key.",
            kind: .choice([("key", "Private key"), ("password", "Password")]), default: .string("key")),
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
            secret: true,
            dependsOn: ("authentication", "key")),
        SettingField(
            "host_keys", title: "Trusted host keys",
            help: "The keys the server may present, as `TYPE BASE64`. Any other is refused. Filled in by `connecthost servers trust`.",
            kind: .strings,
            pin: true),
        SettingField(
            "connect_timeout_seconds", title: "Connect time-out", help: "Seconds until the log-in must be done. The default is 30.",
            kind: .integer(minimum: 1, maximum: 600), default: .integer(30), advanced: true),
        SettingField(
            "stall_timeout_seconds", title: "Stall time-out",
            help: "Seconds without a single byte after which a transfer is given up. The default is 60.",
            kind: .integer(minimum: 1, maximum: 3600), default: .integer(60), advanced: true),
        SettingField(
            "keepalive_seconds", title: "Keepalive",
            help:
                "Seconds of silence after which the server is asked for a sign of life; three without an answer end the connection. 0 never asks. "
                + "The default is 15.",
            kind: .integer(minimum: 0, maximum: 3600), default: .integer(15), advanced: true),
        SettingField(
            "requests_in_flight", title: "Requests in flight",
            help: "How many requests wait for their answers at once. 1 for servers that lose their way with more. The default is 64.",
            kind: .integer(minimum: 1, maximum: 128), default: .integer(64), advanced: true),
    ])

    /// Throws `.configuration` naming the setting. No I/O.
    init(_ values: SettingValues) throws(ConnectorError) {
        var pins: [HostKey] = []
        for text in values.strings("host_keys") ?? [] {
            guard let pin = HostKey(pin: text) else {
                throw ConnectorError(
                    .configuration,
                    "\"\(text.prefix(80))\" in `host_keys` is not a host key such as `ssh-ed25519 AAAAC3…`. Run `connecthost servers trust NAME`.")
            }
            pins.append(pin)
        }
        directory = values.string("directory") ?? ""
        guard !directory.utf8.contains(0) else { throw ConnectorError(.configuration, "`directory` holds a NUL byte.") }
        stallTimeoutSeconds = Int(values.integer("stall_timeout_seconds") ?? 60)
        requestsInFlight = Int(values.integer("requests_in_flight") ?? 64)
        endpoint = try SSHEndpoint(
            host: values.string("host") ?? "", port: Int(values.integer("port") ?? 22), username: values.string("username") ?? "",
            credential: Self.credential(values), hostKeys: pins, connectTimeoutSeconds: Int(values.integer("connect_timeout_seconds") ?? 30),
            keepaliveSeconds: Int(values.integer("keepalive_seconds") ?? 15))
    }

    private static func credential(_ values: SettingValues) throws(ConnectorError) -> SSHEndpoint.Credential {
        func filled(_ name: String) -> String? { values.string(name).flatMap { $0.isEmpty ? nil : $0 } }
        if values.string("authentication") == "password" {
            guard let password = filled("password") else {
                throw ConnectorError(.configuration, "`password` is missing. Set it, or set `authentication` to key.")
            }
            return .password(password)
        }
        if let text = filled("private_key") { return .privateKey(text, passphrase: filled("passphrase")) }
        if let path = filled("private_key_file") { return .privateKeyFile(path, passphrase: filled("passphrase")) }
        throw ConnectorError(.configuration, "`private_key` or `private_key_file` is missing. Set one, or set `authentication` to password.")
    }

    var clientOptions: SFTPClientOptions {
        SFTPClientOptions(
            serverName: endpoint.address, requestsInFlight: requestsInFlight, stallMilliseconds: Int64(stallTimeoutSeconds) * 1000,
            connectMilliseconds: Int64(endpoint.connectTimeoutSeconds) * 1000)
    }
}

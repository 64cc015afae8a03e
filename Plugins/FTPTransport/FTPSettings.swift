internal import ConnectorKit

/// The connector's settings as values; each is declared once, in `schema`.
struct FTPSettings: Sendable {
    enum Security: String, Sendable { case explicit, implicit, none }

    var host: String
    var port: Int
    var username: String
    var password: String
    /// Absolute, or relative to where the log-in begins; "" is that place.
    var directory: String
    var security: Security
    var isActive: Bool
    /// The keys a certificate may have; empty: certificate authorities decide.
    var pins: [CertificateKey]
    var authorityFile: String
    var allowsTLS13: Bool
    var connectTimeoutSeconds: Int
    var stallTimeoutSeconds: Int
    var keepaliveSeconds: Int
    var verification: TransferVerification

    /// As messages name the server.
    var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    static let schema = SettingsSchema([
        SettingField(
            "host", title: "Host", help: "Name or address of the server, such as files.example.com.", kind: .string(minLength: 1, maxLength: 253),
            required: true),
        SettingField(
            "port", title: "Port", help: "The server's port. 0, the default, is 21, or 990 for implicit TLS.",
            kind: .integer(minimum: 0, maximum: 65535), default: .integer(0)),
        SettingField("username", title: "User name", help: "The account on the server.", kind: .string(minLength: 1, maxLength: 256), required: true),
        SettingField("password", title: "Password", help: "The account's password on the server.", kind: .string(maxLength: 1024), secret: true),
        SettingField(
            "directory", title: "Directory",
            help: "Everything is read and written below it. Absolute, or relative to where the log-in begins. The default is that place.",
            kind: .string(maxLength: 1024), default: .string("")),
        SettingField(
            "security", title: "Security", help: "How the connection is protected. The default is explicit TLS, for commands and for files.",
            kind: .choice([
                ("explicit", "TLS, begun by AUTH TLS (FTPES)"), ("implicit", "TLS from the first byte (implicit FTPS)"), ("none", "None (plain FTP)"),
            ]), default: .string("explicit")),
        SettingField(
            "allow_plaintext", title: "Allow plain FTP",
            help: "Must be true for `security: none`: the password and the files can then be read and changed on the way. The default is false.",
            kind: .boolean, default: .boolean(false), dependsOn: ("security", "none"), capability: "plaintext-transfers"),
        SettingField(
            "certificate_pins", title: "Trusted certificates",
            help:
                "SHA-256 of the public keys the server's certificate may have, as `sha256//BASE64`. Any other is refused. Without any, the certificate "
                + "must be for this host and from a known authority. Filled in by `connecthost servers trust`.",
            kind: .strings, pin: true),
        SettingField(
            "ca_file", title: "Authorities' file", help: "Absolute path of a PEM file with the authorities to trust. The default is the system's.",
            kind: .string(maxLength: 4096), default: .string(""), advanced: true),
        SettingField(
            "tls_version", title: "TLS version",
            help:
                "The newest to agree on. The default is 1.2. With 1.3 a slow server can lose the end of an upload, which is noticed and tried again.",
            kind: .choice([("1.2", "TLS 1.2"), ("1.3", "TLS 1.2 or 1.3")]), default: .string("1.2"), advanced: true),
        SettingField(
            "mode", title: "Data connections", help: "Who opens them: the client (passive) or the server (active). The default is passive.",
            kind: .choice([("passive", "Passive (EPSV, PASV)"), ("active", "Active (EPRT, PORT)")]), default: .string("passive"), advanced: true),
        TransferVerification.field,
        TimeoutSettings.connect, TimeoutSettings.stall,
        SettingField(
            "keepalive_seconds", title: "Keepalive",
            help: "Seconds of silence after which TCP asks for a sign of life. 0 never asks. The default is 15.",
            kind: .integer(minimum: 0, maximum: 3600), default: .integer(15), advanced: true),
    ])

    /// Throws `.configuration` naming the setting. No I/O.
    init(_ values: SettingValues) throws(ConnectorError) {
        try self.init(identifying: values)
        guard !username.isEmpty else { throw ConnectorError(.configuration, "`username` is missing. Set the account's name on the server.") }
        if security == .none, values.boolean("allow_plaintext") != true {
            throw ConnectorError(
                .configuration,
                "`security: none` sends the password and every file unprotected, and is not allowed here. Use the SFTP connector or `security: explicit` "
                    + "(FTPS). Where the server offers neither, an administrator allows it with `connecthost account set plaintext-transfers=on`; "
                    + "then set `allow_plaintext: true`.")
        }
    }

    /// The part that works without a log-in.
    init(identifying values: SettingValues) throws(ConnectorError) {
        host = values.string("host") ?? ""
        guard !host.isEmpty, host.utf8.allSatisfy({ Self.isHostByte($0) }), !host.hasPrefix("-") else {
            throw ConnectorError(.configuration, "`host` \"\(host.prefix(100))\" is neither a host name nor an address.")
        }
        security = Security(rawValue: values.string("security") ?? "explicit") ?? .explicit
        let given = Int(values.integer("port") ?? 0)
        port = given != 0 ? given : security == .implicit ? 990 : 21
        username = values.string("username") ?? ""
        password = values.string("password") ?? ""
        directory = values.string("directory") ?? ""
        authorityFile = values.string("ca_file") ?? ""
        allowsTLS13 = values.string("tls_version") == "1.3"
        isActive = values.string("mode") == "active"
        connectTimeoutSeconds = TimeoutSettings.connectSeconds(values)
        stallTimeoutSeconds = TimeoutSettings.stallSeconds(values)
        keepaliveSeconds = Int(values.integer("keepalive_seconds") ?? 15)
        verification = TransferVerification(values)
        pins = []
        for text in values.strings("certificate_pins") ?? [] {
            guard let key = CertificateKey(pin: text) else {
                throw ConnectorError(
                    .configuration,
                    "\"\(text.prefix(80))\" in `certificate_pins` is not of the form sha256//BASE64. Run `connecthost servers trust NAME`.")
            }
            pins.append(key)
        }
        // They are sent as lines of a command, where a line end would begin another command.
        for (name, text) in [("username", username), ("password", password), ("directory", directory)]
        where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw ConnectorError(.configuration, "`\(name)` holds a control character, which FTP cannot carry. Correct it.")
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
        default: byte >= 0x80
        }
    }
}

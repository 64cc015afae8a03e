public import ConnectorKit

/// Where to log in, as whom, and whom to trust there. Checked when it is made, so that nothing of it can be taken for an option of a program.
public struct SSHEndpoint: Sendable {
    public enum Credential: Sendable {
        case password(String)
        /// The text of a private key in OpenSSH or PEM form.
        case privateKey(String, passphrase: String?)
        case privateKeyFile(String, passphrase: String?)
        /// A key that an agent keeps; by its socket's path, nil for the one SSH_AUTH_SOCK names. With OpenSSH's program only.
        case agent(String?)
    }

    public let host: String
    public let port: Int
    public let username: String
    public let credential: Credential
    /// The keys the server may present; with none, nothing can be opened.
    public let hostKeys: [HostKey]
    /// From the first packet until the log-in is done.
    public let connectTimeoutSeconds: Int
    /// A sign of life is asked for after so long without one; 0 for never.
    public let keepaliveSeconds: Int
    public let algorithms: SSHAlgorithmPolicy
    /// The absolute path of a certificate for the key (`…-cert.pub`). With OpenSSH's program only.
    public let certificateFile: String?
    /// The host that the connection goes through, or none (OpenSSH's ProxyJump). With OpenSSH's program only.
    public var jump: SSHEndpoint? { jumps.first }
    private var jumps: [SSHEndpoint]
    /// What OpenSSH's programs connect to in place of `host`; nil: what they find under its name.
    private(set) var fixedAddress: String?

    /// Throws `.configuration` naming the setting that is wrong.
    public init(
        host: String, port: Int, username: String, credential: Credential, hostKeys: [HostKey], connectTimeoutSeconds: Int, keepaliveSeconds: Int,
        algorithms: SSHAlgorithmPolicy = .compatible, certificateFile: String? = nil, jump: SSHEndpoint? = nil
    ) throws(ConnectorError) {
        guard Self.isHost(host) else {
            throw ConnectorError(
                .configuration, "\(quoted(host)) in `host` is not a host name or address. Use a name like files.example.com or an IP address.")
        }
        guard (1...65535).contains(port) else { throw ConnectorError(.configuration, "\(port) in `port` is not a port; use 1 to 65535.") }
        guard Self.isUsername(username) else {
            throw ConnectorError(
                .configuration,
                "\(quoted(username)) in `username` cannot be used: letters, digits and . _ @ + $ \\ - are possible, and no - at the front.")
        }
        self.host = host
        self.port = port
        self.username = username
        self.credential = credential
        self.hostKeys = hostKeys
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.keepaliveSeconds = keepaliveSeconds
        self.algorithms = algorithms
        self.certificateFile = certificateFile
        jumps = jump.map { [$0] } ?? []
    }

    /// Itself, with the first machine on the way to it, the jump host or the server, to be looked for at this address alone.
    func fixed(at address: String) -> SSHEndpoint {
        var copy = self
        if jumps.isEmpty { copy.fixedAddress = address } else { copy.jumps[0].fixedAddress = address }
        return copy
    }

    /// HOST:PORT, with brackets around an IPv6 address.
    public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A name (letters, digits, `-`, `.`, `_`), an IPv4 address, or an IPv6 address with an optional zone.
    static func isHost(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count), !host.hasPrefix("-") else { return false }
        if host.contains(":") {
            let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
            return parts[0].utf8.allSatisfy { isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
                && (parts.count == 1 || (!parts[1].isEmpty && parts[1].utf8.allSatisfy(isNameByte)))
        }
        return host.utf8.allSatisfy(isNameByte)
    }

    static func isUsername(_ username: String) -> Bool {
        (1...256).contains(username.utf8.count) && !username.hasPrefix("-")
            && username.utf8.allSatisfy { isNameByte($0) || "@+$\\".utf8.contains($0) }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }
}

/// What a person typed, in quotes, safe to print.
func quoted(_ text: String) -> String { "\"" + printable(text.utf8) + "\"" }

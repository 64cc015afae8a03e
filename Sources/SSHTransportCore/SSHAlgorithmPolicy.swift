/// Which algorithms may be agreed on with a server, from strict to lenient. Both engines keep to it.
public enum SSHAlgorithmPolicy: String, Sendable, CaseIterable {
    /// No SHA-1, no CBC, no 64-bit authentication codes, no group shorter than 4096 bits.
    case modern
    /// What OpenSSH itself takes unless it is told otherwise: adds the 2048-bit group and authentication codes of SHA-1, nothing that is broken.
    case compatible
    /// Adds signatures and key exchange with SHA-1, CBC and 3DES. Only for servers that can do nothing else.
    case legacy

    /// For the log; nil where nothing needs saying.
    public var warning: String? {
        guard self == .legacy else { return nil }
        return "Broken algorithms (SHA-1 signatures, CBC, 3DES) are allowed for this server, because `algorithms` is legacy. "
            + "Have its operator update it."
    }

    // MARK: For OpenSSH's program

    /// Options for `ssh`. Key exchange is its own set with less or more, so that what newer versions add (post-quantum) stays in use.
    func openSSHOptions(provenBy pins: [HostKey]) -> [String] {
        let hostKeys = HostKey.algorithms(provenBy: pins) + (self == .legacy && pins.contains { $0.type == "ssh-rsa" } ? ",ssh-rsa" : "")
        var options = [
            "HostKeyAlgorithms=" + hostKeys, "Ciphers=" + ciphers.joined(separator: ","), "MACs=" + openSSHMACs.joined(separator: ","),
            // The name that versions before 8.5 know, and later ones too.
            "PubkeyAcceptedKeyTypes=" + (self == .legacy ? "+" : "-") + "ssh-rsa,ssh-rsa-cert-v01@openssh.com",
        ]
        switch self {
        case .modern: options.append("KexAlgorithms=-diffie-hellman-group14-sha256,diffie-hellman-group-exchange-sha256,*-sha1")
        case .compatible: break
        case .legacy: options.append("KexAlgorithms=+" + Self.brokenKeyExchanges.joined(separator: ","))
        }
        return options
    }

    /// On processors with AES instructions GCM with 128 bits costs a third less than ChaCha20, OpenSSH's own first choice.
    private var ciphers: [String] {
        ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"]
            + (self == .legacy ? Self.brokenCiphers : [])
    }

    private var openSSHMACs: [String] {
        let strong = ["umac-128-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"]
        let plain = ["umac-128@openssh.com", "hmac-sha2-256", "hmac-sha2-512"]
        let old = ["umac-64-etm@openssh.com", "hmac-sha1-etm@openssh.com", "umac-64@openssh.com", "hmac-sha1"]
        return switch self {
        case .modern: strong + plain
        case .compatible: strong + plain + old
        case .legacy: strong + plain + old + ["hmac-sha1-96", "hmac-md5", "hmac-md5-96"]
        }
    }

    private static let brokenKeyExchanges = [
        "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1",
    ]
    private static let brokenCiphers = ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"]

    // MARK: For libssh2

    /// What may be agreed on, best first, whatever the library's version can do of it. Not for host keys, which the pins decide.
    func names(_ method: LibSSH2Session.Method) -> [String] {
        switch method {
        case .keyExchange:
            [
                "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
                "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
            ] + (self == .modern ? [] : ["diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha256"])
                + (self == .legacy ? Self.brokenKeyExchanges : [])
        case .hostKey: []
        // ChaCha20 and the -etm codes would need strict key exchange against Terrapin (CVE-2023-48795); counter mode with plain codes does not.
        case .cipherToServer, .cipherFromServer:
            ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr", "aes192-ctr"]
                + (self == .legacy ? Self.brokenCiphers : [])
        case .macToServer, .macFromServer:
            ["hmac-sha2-256", "hmac-sha2-512"] + (self == .modern ? [] : ["hmac-sha1"]) + (self == .legacy ? ["hmac-sha1-96", "hmac-md5"] : [])
        }
    }

    /// The host key algorithms that prove one of the pins.
    func hostKeyNames(provenBy pins: [HostKey]) -> [String] {
        let names = HostKey.algorithms(provenBy: pins).split(separator: ",").map(String.init)
        return names + (self == .legacy && names.contains("rsa-sha2-256") ? ["ssh-rsa"] : [])
    }
}

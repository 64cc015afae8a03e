/// How the installation sends e-mail (ACT-1). The password is named here, never held.
public struct MailAccount: Sendable, Codable, Equatable {
    public enum Security: String, Sendable, Codable, CaseIterable {
        /// TLS after STARTTLS, and nothing in the clear.
        case starttls
        /// TLS from the first byte.
        case tls
        /// No encryption: for a relay on this machine.
        case none
    }

    public var host: String
    public var port: Int64
    public var security: Security
    /// nil: the server asks for no log-in.
    public var user: String?
    public var password: SecretReference?
    /// The address mails come from.
    public var from: String
    /// PEM file of authorities beside the system's; nil: the system's alone.
    public var caFile: String?

    public init(host: String, port: Int64, security: Security, user: String?, password: SecretReference?, from: String, caFile: String?) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.from = from
        self.caFile = caFile
    }

    public static func standardPort(_ security: Security) -> Int64 {
        switch security {
        case .starttls: 587
        case .tls: 465
        case .none: 25
        }
    }

    public func problems() -> [Problem] {
        var found: [Problem] = []
        if let wrong = HostName.problem(with: host) { found.append(Problem(path: "host", message: wrong)) }
        if !(1...65535).contains(port) { found.append(Problem(path: "port", message: "A port is from 1 to 65535; \(port) is none.")) }
        if let wrong = MailAddress.problem(with: from) { found.append(Problem(path: "from", message: wrong)) }
        if (user == nil) != (password == nil) {
            found.append(Problem(path: "user", message: "A user and a password belong together: give both or neither."))
        }
        if security == .none, user != nil, !HostName.isLoopback(host) {
            found.append(
                Problem(path: "security", message: "Without TLS the password would cross the network in the clear; take starttls or tls, or no user.")
            )
        }
        return found
    }
}

/// Names of machines as settings have them.
public enum HostName {
    public static func problem(with text: String) -> String? {
        let isSafe = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._:".contains($0)) }
        guard !text.isEmpty, text.utf8.count <= 253, isSafe, text.first != "-" else {
            return "\"\(text.prefix(80))\" is not the name or address of a machine."
        }
        return nil
    }

    static func isLoopback(_ text: String) -> Bool { text == "localhost" || text == "::1" || text.hasPrefix("127.") }
}

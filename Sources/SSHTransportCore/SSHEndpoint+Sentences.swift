internal import ConnectorKit
internal import Glibc

/// What both engines say about the same failure, so that it does not depend on the engine what a user reads.
extension SSHEndpoint {
    var hostKeyTypes: Set<String> { Set(hostKeys.map(\.type)) }

    func notTrustedYet(presented: [HostKey]) -> ConnectorError {
        ConnectorError(
            .authentication,
            "The host key of \(address) has not been trusted yet. It presents: \(presented.fingerprints). Nothing was sent. "
                + "Compare with what the server's operator says, then run `connecthost servers trust NAME`.")
    }

    func hostKeyChanged(presented: [HostKey]) -> ConnectorError {
        hostKeyChanged(shown: presented.isEmpty ? "a key of another type" : presented.fingerprints)
    }

    func hostKeyChanged(shown: String) -> ConnectorError {
        ConnectorError(
            .authentication,
            "The host key of \(address) is not the one that was trusted. Trusted: \(hostKeys.fingerprints). Presented now: \(shown). "
                + "Nothing was sent. Somebody may stand between you and the server: ask its operator whether the key was changed, "
                + "and only then run `connecthost servers trust NAME`.")
    }

    func nameNotFound(isTemporary: Bool) -> ConnectorError {
        ConnectorError(
            isTemporary ? .transient : .configuration,
            "The name \(host) was not found\(isTemporary ? " just now: the name server did not answer" : ""). Check the spelling of `host`.")
    }

    func connectionRefused() -> ConnectorError {
        ConnectorError(.transient, "\(address) refused the connection. Check `host` and `port`, and that the SSH server is running.")
    }

    /// - Parameter code: the system's number for why no address could be connected to.
    func unreachable(_ code: Int32) -> ConnectorError {
        switch code {
        case ECONNREFUSED: connectionRefused()
        case ETIMEDOUT: timeout(.resolved, seconds: Int64(connectTimeoutSeconds))
        default: noWay(" (\(systemText(code)))")
        }
    }

    func noWay(_ words: String) -> ConnectorError {
        ConnectorError(.transient, "There is no way to \(address) from this machine\(words). Check `host` and the network.")
    }

    func endedBeforeSSH(_ words: String) -> ConnectorError {
        ConnectorError(
            .transient,
            "\(address) ended the connection before SSH began (\(words)). Check that `port` is its SSH port; a busy server does this too.")
    }

    func stoppedAnswering(_ words: String) -> ConnectorError {
        ConnectorError(.timeout, "\(address) stopped answering\(words). Check the firewalls between here and there.")
    }

    /// What a wait that was too long waited for.
    func timeout(_ milestone: ConnectMilestone, seconds: Int64) -> ConnectorError {
        let sentence =
            switch milestone {
            case .started: "The name \(host) was not resolved within \(seconds) s. Check the name server of this machine."
            case .resolved: "\(address) did not answer within \(seconds) s. Check `host` and `port`, and the firewalls between here and there."
            case .connected: "\(address) accepted the connection but did not begin SSH within \(seconds) s. Check that `port` is its SSH port."
            case .hostKeyShown, .hostKeyAccepted:
                "\(address) did not finish the log-in of \(username) within \(seconds) s (`connect_timeout_seconds`)."
            case .authenticated: "\(address) did nothing for \(seconds) s (`stall_timeout_seconds`)."
            }
        return ConnectorError(.timeout, sentence)
    }

    func unusableKey() -> ConnectorError {
        ConnectorError(
            .authentication, "The private key of \(username) could not be used: it is damaged, or `passphrase` is wrong. Nothing was sent.")
    }

    /// - Parameter methods: the ways to log in the server takes, with commas.
    func loginRefused(methods: some StringProtocol, detail: String? = nil) -> ConnectorError {
        let what =
            if case .password = credential {
                methods.contains("password") || methods.contains("keyboard-interactive")
                    ? "Check `username` and `password`." : "The server takes no passwords, only: \(methods). Use a key."
            } else {
                "Check `username`, and that the server's operator has installed the public half of this key for it (the server takes: \(methods))."
            }
        return ConnectorError(.authentication, "\(address) refused the log-in of \(username). \(what)", detail: detail)
    }

    func requestRefused(_ request: SSHRequest) -> ConnectorError {
        let what =
            switch request {
            case .subsystem(let name): "does not offer file transfer over SSH (the \(name) subsystem) to \(username)"
            case .command: "runs no commands for \(username)"
            }
        return ConnectorError(.unsupported, "\(address) \(what). Ask its operator to allow it.")
    }
}

internal import ConnectorKit

/// Why `ssh` gave up, in words a user can act on. Every sentence about a failed connection is here.
extension OpenSSHLog {
    /// - Parameter presented: asks the server for its host keys, where the log alone does not have them.
    func failure(_ endpoint: SSHEndpoint, presented: () -> [HostKey]) -> ConnectorError {
        let detail = detailJSON()
        let found =
            hostKeyFailure(endpoint, presented) ?? networkFailure(endpoint) ?? loginFailure(endpoint) ?? laterFailure(endpoint)
            ?? ConnectorError(.transient, "The connection to \(endpoint.address) ended\(lastWords()). It can be tried again.")
        var error = found
        error.detail = detail
        return error
    }

    /// What a wait that was too long waited for.
    func timeout(_ endpoint: SSHEndpoint, seconds: Int64) -> ConnectorError {
        let sentence =
            switch milestone {
            case .started: "The name \(endpoint.host) was not resolved within \(seconds) s. Check the name server of this machine."
            case .resolved:
                "\(endpoint.address) did not answer within \(seconds) s. Check `host` and `port`, and the firewalls between here and there."
            case .connected:
                "\(endpoint.address) accepted the connection but did not begin SSH within \(seconds) s. Check that `port` is its SSH port."
            case .hostKeyShown, .hostKeyAccepted:
                "\(endpoint.address) did not finish the log-in of \(endpoint.username) within \(seconds) s (`connect_timeout_seconds`)."
            case .authenticated: "\(endpoint.address) did nothing for \(seconds) s (`stall_timeout_seconds`)."
            }
        return ConnectorError(.timeout, sentence, detail: detailJSON())
    }

    private func hostKeyFailure(_ endpoint: SSHEndpoint, _ presented: () -> [HostKey]) -> ConnectorError? {
        let otherType = complains("no matching host key type")
        guard otherType || complains("host key verification failed") || complains("host identification has changed") else { return nil }
        let shown: String
        if !otherType, let shownHostKey {
            shown = shownHostKey.type + " " + shownHostKey.fingerprint
        } else {
            let keys = presented()
            shown = keys.isEmpty ? "a key of another type" : keys.fingerprints
        }
        return ConnectorError(
            .authentication,
            "The host key of \(endpoint.address) is not the one that was trusted. Trusted: \(endpoint.hostKeys.fingerprints). Presented now: "
                + "\(shown). "
                + "Nothing was sent. Somebody may stand between you and the server: ask its operator whether the key was changed, "
                + "and only then run `connecthost servers trust NAME`.")
    }

    private func networkFailure(_ endpoint: SSHEndpoint) -> ConnectorError? {
        if complains("could not resolve hostname") {
            let temporary = complains("temporary failure")
            return ConnectorError(
                temporary ? .transient : .configuration,
                "The name \(endpoint.host) was not found\(temporary ? " just now: the name server did not answer" : ""). Check the spelling of "
                    + "`host`."
            )
        }
        if complains("connection refused") {
            return ConnectorError(
                .transient, "\(endpoint.address) refused the connection. Check `host` and `port`, and that the SSH server is running.")
        }
        if complains("no route to host") || complains("network is unreachable") {
            return ConnectorError(.transient, "There is no way to \(endpoint.address) from this machine\(lastWords()). Check `host` and the network.")
        }
        if complains("timed out") || complains("timeout, server") {
            return ConnectorError(.timeout, "\(endpoint.address) stopped answering\(lastWords()). Check the firewalls between here and there.")
        }
        if complains("banner exchange") || complains("protocol identification") || complains("kex_exchange_identification")
            || complains("bad packet length")
        {
            return ConnectorError(
                .transient,
                "\(endpoint.address) ended the connection before SSH began\(lastWords()). Check that `port` is its SSH port; a busy server does "
                    + "this too."
            )
        }
        if let offer = complaint("unable to negotiate") {
            return ConnectorError(
                .configuration, "\(endpoint.address) and this machine have no algorithm in common (\(offer)). One of them must be updated.")
        }
        return nil
    }

    private func loginFailure(_ endpoint: SSHEndpoint) -> ConnectorError? {
        if serverAcceptsKey && complains("permission denied") || complains("error in libcrypto") || complains("invalid format")
            || complains("incorrect passphrase")
        {
            return ConnectorError(
                .authentication,
                "The private key of \(endpoint.username) could not be used: it is damaged, or `passphrase` is wrong. Nothing was sent.")
        }
        if let answer = complaint("permission denied") {
            let methods = answer.split(separator: "(").last.map { $0.prefix { $0 != ")" } } ?? ""
            let what =
                if case .password = endpoint.credential {
                    methods.contains("password") || methods.contains("keyboard-interactive")
                        ? "Check `username` and `password`." : "The server takes no passwords, only: \(methods). Use a key."
                } else {
                    "Check `username`, and that the server's operator has installed the public half of this key for it (the server takes: "
                        + "\(methods))."
                }
            return ConnectorError(.authentication, "\(endpoint.address) refused the log-in of \(endpoint.username). \(what)")
        }
        if complains("too many authentication failures") {
            return ConnectorError(
                .authentication, "\(endpoint.address) refused the log-in of \(endpoint.username) after too many attempts. Check the credentials.")
        }
        if complains("no user exists for uid") {
            return ConnectorError(
                .configuration,
                "The account this program runs under has no entry in the user database, which ssh needs. Give it a name in /etc/passwd.")
        }
        return nil
    }

    private func laterFailure(_ endpoint: SSHEndpoint) -> ConnectorError? {
        if complains("subsystem request failed") {
            return ConnectorError(
                .unsupported,
                "\(endpoint.address) does not offer file transfer over SSH (the sftp subsystem) to \(endpoint.username). Ask its operator to allow "
                    + "it."
            )
        }
        if let line = complaint("bad configuration option") ?? complaint("unsupported option") ?? complaint("bad ssh2 cipher spec") {
            return ConnectorError(.configuration, "The installed ssh is too old (\(line)). OpenSSH 8.1 or newer is needed.")
        }
        return nil
    }

    /// The last thing that was said, in brackets.
    private func lastWords() -> String {
        complaints.last.map { " (\($0))" } ?? ""
    }

    private func detailJSON() -> String? {
        guard !complaints.isEmpty else { return nil }
        let lines = complaints.suffix(8).map { "\"" + $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }
        return "{\"ssh\":[" + lines.joined(separator: ",") + "]}"
    }
}

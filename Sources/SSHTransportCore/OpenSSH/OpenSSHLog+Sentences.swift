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
        var error = endpoint.timeout(milestone, seconds: seconds)
        error.detail = detailJSON()
        return error
    }

    private func hostKeyFailure(_ endpoint: SSHEndpoint, _ presented: () -> [HostKey]) -> ConnectorError? {
        let otherType = complains("no matching host key type")
        guard otherType || complains("host key verification failed") || complains("host identification has changed") else { return nil }
        if !otherType, let shownHostKey { return endpoint.hostKeyChanged(shown: shownHostKey.type + " " + shownHostKey.fingerprint) }
        return endpoint.hostKeyChanged(presented: presented())
    }

    private func networkFailure(_ endpoint: SSHEndpoint) -> ConnectorError? {
        if complains("could not resolve hostname") { return endpoint.nameNotFound(isTemporary: complains("temporary failure")) }
        if complains("connection refused") { return endpoint.connectionRefused() }
        if complains("no route to host") || complains("network is unreachable") { return endpoint.noWay(lastWords()) }
        if complains("timed out") || complains("timeout, server") { return endpoint.stoppedAnswering(lastWords()) }
        if complains("banner exchange") || complains("protocol identification") || complains("kex_exchange_identification")
            || complains("bad packet length")
        {
            return endpoint.endedBeforeSSH(complaints.last ?? "")
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
            return endpoint.unusableKey()
        }
        if let answer = complaint("permission denied") {
            let methods = answer.split(separator: "(").last.map { $0.prefix { $0 != ")" } } ?? ""
            return endpoint.loginRefused(methods: methods)
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
            return endpoint.requestRefused(.subsystem("sftp"))
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

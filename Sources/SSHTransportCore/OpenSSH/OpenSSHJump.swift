internal import ConnectorKit
internal import Glibc

/// The command by which `ssh` reaches a server through another host: a second `ssh` that logs in there and passes the bytes on. It gets files of its
/// own in the private directory, among them a log, so that what goes wrong on the way is not taken for the server's doing.
struct OpenSSHJump {
    /// For the option ProxyCommand.
    let command: String
    static let logName = "jump.log"

    /// Throws `.authentication`, naming the keys that were seen, when the jump host has none to be checked against.
    init(_ jump: SSHEndpoint, to server: SSHEndpoint, _ program: String, _ files: PrivateDirectory) throws(ConnectorError) {
        guard !jump.hostKeys.isEmpty else { throw Self.notTrusted(jump) }
        let login = try Login(jump.credential)
        let knownHosts = try files.write(
            "jump_known_hosts", Array(jump.hostKeys.map { OpenSSHCommand.hostKeyAlias + " " + $0.pin + "\n" }.joined().utf8))
        let identity: String? = if let key = login.key { try files.write("jump_identity", key) } else { nil }
        let options = OpenSSHCommand.options(jump, knownHosts: knownHosts) + login.options(identity: identity)
        let words =
            [program, "-E", files.path(for: Self.logName)] + OpenSSHCommand.firstWords(jump, options) + [
                "-W", server.bracketedAddress, "--", jump.host,
            ]
        // ssh puts an exec in front of it by itself.
        command = words.map(Self.quoted).joined(separator: " ")
    }

    /// One word for the shell that ssh gives the command to, and for ssh's own percent signs before that.
    private static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''").replacing("%", with: "%%") + "'"
    }

    private static func notTrusted(_ jump: SSHEndpoint) -> ConnectorError {
        let seen =
            (try? HostKeyScan.run(host: jump.host, port: jump.port, timeoutSeconds: min(jump.connectTimeoutSeconds, 10), UncancelledCall())) ?? []
        let keys = seen.map { "\($0.pin) (\($0.fingerprint))" }.joined(separator: ", ")
        return ConnectorError(
            .authentication,
            "The jump host \(jump.address) has not been trusted yet. It presents: \(keys.isEmpty ? "nothing that could be read" : keys). Nothing was sent. "
                + "Compare the fingerprint with what its operator says, then set `jump_host_keys` to that key.")
    }
}

/// What went wrong before the server was reached.
extension OpenSSHLog {
    /// nil when the jump host did its part. - Parameter jump: the jump host's endpoint; this is its log.
    func jumpFailure(_ jump: SSHEndpoint, to server: SSHEndpoint) -> ConnectorError? {
        if milestone < .authenticated, !complaints.isEmpty {
            var error = failure(jump) { [] }
            error.message = "The jump host did not let the connection through. " + error.message
            return error
        }
        guard let words = complaint("open failed") ?? complaint("forwarding failed") else { return nil }
        let isForbidden = complains("administratively prohibited")
        return ConnectorError(
            isForbidden ? .permission : .transient,
            "The jump host \(jump.address) did not connect to \(server.address) (\(words)). "
                + (isForbidden
                    ? "Ask its operator to allow that (AllowTcpForwarding, PermitOpen)." : "Check `host` and `port` as the jump host sees them."))
    }

    /// A wait that ended while the jump host was being reached.
    func jumpTimeout(_ jump: SSHEndpoint, seconds: Int64) -> ConnectorError? {
        guard milestone < .authenticated else { return nil }
        var error = timeout(jump, seconds: seconds)
        error.message = "The jump host did not let the connection through. " + error.message
        return error
    }
}

extension SSHEndpoint {
    /// HOST:PORT with brackets around any address, as `ssh -W` wants it.
    var bracketedAddress: String { "[\(host)]:\(port)" }
}

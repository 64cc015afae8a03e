internal import ConnectorKit
internal import Glibc

/// Asks a server for its host keys through libssh2, where OpenSSH's `ssh-keyscan` is not installed: one connection a key type, given up as soon as
/// the key is there. RSA keys stay unseen where the library cannot check them (1.10 and SHA-2).
enum LibSSH2HostKeyScan {
    /// The keys of the server, best type first. Throws as a connection would when it cannot be reached.
    static func run(host: String, port: Int, timeoutSeconds: Int, _ call: any CallContext) throws(ConnectorError) -> [HostKey] {
        let cancelled = try CancelSignal()
        var keys: [HostKey] = []
        for known in HostKey.types {
            // No pin is known and no credential leaves: the endpoint only names the place.
            let endpoint = try SSHEndpoint(
                host: host, port: port, username: "nobody", credential: .password(""), hostKeys: [], connectTimeoutSeconds: timeoutSeconds,
                keepaliveSeconds: 0)
            let connecting = LibSSH2Connecting(endpoint, .subsystem(""), cancelled)
            let limits = WaitLimits(stallMilliseconds: Int64(timeoutSeconds) * 1000, call: call)
            if let key = try connecting.hostKey(of: known.algorithms.split(separator: ",").map(String.init), limits) { keys.append(key) }
        }
        guard !keys.isEmpty else {
            throw ConnectorError(
                .configuration,
                "\(host):\(port) has no host key that libssh2 \(LibSSH2Session.version) can check. Install OpenSSH's client (package openssh-client).")
        }
        return keys
    }
}

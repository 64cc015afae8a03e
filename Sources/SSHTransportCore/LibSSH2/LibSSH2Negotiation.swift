internal import ConnectorKit

/// Restricts what may be agreed on to the endpoint's policy and pins, as far as this version of the library can do it.
struct LibSSH2Negotiation {
    private let endpoint: SSHEndpoint

    init(_ endpoint: SSHEndpoint) { self.endpoint = endpoint }

    /// Throws `.configuration` where policy and pins leave nothing that the library can do.
    func restrict(_ session: LibSSH2Session) throws(ConnectorError) {
        for method in LibSSH2Session.Method.allCases {
            let wanted = names(method)
            let supported = Set(session.supported(method))
            let usable = wanted.filter(supported.contains)
            guard !usable.isEmpty, session.prefer(method, usable) == .done else { throw impossible(method) }
        }
    }

    private func names(_ method: LibSSH2Session.Method) -> [String] {
        method == .hostKey ? endpoint.algorithms.hostKeyNames(provenBy: endpoint.hostKeys) : endpoint.algorithms.names(method)
    }

    private func impossible(_ method: LibSSH2Session.Method) -> ConnectorError {
        let what =
            method == .hostKey
            ? "cannot check the host keys trusted for \(endpoint.address) (\(endpoint.hostKeys.fingerprints)): it knows RSA with SHA-1 only"
            : "has no algorithm that `algorithms: \(endpoint.algorithms.rawValue)` allows"
        return ConnectorError(
            .configuration, "libssh2 \(LibSSH2Session.version) \(what). Nothing was sent to log in. Set `engine` to openssh.")
    }
}

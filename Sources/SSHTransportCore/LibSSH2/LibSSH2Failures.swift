internal import CLibSSH2
internal import ConnectorKit

/// The library's error numbers, in words a user can act on.
struct LibSSH2Failures {
    let endpoint: SSHEndpoint

    private var library: String { "libssh2 \(LibSSH2Session.version)" }

    /// - Parameters:
    ///   - offer: what the server said before encryption began, as far as it came.
    ///   - presented: asks the server for its host keys.
    func handshake(_ code: Int32, _ session: LibSSH2Session, offer: ServerOffer?, presented: () -> [HostKey]) -> ConnectorError {
        guard let offer else { return endpoint.endedBeforeSSH(lastWords(session)) }
        let mismatch = missing(offer, session)
        if mismatch == .hostKey, !offer.hostKeys.contains(where: { endpoint.hostKeyTypes.contains(Self.keyType($0)) }) {
            return endpoint.hostKeyChanged(presented: presented())
        }
        if let mismatch { return noCommon(mismatch, offer, session) }
        return ConnectorError(
            .transient, "\(endpoint.address) ended the connection while keys were agreed on (\(lastWords(session))). It can be tried again.",
            detail: detail(code, session))
    }

    /// The key type behind a signature algorithm.
    private static func keyType(_ algorithm: String) -> String { algorithm.hasPrefix("rsa-sha2-") ? "ssh-rsa" : algorithm }

    /// The first kind of algorithm that server and library have none in common of.
    private func missing(_ offer: ServerOffer, _ session: LibSSH2Session) -> LibSSH2Session.Method? {
        func common(_ method: LibSSH2Session.Method, _ offered: [String]) -> Bool {
            let ours = method == .hostKey ? endpoint.algorithms.hostKeyNames(provenBy: endpoint.hostKeys) : endpoint.algorithms.names(method)
            return !Set(ours).intersection(session.supported(method)).isDisjoint(with: offered)
        }
        if !common(.hostKey, offer.hostKeys) { return .hostKey }
        if !common(.keyExchange, offer.keyExchanges) { return .keyExchange }
        if !common(.cipherToServer, offer.ciphers) { return .cipherToServer }
        return common(.macToServer, offer.macs) ? nil : .macToServer
    }

    private func noCommon(_ method: LibSSH2Session.Method, _ offer: ServerOffer, _ session: LibSSH2Session) -> ConnectorError {
        let (kind, offered) =
            switch method {
            case .hostKey: ("host key algorithms", offer.hostKeys)
            case .keyExchange: ("key exchanges", offer.keyExchanges)
            case .cipherToServer, .cipherFromServer: ("ciphers", offer.ciphers)
            case .macToServer, .macFromServer: ("authentication codes (MAC)", offer.macs)
            }
        let lenient = SSHAlgorithmPolicy.legacy.names(method) + (method == .hostKey ? ["ssh-rsa"] : [])
        let wouldHelp = endpoint.algorithms != .legacy && !Set(lenient).intersection(session.supported(method)).isDisjoint(with: offered)
        let remedy =
            wouldHelp
            ? "Set `engine` to openssh; where that has none in common either, a more lenient `algorithms`, or have the server updated."
            : "Set `engine` to openssh."
        return ConnectorError(
            .configuration,
            "\(library) and \(endpoint.address) have no \(kind) in common under `algorithms: \(endpoint.algorithms.rawValue)`. The server offers: "
                + "\(offered.prefix(12).joined(separator: ", ")). Nothing was sent to log in. \(remedy)")
    }

    func login(_ code: Int32, _ session: LibSSH2Session, _ credential: CheckedCredential, methods: [String]) -> ConnectorError {
        let list = methods.joined(separator: ",")
        switch code {
        case LIBSSH2_ERROR_PASSWORD_EXPIRED:
            return ConnectorError(
                .authentication, "The password of \(endpoint.username) on \(endpoint.address) has expired. Set a new one there, then `password`.")
        case LIBSSH2_ERROR_SOCKET_DISCONNECT, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_SEND:
            return ConnectorError(
                .transient, "\(endpoint.address) ended the connection during the log-in of \(endpoint.username). It can be tried again.",
                detail: detail(code, session))
        case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
            if case .key(let text, _) = credential {
                if session.lastError.lowercased().contains("extract public key") || session.lastError.lowercased().contains("callback returned") {
                    return endpoint.unusableKey()
                }
                if text.kind == .rsa { return rsaRefused() }
                return endpoint.loginRefused(methods: list, detail: detail(code, session))
            }
            return endpoint.loginRefused(methods: list, detail: detail(code, session))
        default:
            var error = endpoint.unusableKey()
            error.detail = detail(code, session)
            return error
        }
    }

    /// The library can name an RSA key by its old algorithm only.
    func rsaRefused() -> ConnectorError {
        ConnectorError(
            .authentication,
            "\(library) signs with an RSA key by SHA-1 only, which \(endpoint.address) refused for \(endpoint.username); servers since 2021 do. "
                + "Set `engine` to openssh, or use an Ed25519 key.")
    }

    func channel(_ code: Int32, _ session: LibSSH2Session, _ request: SSHRequest) -> ConnectorError {
        if code == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED {
            return endpoint.requestRefused(request)
        }
        return ConnectorError(
            .transient,
            "\(endpoint.address) let \(endpoint.username) in but opened no channel (\(lastWords(session))). It can be tried again.",
            detail: detail(code, session))
    }

    /// A connection that worked and then broke.
    func broken(_ session: LibSSH2Session) -> ConnectorError {
        let why = session.socket.errorNumber != 0 ? systemText(session.socket.errorNumber) : "the other side closed it"
        return ConnectorError(.transient, "The connection to \(endpoint.address) ended (\(why)). It can be tried again.", detail: detail(0, session))
    }

    private func lastWords(_ session: LibSSH2Session) -> String {
        if session.socket.errorNumber != 0 { return systemText(session.socket.errorNumber) }
        return session.socket.isEnded ? "the other side closed it" : session.lastError
    }

    private func detail(_ code: Int32, _ session: LibSSH2Session) -> String? {
        let text = session.lastError.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "{\"libssh2\":{\"code\":\(code),\"text\":\"\(text)\"}}"
    }
}

internal import CLibSSH2
internal import ConnectorKit
internal import Glibc

/// The way from an endpoint to an open channel, step by step; each step waits no longer than its limits and ends when it is cancelled.
///
/// The host key is compared with the pins before anything is sent that only the right server may see, the user name included.
final class LibSSH2Connecting {
    private let endpoint: SSHEndpoint
    private let request: SSHRequest
    private let cancelled: CancelSignal
    /// When each step was reached, on `MonotonicClock`.
    private(set) var times: [ConnectMilestone: Int64] = [:]
    private(set) var presented: HostKey?
    private var milestone = ConnectMilestone.started
    private var failures: LibSSH2Failures

    /// The far end may send so much before we have read it: at 100 ms away that is 40 MB/s.
    private static let window: UInt32 = 4 << 20

    init(_ endpoint: SSHEndpoint, _ request: SSHRequest, _ cancelled: CancelSignal) {
        self.endpoint = endpoint
        self.request = request
        self.cancelled = cancelled
        failures = LibSSH2Failures(endpoint: endpoint)
    }

    /// A session whose channel runs the request.
    func open(_ credential: CheckedCredential, _ outer: WaitLimits) throws(ConnectorError) -> LibSSH2Session {
        let limits = endpoint.connectLimits(outer)
        let session = try connect(limits)
        do throws(ConnectorError) {
            try LibSSH2Negotiation(endpoint).restrict(session)
            try handshake(session, limits)
            try logIn(session, credential, limits)
            try startChannel(session, limits)
        } catch {
            session.end()
            session.socket.close()
            throw error
        }
        return session
    }

    /// The server's key, which only one of `algorithms` may prove; nil when it has none of them. Nothing is sent to log in.
    func hostKey(of algorithms: [String], _ outer: WaitLimits) throws(ConnectorError) -> HostKey? {
        let limits = endpoint.connectLimits(outer)
        let session = try connect(limits)
        defer {
            session.end()
            session.socket.close()
        }
        let usable = algorithms.filter(Set(session.supported(.hostKey)).contains)
        guard !usable.isEmpty, session.prefer(.hostKey, usable) == .done else { return nil }
        if try finish(session, limits, session.handshake) == 0 { return HostKey(blob: session.hostKey) }
        guard ServerOffer(session.socket.firstBytes) != nil else {
            throw endpoint.endedBeforeSSH(session.socket.isEnded ? "the other side closed it" : session.lastError)
        }
        return nil
    }

    private func connect(_ limits: WaitLimits) throws(ConnectorError) -> LibSSH2Session {
        let server = ServerConnecting(endpoint: endpoint, limits: limits, cancelled: cancelled)
        let addresses = try server.addresses()
        reach(.resolved)
        let session = try LibSSH2Session(BufferedSocket(server.connect(to: addresses).socket))
        reach(.connected)
        return session
    }

    private func reach(_ milestone: ConnectMilestone) {
        self.milestone = milestone
        times[milestone] = MonotonicClock.milliseconds()
    }

    private func wait(_ descriptor: Int32, _ events: Int32, _ limits: WaitLimits) throws(ConnectorError) {
        try endpoint.wait(descriptor, events, limits, cancelled, for: milestone)
    }

    /// Repeats a step of the library until it is done. - Returns: its error number, 0 for none.
    private func finish(
        _ session: LibSSH2Session, _ limits: WaitLimits, _ step: () -> LibSSH2Session.Result
    ) throws(ConnectorError) -> Int32 {
        while true {
            session.socket.mayReceive = true
            let result = step()
            session.socket.flush()
            switch result {
            case .done: return 0
            case .failed(let code): return code
            case .again: break
            }
            // What is left in the buffers was seen by the step: more can only come from the network.
            if session.socket.isEnded { return LIBSSH2_ERROR_SOCKET_DISCONNECT }
            try wait(session.socket.number, session.socket.outgoingCount > 0 ? POLLIN | POLLOUT : POLLIN, limits)
        }
    }

    // MARK: SSH

    private func handshake(_ session: LibSSH2Session, _ limits: WaitLimits) throws(ConnectorError) {
        let code = try finish(session, limits, session.handshake)
        guard code == 0 else {
            throw failures.handshake(code, session, offer: ServerOffer(session.socket.firstBytes)) { scanQuietly() }
        }
        presented = HostKey(blob: session.hostKey)
        reach(.hostKeyShown)
        guard let presented, endpoint.hostKeys.contains(presented) else {
            throw endpoint.hostKeyChanged(presented: presented.map { [$0] } ?? [])
        }
        reach(.hostKeyAccepted)
    }

    /// For the message about a host key of another type; without an answer the message is only shorter.
    private func scanQuietly() -> [HostKey] {
        (try? HostKeyScan.run(host: endpoint.host, port: endpoint.port, timeoutSeconds: min(endpoint.connectTimeoutSeconds, 5), UncancelledCall()))
            ?? []
    }

    private func logIn(_ session: LibSSH2Session, _ credential: CheckedCredential, _ limits: WaitLimits) throws(ConnectorError) {
        var methods: [String]?
        let code = try finish(session, limits) { session.authenticationMethods(endpoint.username, &methods) }
        guard code == 0 else { throw failures.login(code, session, credential, methods: []) }
        if let methods {
            let code = try tryLogIn(session, credential, methods, limits)
            guard code == 0, session.isAuthenticated else { throw failures.login(code, session, credential, methods: methods) }
        }
        reach(.authenticated)
    }

    private func tryLogIn(
        _ session: LibSSH2Session, _ credential: CheckedCredential, _ methods: [String], _ limits: WaitLimits
    ) throws(ConnectorError) -> Int32 {
        let username = endpoint.username
        switch credential {
        case .agent: return LIBSSH2_ERROR_METHOD_NOT_SUPPORTED
        case .key(let text, let passphrase):
            guard methods.contains("publickey") else { return LIBSSH2_ERROR_AUTHENTICATION_FAILED }
            return try finish(session, limits) { session.logIn(username, privateKey: text.bytes, passphrase: passphrase) }
        case .password(let password):
            var code = LIBSSH2_ERROR_AUTHENTICATION_FAILED
            if methods.contains("password") { code = try finish(session, limits) { session.logIn(username, password: password) } }
            if code != 0, methods.contains("keyboard-interactive"), !session.socket.isEnded {
                code = try finish(session, limits) { session.logIn(username, answeringWith: password) }
            }
            return code
        }
    }

    private func startChannel(_ session: LibSSH2Session, _ limits: WaitLimits) throws(ConnectorError) {
        var code = try finish(session, limits) { session.openChannel(window: Self.window) }
        if code == 0 { code = try finish(session, limits) { session.start(request) } }
        guard code == 0 else { throw failures.channel(code, session, request) }
    }
}

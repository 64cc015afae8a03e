public import ConnectorKit
internal import Glibc

/// A channel through libssh2 in this process: no other program, no other process, and fewer algorithms than OpenSSH's `ssh`.
///
/// Version 1.10 ends the process by an assertion on some damaged packets (a length that is no multiple of the cipher's block), so a hostile
/// server or line can end the worker; that is one reason why `SSHEngine.auto` prefers the other provider.
///
/// The connection is made by the first wait. Between calls nothing happens on it; signs of life are asked for while a call waits.
public final class LibSSH2Channel: SSHChannel {
    private enum State {
        case waiting(CheckedCredential)
        case open(LibSSH2Session)
        case closed
    }

    private let endpoint: SSHEndpoint
    private let request: SSHRequest
    private let cancelled: CancelSignal
    private let connecting: LibSSH2Connecting
    private let startedMilliseconds = MonotonicClock.milliseconds()
    private var state: State
    /// Bytes of the channel that small reads are served from.
    private let staged: UnsafeMutableRawBufferPointer
    private var stagedRange = 0..<0
    private var complaints: [UInt8] = []
    /// No more bytes will come from the channel.
    private var hasEnded = false
    private var asksWithoutAnswer = 0
    private var lastHeardMilliseconds: Int64 = 0
    private var lastAskedMilliseconds: Int64 = 0
    private var wasLineBroken = false

    private static let stagedCapacity = 262_144
    private static let mostComplaints = 4096

    /// Checks what can be checked without the server. Throws `.authentication`, naming the keys the server presents, when the endpoint has no
    /// host key to check it against, and `.configuration` for what libssh2 cannot do.
    public init(_ endpoint: SSHEndpoint, _ request: SSHRequest, _ call: any CallContext) throws(ConnectorError) {
        guard !endpoint.hostKeys.isEmpty else {
            let presented = try HostKeyScan.run(host: endpoint.host, port: endpoint.port, timeoutSeconds: endpoint.connectTimeoutSeconds, call)
            throw endpoint.notTrustedYet(presented: presented)
        }
        try Self.refuseWhatIsMissing(endpoint)
        let credential = try endpoint.credential.checked()
        if case .key(let text, _) = credential, text.kind == .rsa, endpoint.algorithms != .legacy {
            throw ConnectorError(
                .configuration,
                "libssh2 \(LibSSH2Session.version) signs with an RSA key by SHA-1 only, which servers refuse since 2021. "
                    + "Set `engine` to openssh, or use an Ed25519 key.")
        }
        let cancelled = try CancelSignal()
        self.cancelled = cancelled
        self.endpoint = endpoint
        self.request = request
        connecting = LibSSH2Connecting(endpoint, request, cancelled)
        state = .waiting(credential)
        staged = .allocate(byteCount: Self.stagedCapacity, alignment: 16)
    }

    deinit {
        close()
        staged.deallocate()
    }

    private static func refuseWhatIsMissing(_ endpoint: SSHEndpoint) throws(ConnectorError) {
        if endpoint.certificateFile != nil {
            throw ConnectorError(.configuration, "Certificates (`certificate_file`) work with OpenSSH's program only. Set `engine` to openssh.")
        }
        if endpoint.jump != nil {
            throw ConnectorError(.configuration, "A jump host (`jump_host`) works with OpenSSH's program only. Set `engine` to openssh.")
        }
        if case .agent = endpoint.credential {
            throw ConnectorError(
                .configuration, "An agent's keys (`authentication: agent`) work with OpenSSH's program only. Set `engine` to openssh.")
        }
    }

    private var session: LibSSH2Session? {
        if case .open(let session) = state { session } else { nil }
    }

    // MARK: Moving bytes

    public func read(into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer) -> ChannelTransfer {
        guard let session else { return .wouldBlock }
        // A large destination takes the bytes itself.
        if stagedRange.isEmpty, first.count >= Self.stagedCapacity / 2 {
            return receive(session, into: first)
        }
        if stagedRange.isEmpty {
            let outcome = receive(session, into: staged)
            guard case .bytes(let count) = outcome else { return outcome }
            stagedRange = 0..<count
        }
        return .bytes(unstage(into: first) + unstage(into: second))
    }

    private func unstage(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, stagedRange.count)
        guard count > 0 else { return 0 }
        let from = stagedRange.lowerBound
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: staged[from..<from + count]))
        stagedRange = from + count..<stagedRange.upperBound
        return count
    }

    private func receive(_ session: LibSSH2Session, into room: UnsafeMutableRawBufferPointer) -> ChannelTransfer {
        if hasEnded { return .ended }
        while true {
            session.socket.mayReceive = true
            let count = session.read(into: room)
            session.socket.flush()
            if count > 0 { return .bytes(count) }
            guard LibSSH2Session.isAgain(count) else { break }
            // The turn may have brought what is not for the channel, or not all of a packet yet.
            if session.socket.lastTurnBroughtBytes { continue }
            if !session.socket.isEnded { return .wouldBlock }
            break
        }
        hasEnded = true
        return .ended
    }

    public func write(_ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer) -> ChannelTransfer {
        guard let session else { return .wouldBlock }
        session.socket.mayReceive = true
        var total = 0
        for piece in [first, second] {
            var done = 0
            while done < piece.count {
                guard session.socket.outgoingCount < BufferedSocket.outgoingLimit || session.socket.flush(),
                    session.socket.outgoingCount < BufferedSocket.outgoingLimit
                else { break }
                let count = session.write(UnsafeRawBufferPointer(rebasing: piece[done...]))
                guard count > 0 else {
                    session.socket.flush()
                    if total + done > 0 { return .bytes(total + done) }
                    return count == 0 || LibSSH2Session.isAgain(count) && !session.socket.isEnded ? .wouldBlock : .ended
                }
                done += count
            }
            total += done
            if done < piece.count { break }
        }
        session.socket.flush()
        return total > 0 ? .bytes(total) : session.socket.isEnded ? .ended : .wouldBlock
    }

    public func finishWriting() {
        guard let session else { return }
        _ = session.sendEnd()
        session.socket.flush()
    }

    // MARK: Waiting

    public func wait(for interest: ChannelInterest, _ limits: WaitLimits) throws(ConnectorError) {
        switch state {
        case .closed: throw ConnectorError(.internal, "The channel to \(endpoint.address) is closed.")
        case .waiting(let credential):
            do throws(ConnectorError) {
                state = .open(try connecting.open(credential, limits))
            } catch {
                wasLineBroken = error.status == .transient
                throw error
            }
        case .open(let session): try wait(session, for: interest, limits)
        }
    }

    private func wait(_ session: LibSSH2Session, for interest: ChannelInterest, _ limits: WaitLimits) throws(ConnectorError) {
        var start = MonotonicClock.milliseconds()
        var end = limits.end(now: start)
        var now = start
        while true {
            try limits.checkCancellation(cancelled)
            if isReady(session, for: interest) { return }
            guard now < end else { throw endpoint.timeout(.authenticated, seconds: max(1, (end - start + 500) / 1000)) }
            let due = try askForLife(session, now)
            let events = session.socket.outgoingCount > 0 ? POLLIN | POLLOUT : POLLIN
            _ = limits.poll(session.socket.number, events, cancelled, milliseconds: min(end, due) - now)
            let wasFull = session.socket.outgoingCount >= BufferedSocket.outgoingLimit
            // A slow network that takes bytes is not a stalled one; a sign of life alone is no progress.
            if session.socket.flush(), wasFull, interest.contains(.writing) {
                start = MonotonicClock.milliseconds()
                end = limits.end(now: start)
            }
            now = MonotonicClock.milliseconds()
        }
    }

    private func isReady(_ session: LibSSH2Session, for interest: ChannelInterest) -> Bool {
        if interest.contains(.reading) {
            if !stagedRange.isEmpty || hasEnded { return true }
            switch receive(session, into: staged) {
            case .bytes(let count):
                stagedRange = 0..<count
                return true
            case .ended: return true
            case .wouldBlock: break
            }
        }
        takeErrors(session)
        guard interest.contains(.writing) else { return false }
        return session.socket.isEnded || session.writeWindow > 0 && session.socket.outgoingCount < BufferedSocket.outgoingLimit
    }

    /// Asks for a sign of life when none came for so long, at most three times. - Returns: when to look again.
    private func askForLife(_ session: LibSSH2Session, _ now: Int64) throws(ConnectorError) -> Int64 {
        guard endpoint.keepaliveSeconds > 0 else { return .max }
        let interval = Int64(endpoint.keepaliveSeconds) * 1000
        if session.socket.lastReceivedMilliseconds != lastHeardMilliseconds {
            lastHeardMilliseconds = session.socket.lastReceivedMilliseconds
            asksWithoutAnswer = 0
        }
        let silence = now - max(lastHeardMilliseconds, lastAskedMilliseconds)
        if silence >= interval {
            guard asksWithoutAnswer < 3 else {
                throw endpoint.stoppedAnswering(" (no sign of life for \((now - lastHeardMilliseconds) / 1000) s)")
            }
            asksWithoutAnswer += 1
            lastAskedMilliseconds = now
            session.askForLife(intervalSeconds: endpoint.keepaliveSeconds)
            session.socket.flush()
            return now + interval
        }
        return now - silence + interval
    }

    /// Takes what the far end complained, so that it does not fill the window.
    private func takeErrors(_ session: LibSSH2Session) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 16) { room in
            while true {
                let count = session.read(.error, into: room)
                guard count > 0 else { break }
                complaints += room[0..<min(count, max(0, Self.mostComplaints - complaints.count))]
            }
        }
        session.socket.flush()
    }

    // MARK: Ending

    public func endReason() -> ConnectorError? {
        guard let session else { return nil }
        takeErrors(session)
        let failures = LibSSH2Failures(endpoint: endpoint)
        guard session.isAtEnd else { return failures.broken(session) }
        let limits = WaitLimits(stallMilliseconds: 1000, call: nil)
        let end = MonotonicClock.milliseconds() + 1000
        while true {
            session.socket.mayReceive = true
            let result = session.waitClosed()
            session.socket.flush()
            let left = end - MonotonicClock.milliseconds()
            guard result == .again, left > 0, !session.socket.isEnded else { break }
            _ = limits.poll(session.socket.number, POLLIN, cancelled, milliseconds: left)
        }
        takeErrors(session)
        if let signal = session.exitSignal {
            return ConnectorError(.transient, "What ran for \(endpoint.username) on \(endpoint.address) was ended by the signal \(signal).")
        }
        guard session.exitStatus != 0 else { return nil }
        return ConnectorError(
            .transient,
            "What ran for \(endpoint.username) on \(endpoint.address) ended with status \(session.exitStatus)"
                + (errorText.isEmpty ? "." : " (\(printable(errorText.utf8)))."))
    }

    public var errorText: String {
        complaints.split(separator: 0x0A).map { printable($0) }.joined(separator: "\n")
    }

    public var milestones: [ConnectMilestone: Int64] { connecting.times.mapValues { $0 - startedMilliseconds } }
    public var presentedHostKey: String? { connecting.presented.map { $0.type + " " + $0.fingerprint } }

    /// The credential went with the log-in already.
    public func established() {}
    public func cancel() { cancelled.raise() }
    public var isCancelled: Bool { cancelled.isRaised }

    public var isLineBroken: Bool {
        guard let session else { return wasLineBroken }
        return session.socket.isEnded && !session.isAtEnd
    }

    public func close() {
        wasLineBroken = isLineBroken
        if let session {
            session.end()
            session.socket.close()
        }
        state = .closed
    }
}

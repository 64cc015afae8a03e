internal import ConnectorKit
internal import Glibc

/// The way from an endpoint's host to a connected socket: its addresses, those of them that the host program permits, and the first that answers.
/// No step waits longer than the limits; their deadline must be set.
struct ServerConnecting {
    let endpoint: SSHEndpoint
    let limits: WaitLimits
    let cancelled: CancelSignal

    /// Never empty.
    func addresses() throws(ConnectorError) -> [SocketAddress] {
        let look = try NameResolution(host: endpoint.host, port: endpoint.port)
        while look.outcome == nil { try endpoint.wait(look.descriptor, POLLIN, limits, cancelled, for: .started) }
        switch look.outcome {
        case .addresses(let addresses) where !addresses.isEmpty: return try permitted(addresses)
        case .failed(let code): throw endpoint.nameNotFound(isTemporary: code == EAI_AGAIN)
        default: throw endpoint.nameNotFound(isTemporary: false)
        }
    }

    private func permitted(_ addresses: [SocketAddress]) throws(ConnectorError) -> [SocketAddress] {
        guard HostNetwork.isRestricted else { return addresses }
        let refusals = addresses.map { $0.refusal(of: endpoint.address) }
        let permitted = zip(addresses, refusals).filter { $0.1 == nil }.map(\.0)
        if permitted.isEmpty, let refusal = refusals.compactMap(\.self).last { throw refusal }
        return permitted
    }

    /// One address after the other; one that does not answer leaves time for the rest.
    func connect(to addresses: [SocketAddress]) throws(ConnectorError) -> (socket: FileDescriptor, address: SocketAddress) {
        var code: Int32 = 0
        for (index, address) in addresses.enumerated() {
            let left = (limits.deadlineMilliseconds ?? 0) - MonotonicClock.milliseconds()
            let share = MonotonicClock.milliseconds() + left / Int64(addresses.count - index)
            guard let connection = TCPConnection(address) else {
                code = errno
                continue
            }
            let isLast = index == addresses.count - 1
            var answered = false
            while !answered, isLast || MonotonicClock.milliseconds() < share {
                answered = try endpoint.wait(
                    connection.descriptor.number, POLLOUT, limits, cancelled, for: .resolved, until: isLast ? nil : share)
            }
            guard answered else {
                code = ETIMEDOUT
                continue
            }
            code = connection.outcome()
            if code == 0 { return (connection.descriptor, address) }
        }
        throw endpoint.unreachable(code)
    }
}

extension SocketAddress {
    /// Why the host program does not permit it; nil when it does.
    fileprivate func refusal(of peer: String) -> ConnectorError? {
        bytes.withUnsafeBytes { bytes in
            do throws(ConnectorError) {
                try HostNetwork.permit(bytes, of: peer)
                return nil
            } catch {
                return error
            }
        }
    }
}

extension SSHEndpoint {
    /// While connecting: no step may take longer than `connect_timeout_seconds`, nor may all of them together.
    func connectLimits(_ outer: WaitLimits) -> WaitLimits {
        var limits = outer
        let latest = MonotonicClock.milliseconds() + Int64(connectTimeoutSeconds) * 1000
        limits.deadlineMilliseconds = min(outer.deadlineMilliseconds ?? latest, latest)
        limits.stallMilliseconds = Int64(connectTimeoutSeconds) * 1000
        return limits
    }

    /// Whether one of `events` came. - Parameter milestone: the last step that was done, for the message when the time is over.
    @discardableResult
    func wait(
        _ descriptor: Int32, _ events: Int32, _ limits: WaitLimits, _ cancelled: CancelSignal, for milestone: ConnectMilestone, until: Int64? = nil
    ) throws(ConnectorError) -> Bool {
        try limits.checkCancellation(cancelled)
        let now = MonotonicClock.milliseconds()
        let end = limits.end(now: now)
        guard now < end else { throw timeout(milestone, seconds: Int64(connectTimeoutSeconds)) }
        return limits.poll(descriptor, events, cancelled, milliseconds: min(end, until ?? end) - now)
    }

    /// For OpenSSH's programs, which look names up by themselves: where the host program permits some addresses only, the address of the first machine
    /// on the way is decided here, and they are given that. Otherwise unchanged. What a jump host connects to is for the jump host to say.
    func withPermittedAddress(_ call: any CallContext) throws(ConnectorError) -> SSHEndpoint {
        let first = jump ?? self
        guard HostNetwork.isRestricted, first.fixedAddress == nil else { return self }
        let limits = first.connectLimits(WaitLimits(stallMilliseconds: 0, call: call))
        let connecting = ServerConnecting(endpoint: first, limits: limits, cancelled: try CancelSignal())
        let addresses = try connecting.addresses()
        // The programs try every address of a name; of one that has several, the one that answers is taken.
        let address = addresses.count == 1 ? addresses[0] : try connecting.connect(to: addresses).address
        return fixed(at: address.numeric ?? first.host)
    }
}

public import ConnectorKit
internal import Glibc

/// A channel through OpenSSH's `ssh` program as a child: its algorithms, its fixes, and the parsing of a hostile peer in another process.
///
/// The child reads from a socket and writes to a pipe of ours. It is ended and reaped by `close`, at the latest when this object goes.
public final class OpenSSHChannel: SSHChannel {
    private let endpoint: SSHEndpoint
    let child: ChildProcess
    let input: FileDescriptor
    let output: FileDescriptor
    let errors: FileDescriptor
    let cancelled: CancelSignal
    private(set) var command: OpenSSHCommand?
    private var log = OpenSSHLog()
    private let startedMilliseconds = MonotonicClock.milliseconds()

    /// Starts `ssh`; the connection is made while the first wait waits.
    /// Throws `.authentication`, naming the keys the server presents, when the endpoint has no host key to check it against.
    public convenience init(_ endpoint: SSHEndpoint, _ request: SSHRequest, _ call: any CallContext) throws(ConnectorError) {
        try self.init(endpoint, request, .none, call)
    }

    init(_ endpoint: SSHEndpoint, _ request: SSHRequest, _ sharing: OpenSSHSharing, _ call: any CallContext) throws(ConnectorError) {
        // What goes through another connection makes none.
        let endpoint = if case .through = sharing { endpoint } else { try endpoint.withPermittedAddress(call) }
        guard !endpoint.hostKeys.isEmpty else {
            let presented =
                try endpoint.jump == nil
                ? HostKeyScan.run(host: endpoint.host, port: endpoint.port, timeoutSeconds: endpoint.connectTimeoutSeconds, call)
                : HostKeyScan.throughJump(to: endpoint, call)
            throw endpoint.notTrustedYet(presented: presented)
        }
        let command = try OpenSSHCommand(endpoint, request, sharing)
        let (ours, theirs) = try FileDescriptor.socketPair()
        let output = try FileDescriptor.pipe()
        let errors = try FileDescriptor.pipe()
        ours.enlargeSocketBuffers(to: 4 << 20)
        output.reading.enlargePipe(to: 1 << 20)
        for descriptor in [ours, output.reading, errors.reading] { descriptor.makeNonBlocking() }
        cancelled = try CancelSignal()
        child = try ChildProcess(
            command.program, command.arguments, environment: command.environment, input: theirs.number, output: output.writing.number,
            error: errors.writing.number)
        theirs.close()
        output.writing.close()
        errors.writing.close()
        self.endpoint = endpoint
        self.command = command
        input = ours
        self.output = output.reading
        self.errors = errors.reading
    }

    deinit { close() }

    // MARK: Moving bytes

    public func read(into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer) -> ChannelTransfer {
        let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            vectors[0] = iovec(iov_base: first.baseAddress, iov_len: first.count)
            vectors[1] = iovec(iov_base: second.baseAddress, iov_len: second.count)
            return readv(output.number, vectors.baseAddress, 2)
        }
        return Self.transfer(count)
    }

    public func write(_ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer) -> ChannelTransfer {
        let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { vectors in
            // The system only reads from what a send names, whatever the field's type says.
            vectors[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            vectors[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = 2
            // A child that is gone must not end this process by SIGPIPE; that is why the input is a socket.
            return sendmsg(input.number, &message, Int32(MSG_NOSIGNAL))
        }
        return Self.transfer(count)
    }

    private static func transfer(_ count: Int) -> ChannelTransfer {
        if count > 0 { return .bytes(count) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .wouldBlock : .ended
    }

    public func finishWriting() { shutdown(input.number, Int32(SHUT_WR)) }

    // MARK: Waiting

    public func wait(for interest: ChannelInterest, _ limits: WaitLimits) throws(ConnectorError) { try wait(for: interest, besides: nil, limits) }

    public func wait(for interest: ChannelInterest, besides other: AwaitedChannel?, _ limits: WaitLimits) throws(ConnectorError) {
        let start = MonotonicClock.milliseconds()
        let end = limits.end(now: start)
        var now = start
        while true {
            try limits.checkCancellation(cancelled)
            guard now < end else {
                let seconds = log.milestone == .authenticated ? max(1, (end - start + 500) / 1000) : Int64(endpoint.connectTimeoutSeconds)
                if let jump = endpoint.jump, let early = jumpLog()?.jumpTimeout(jump, seconds: seconds) { throw early }
                throw log.timeout(endpoint, seconds: seconds)
            }
            // A call without a descriptor to wait on is asked now and then.
            let slice = limits.call.map { $0.cancelFileDescriptor < 0 ? min(end - now, 100) : end - now } ?? end - now
            if pollOnce(interest, other, limits.call, milliseconds: slice) { return }
            now = MonotonicClock.milliseconds()
        }
    }

    /// What the child says is to be taken as well, or it would wait for that; it says much until the log-in is done. Later it must not end a wait: the
    /// other end's signs of life are not what is waited for.
    public func awaited(_ interest: ChannelInterest) -> AwaitedChannel? {
        takeErrors()
        return AwaitedChannel(
            readable: interest.contains(.reading) ? output.number : -1, writable: interest.contains(.writing) ? input.number : -1,
            complaints: command == nil ? -1 : errors.number)
    }

    /// True when a direction of `interest`, or something of `other`, is ready or has ended.
    private func pollOnce(_ interest: ChannelInterest, _ other: AwaitedChannel?, _ call: (any CallContext)?, milliseconds: Int64) -> Bool {
        withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 8) { polled in
            polled[0] = pollfd(fd: interest.contains(.reading) ? output.number : -1, events: Int16(POLLIN), revents: 0)
            polled[1] = pollfd(fd: interest.contains(.writing) ? input.number : -1, events: Int16(POLLOUT), revents: 0)
            polled[2] = pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0)
            polled[3] = pollfd(fd: call == nil ? -1 : cancelled.descriptor, events: Int16(POLLIN), revents: 0)
            polled[4] = pollfd(fd: call?.cancelFileDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
            polled[5] = pollfd(fd: other?.readable ?? -1, events: Int16(POLLIN), revents: 0)
            polled[6] = pollfd(fd: other?.writable ?? -1, events: Int16(POLLOUT), revents: 0)
            polled[7] = pollfd(fd: other?.complaints ?? -1, events: Int16(POLLIN), revents: 0)
            guard poll(polled.baseAddress, 8, Int32(clamping: milliseconds)) > 0 else { return false }
            if polled[2].revents != 0 { takeErrors() }
            return [0, 1, 5, 6, 7].contains { polled[$0].revents != 0 }
        }
    }

    /// Reads what the child has complained so far. Returns false once it will complain no more.
    @discardableResult private func takeErrors() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while errors.number >= 0 {
            let count = Glibc.read(errors.number, &chunk, chunk.count)
            if count > 0 {
                log.take(chunk[0..<count], atMilliseconds: MonotonicClock.milliseconds())
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                errors.close()
            } else if errno == EAGAIN {
                return true
            }
        }
        return false
    }

    // MARK: Ending

    /// Unknown: `ssh` ends with the same code for a line that broke and for much else.
    public var isLineBroken: Bool { false }

    public func endReason() -> ConnectorError? {
        let limit = MonotonicClock.milliseconds() + 1000
        while takeErrors(), MonotonicClock.milliseconds() < limit {
            var polled = pollfd(fd: errors.number, events: Int16(POLLIN), revents: 0)
            _ = poll(&polled, 1, Int32(clamping: limit - MonotonicClock.milliseconds()))
        }
        if child.exitStatus(withinMilliseconds: 200) == 0 { return nil }
        if let jump = endpoint.jump, let early = jumpLog()?.jumpFailure(jump, to: endpoint) { return early }
        return log.failure(endpoint, presented: scanQuietly)
    }

    /// What the `ssh` to the jump host said, as long as the server has not shown itself.
    private func jumpLog() -> OpenSSHLog? {
        guard log.milestone < .hostKeyShown, let command else { return nil }
        let descriptor = FileDescriptor(open(command.files.path + "/" + OpenSSHJump.logName, O_RDONLY | O_CLOEXEC))
        var said = OpenSSHLog()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while descriptor.number >= 0 {
            let count = Glibc.read(descriptor.number, &chunk, chunk.count)
            guard count > 0 else { break }
            said.take(chunk[0..<count], atMilliseconds: MonotonicClock.milliseconds())
        }
        return said
    }

    /// For the message about a host key of another type; without an answer the message is only shorter.
    private func scanQuietly() -> [HostKey] {
        guard endpoint.jump == nil else { return (try? HostKeyScan.throughJump(to: endpoint, UncancelledCall())) ?? [] }
        return
            (try? HostKeyScan.run(host: endpoint.host, port: endpoint.port, timeoutSeconds: min(endpoint.connectTimeoutSeconds, 5), UncancelledCall()))
            ?? []
    }

    public var errorText: String { log.complaints.joined(separator: "\n") }

    /// When each step of connecting was reached, in milliseconds after the start.
    public var milestones: [ConnectMilestone: Int64] { log.times.mapValues { $0 - startedMilliseconds } }

    /// The key the server presented, as far as it came: type and fingerprint.
    public var presentedHostKey: String? { log.shownHostKey.map { $0.type + " " + $0.fingerprint } }

    public func established() {
        takeErrors()
        log.reach(.authenticated, atMilliseconds: MonotonicClock.milliseconds())
        command?.files.remove()
        command = nil
    }

    public func cancel() { cancelled.raise() }
    public var isCancelled: Bool { cancelled.isRaised }

    public func close() {
        input.close()
        output.close()
        // With its input and output gone ssh says goodbye at once, unless the network hangs.
        if child.exitStatus(withinMilliseconds: 300) == nil { child.end() }
        errors.close()
        command?.files.remove()
        command = nil
    }
}

public import ConnectorKit
internal import Synchronization

/// One log-in that many channels use, one after another or side by side.
///
/// With OpenSSH a first `ssh` logs in and the others go through its socket in a private directory: a channel instead of a log-in.
/// With libssh2, or without sharing, each channel logs in by itself. Used by one thread at a time; only `cancel` may come from another.
public final class SSHSharedConnection {
    public let endpoint: SSHEndpoint
    private let engine: SSHEngine
    private let isShared: Bool
    private let channels = OpenChannels()
    private var master: OpenSSHChannel?
    private var directory: PrivateDirectory?
    private var socket = ""
    /// Of channels that log in by themselves, the one that was opened last, as long as somebody uses it or asks about it.
    private var latest: (any SSHChannel)?

    /// Nothing is connected yet. - Parameter sharing: false for servers that allow one channel a connection (MaxSessions 1).
    public init(_ endpoint: SSHEndpoint, engine: SSHEngine, sharing: Bool) {
        self.endpoint = endpoint
        self.engine = engine
        isShared = sharing && SSHConnection.chosen(engine) == .openssh
    }

    deinit { close() }

    /// Logs in, where the connection is shared; otherwise the first channel does. `failed` gets the channel of a log-in that went wrong.
    public func start(_ call: any CallContext, connecting: ((any SSHChannel) -> Void)? = nil) throws(ConnectorError) {
        guard isShared, master == nil else { return }
        if let warning = endpoint.algorithms.warning { call.log(.warning, warning, ["server": endpoint.address]) }
        let directory = try PrivateDirectory(forScripts: false)
        socket = directory.path(for: "c")
        let channel = try OpenSSHChannel(endpoint, .command(""), .master(socket: socket), call)
        channels.add(channel)
        connecting?(channel)
        let limit = Int64(endpoint.connectTimeoutSeconds) * 1000
        let limits = WaitLimits(stallMilliseconds: limit, deadlineMilliseconds: MonotonicClock.milliseconds() + limit, call: call)
        var said = [UInt8](repeating: 0, count: 64)
        while true {
            switch said.withUnsafeMutableBytes({ channel.read(into: $0, then: .empty) }) {
            case .bytes:
                channel.established()
                self.directory = directory
                return master = channel
            case .wouldBlock: try channel.wait(for: .reading, limits)
            case .ended: throw channel.endReason() ?? endpoint.ended
            }
        }
    }

    /// Whether a shared log-in is there.
    public var isStarted: Bool { master != nil }

    /// Whether what became of the last channel says something about the server: a shared log-in is still there, or the channel's own was done and its
    /// line held.
    public var wasLoggedIn: Bool {
        if let master { return master.child.exitStatus(withinMilliseconds: 100) == nil }
        guard let latest else { return false }
        return latest.milestones[.authenticated] != nil && !latest.isLineBroken
    }

    /// A channel of its own for the request; the caller closes it.
    public func open(_ request: SSHRequest, _ call: any CallContext) throws(ConnectorError) -> any SSHChannel {
        try start(call)
        let channel: any SSHChannel
        if master != nil {
            let through = try OpenSSHChannel(endpoint, request, .through(socket: socket), call)
            through.established()
            channel = through
        } else {
            latest = nil
            channel = try SSHConnection.open(endpoint, request, engine: engine, call)
            latest = channel
        }
        channels.add(channel)
        return channel
    }

    /// Why a channel of this connection ended before what it was for was done.
    /// - Parameter begun: whether the program at the far end had answered; a channel that ends before was refused, or never logged in.
    public func endReason(_ channel: any SSHChannel, begun: Bool, what: String) -> ConnectorError {
        let reason = channel.endReason()
        if let master {
            if master.child.exitStatus(withinMilliseconds: 200) != nil { return master.endReason() ?? endpoint.ended }
        } else if channel.isLineBroken || !begun && channel.milestones[.authenticated] == nil {
            return reason ?? endpoint.ended
        }
        let said = channel.errorText.split(separator: "\n").last.map { " (\(printable($0.utf8)))" } ?? ""
        guard !begun, reason != nil || !said.isEmpty else {
            return ConnectorError(.transient, "\(endpoint.address) ended \(what) before it was complete\(said). It can be tried again.")
        }
        return ConnectorError(
            .unsupported, "\(endpoint.address) does not run \(what) for \(endpoint.username)\(said). Ask its operator to allow it.")
    }

    /// For good: what waits and every later channel throws `.cancelled`. The value may go to any thread.
    public var canceller: Canceller { Canceller(channels: channels) }

    public struct Canceller: Sendable {
        fileprivate let channels: OpenChannels
        public func cancel() { channels.cancel() }
    }

    /// Ends every channel, within two seconds.
    public func close() {
        channels.closeOthers(than: master)
        latest = nil
        master?.child.askToEnd()
        master?.close()
        master = nil
        directory?.remove()
        directory = nil
    }
}

extension SSHEndpoint {
    fileprivate var ended: ConnectorError { ConnectorError(.transient, "The connection to \(address) ended. It can be tried again.") }
}

/// The channels that a cancellation must reach.
///
/// Sendable because the list is only touched under its lock, and of a channel only `cancel` is called from other threads, which allows that.
private final class OpenChannels: @unchecked Sendable {
    private struct Place {
        weak var channel: (any SSHChannel)?
    }

    private let lock = Mutex(false)
    private var places: [Place] = []

    func add(_ channel: any SSHChannel) {
        lock.withLock { isCancelled in
            places.removeAll { $0.channel == nil }
            places.append(Place(channel: channel))
            if isCancelled { channel.cancel() }
        }
    }

    func cancel() {
        lock.withLock { isCancelled in
            isCancelled = true
            for place in places { place.channel?.cancel() }
        }
    }

    func closeOthers(than kept: (any SSHChannel)?) {
        let others = lock.withLock { _ in places.compactMap(\.channel) }
        for channel in others where channel !== kept { channel.close() }
    }
}

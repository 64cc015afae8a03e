public import ConnectorKit

/// Bytes both ways to one program or subsystem at the far end of an SSH connection, whoever speaks SSH below it.
///
/// Used by one thread at a time; only `cancel` may come from another. `read` and `write` never block: what is not possible now
/// says so, and `wait` waits for it.
public protocol ByteChannel: AnyObject {
    /// Fills `first`, then `second`; either may be empty, not both.
    func read(into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer) -> ChannelTransfer
    /// Sends from `first`, then from `second`; either may be empty, not both.
    func write(_ first: UnsafeRawBufferPointer, then second: UnsafeRawBufferPointer) -> ChannelTransfer
    /// Returns once a direction of `interest` is worth another try. Throws `.timeout` after `limits.stallMilliseconds` without that,
    /// `.cancelled` after `cancel` or when the host cancels the call.
    func wait(for interest: ChannelInterest, _ limits: WaitLimits) throws(ConnectorError)
    /// The same for this channel and another that can be awaited beside it: returns once either is worth another try.
    func wait(for interest: ChannelInterest, besides other: AwaitedChannel?, _ limits: WaitLimits) throws(ConnectorError)
    /// What another channel's `wait` may wait for in this one's place; nil where only the channel itself can tell.
    func awaited(_ interest: ChannelInterest) -> AwaitedChannel?
    /// Tells the far end that no more bytes come; reading goes on.
    func finishWriting()
    /// Why the channel ended, once a transfer said `.ended`; nil when the far end finished with exit status 0. Waits a second at most.
    func endReason() -> ConnectorError?
    /// What the far end wrote to its standard error, at most 4 KiB, cleaned of control characters.
    var errorText: String { get }
    /// The far end is authenticated and the subsystem answers: secrets that are kept only to connect can go.
    func established()
    /// Makes the call that waits, and each later one that heeds it, throw `.cancelled`. Any thread, any number of times.
    func cancel()
    /// Whether `cancel` has been called.
    var isCancelled: Bool { get }
    /// Gives everything back, within two seconds; nothing else may be called after it.
    func close()
}

extension ByteChannel {
    public func wait(for interest: ChannelInterest, besides other: AwaitedChannel?, _ limits: WaitLimits) throws(ConnectorError) {
        try wait(for: interest, limits)
    }

    public func awaited(_ interest: ChannelInterest) -> AwaitedChannel? { nil }
}

/// The descriptors of a channel that show when it is worth another try; -1 for one that is not waited for.
public struct AwaitedChannel: Sendable {
    var readable: Int32
    var writable: Int32
    var complaints: Int32
}

/// A channel that can tell how connecting went, for a test of the connection (FS-6).
public protocol SSHChannel: ByteChannel {
    /// When each step of connecting was reached, in milliseconds after the start.
    var milestones: [ConnectMilestone: Int64] { get }
    /// Type and fingerprint of the key the server presented; nil before it came.
    var presentedHostKey: String? { get }
    /// The connection under the channel is known to be gone, which says nothing about what the server allows. Also to be asked after `close`.
    var isLineBroken: Bool { get }
}

/// What became of an attempt to move bytes.
public enum ChannelTransfer: Equatable, Sendable {
    /// 1 or more.
    case bytes(Int)
    case wouldBlock
    /// No more will ever come or go.
    case ended
}

public struct ChannelInterest: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let reading = ChannelInterest(rawValue: 1)
    public static let writing = ChannelInterest(rawValue: 2)
}

/// How long, and for whom, one wait lasts.
public struct WaitLimits {
    /// Without any progress for so long, the wait throws `.timeout`.
    public var stallMilliseconds: Int64
    /// When everything must be over, on the clock of `MonotonicClock`; nil for no such moment. Passing it throws `.timeout`.
    public var deadlineMilliseconds: Int64?
    /// Whose cancellation ends the wait; nil for work that goes on after it (clearing up).
    public var call: (any CallContext)?

    public init(stallMilliseconds: Int64, deadlineMilliseconds: Int64? = nil, call: (any CallContext)?) {
        self.stallMilliseconds = stallMilliseconds
        self.deadlineMilliseconds = deadlineMilliseconds
        self.call = call
    }
}

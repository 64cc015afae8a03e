/// When a message that was not taken is tried again: after a delay that grows threefold, with jitter; then it is a dead letter.
public struct DeliveryPolicy: Sendable, Equatable {
    public var attempts: Int
    public var firstDelayMilliseconds: Int64
    public var longestDelayMilliseconds: Int64

    /// Some eight hours in all: 5 s, 15 s, 45 s, 2, 7 and 20 minutes, then an hour each.
    public static let standard = DeliveryPolicy(attempts: 13, firstDelayMilliseconds: 5_000, longestDelayMilliseconds: 3_600_000)

    public init(attempts: Int, firstDelayMilliseconds: Int64, longestDelayMilliseconds: Int64) {
        self.attempts = attempts
        self.firstDelayMilliseconds = firstDelayMilliseconds
        self.longestDelayMilliseconds = longestDelayMilliseconds
    }

    /// How long to wait after attempt `attempt` (from 1) failed, or nil to give up. Only what may go away by itself is tried again.
    /// - Parameter jitter: from 0 to 1; spreads messages that failed together over half the delay.
    public func delay(after attempt: Int, _ error: ConnectError, jitter: Double) -> Int64? {
        guard error.category == .transient, attempt < attempts else { return nil }
        var delay = firstDelayMilliseconds
        for _ in 1..<max(1, min(attempt, 20)) { delay = min(longestDelayMilliseconds, delay * 3) }
        let spread = Int64(Double(delay) * (0.5 + 0.5 * jitter))
        // A far side that names a time longer than a day is not believed.
        return max(spread, min(error.retryAfterMilliseconds ?? 0, 86_400_000))
    }
}

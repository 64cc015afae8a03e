public import ConnectModel

/// When to try again (FS-8): only what may go away by itself, after a delay that doubles, with jitter.
public struct RetryPolicy: Sendable {
    public var attempts: Int
    public var firstDelayMilliseconds: Int64
    public var longestDelayMilliseconds: Int64

    public init(attempts: Int = 5, firstDelayMilliseconds: Int64 = 500, longestDelayMilliseconds: Int64 = 30_000) {
        self.attempts = attempts
        self.firstDelayMilliseconds = firstDelayMilliseconds
        self.longestDelayMilliseconds = longestDelayMilliseconds
    }

    /// How long to wait before attempt `attempt + 1`, or nil to give up. `jitter` is from 0 to 1.
    public func delay(after attempt: Int, _ error: ConnectError, jitter: Double) -> Int64? {
        guard error.category == .transient, attempt < attempts else { return nil }
        if let asked = error.retryAfterMilliseconds, asked > 0 { return asked }
        let doubled = min(longestDelayMilliseconds, firstDelayMilliseconds << min(attempt - 1, 16))
        return Int64(Double(doubled) * (0.5 + 0.5 * jitter))
    }
}

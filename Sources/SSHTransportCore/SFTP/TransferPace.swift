/// Whether a second connection would shorten a transfer: whether its time goes by waiting for its line, and that is held up by its length.
///
/// What a line has on its way is its rate times its round trip. A channel of SSH takes 2 MiB, so one that has about as much on its way cannot be
/// faster; one with less is as fast as its ends or its slowest stretch, and two would only share that.
struct TransferPace {
    private var began: Int64
    private var entered: Int64 = 0
    private var inside: Int64 = 0
    private var bytes = 0

    /// - Parameter now: nanoseconds, as everywhere here.
    init(now: Int64 = MonotonicClock.nanoseconds()) { began = now }

    mutating func enter(now: Int64 = MonotonicClock.nanoseconds()) { entered = now }

    mutating func leave(_ count: Int, now: Int64 = MonotonicClock.nanoseconds()) {
        inside += now - entered
        bytes += count
    }

    /// Once `least` bytes have passed since the last answer; nil before.
    /// - Parameter roundTrip: nanoseconds; nil to judge by the waiting alone.
    mutating func wantsSecond(after least: Int, roundTrip: Int64?, now: Int64 = MonotonicClock.nanoseconds()) -> Bool? {
        guard bytes >= least else { return nil }
        defer { (began, inside, bytes) = (now, 0, 0) }
        let elapsed = Double(max(1, now - began))
        guard Double(inside) >= Self.most * elapsed else { return false }
        guard let roundTrip else { return true }
        return Double(bytes) / elapsed * Double(roundTrip) >= Self.fullLine
    }

    /// Half of what a channel of SSH may have on its way.
    private static let fullLine = Double(1 << 20)

    /// A store that is fed by the transfer takes up more than the rest, and gains nothing by a faster line.
    private static let most = 0.7
}

/// How much of a transfer's time is spent waiting for its line, which a second connection can shorten, and how much elsewhere, which it cannot.
struct TransferPace {
    private var began = MonotonicClock.nanoseconds()
    private var entered: Int64 = 0
    private var inside: Int64 = 0
    private var bytes = 0

    mutating func enter() { entered = MonotonicClock.nanoseconds() }

    mutating func leave(_ count: Int) {
        inside += MonotonicClock.nanoseconds() - entered
        bytes += count
    }

    /// Whether the line was waited for most of the time, once `least` bytes have passed since the last answer; nil before.
    mutating func waitsForLine(after least: Int) -> Bool? {
        guard bytes >= least else { return nil }
        let now = MonotonicClock.nanoseconds()
        defer { (began, inside, bytes) = (now, 0, 0) }
        return Double(inside) >= Self.most * Double(now - began)
    }

    /// A store that is fed by the transfer takes up more than the rest, and gains nothing by a faster line.
    private static let most = 0.7
}

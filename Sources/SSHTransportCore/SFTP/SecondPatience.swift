/// How much of the time that two connections share a file the first has nothing to do but to wait for what the second has taken on. A second that is
/// so much slower is no help.
struct SecondPatience {
    /// How long the first may wait in all, and without a byte of the second.
    static let milliseconds: Int64 = 10_000

    private let began: Int64
    private var waited: Int64 = 0
    private var waitsSince: Int64?

    /// - Parameter now: milliseconds, as everywhere here.
    init(now: Int64 = MonotonicClock.milliseconds()) { began = now }

    /// The first waits, by the last look.
    var isTried: Bool { waitsSince != nil }

    /// To be called whenever something may have moved. - Returns: whether the second is to be given up.
    mutating func isOver(firstWaits: Bool, now: Int64 = MonotonicClock.milliseconds()) -> Bool {
        if let waitsSince { waited += now - waitsSince }
        waitsSince = firstWaits ? now : nil
        return waited > Self.milliseconds && waited > (now - began) / 2
    }

    /// The time until the next look is the caller's.
    mutating func pause() { waitsSince = nil }
}

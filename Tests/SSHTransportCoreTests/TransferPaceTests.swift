import Testing

@testable import SSHTransportCore

struct TransferPaceTests {
    private static let millisecond: Int64 = 1_000_000

    /// What becomes of 32 MB that took `milliseconds`, so many of them within calls.
    private func wantsSecond(milliseconds: Int64, inside: Int64, roundTrip: Int64?) -> Bool? {
        var pace = TransferPace(now: 0)
        pace.enter(now: 0)
        pace.leave(32_000_000, now: inside * Self.millisecond)
        return pace.wantsSecond(after: 32_000_000, roundTrip: roundTrip.map { $0 * Self.millisecond }, now: milliseconds * Self.millisecond)
    }

    @Test("FS-2: a second connection is wanted where the way is long for the rate, and not where the ends or a slow stretch set it")
    func distance() {
        // 80 MB a second over 20 ms: 1.6 MB are on the way.
        #expect(wantsSecond(milliseconds: 400, inside: 400, roundTrip: 20) == true)
        // The same rate over 1 ms, and 2 MB a second over 20 ms.
        #expect(wantsSecond(milliseconds: 400, inside: 400, roundTrip: 1) == false)
        #expect(wantsSecond(milliseconds: 16_000, inside: 16_000, roundTrip: 20) == false)
    }

    @Test("FS-2: whatever the way, none is wanted by a transfer that waits for something else than its line")
    func elsewhere() {
        #expect(wantsSecond(milliseconds: 400, inside: 200, roundTrip: 20) == false)
        #expect(wantsSecond(milliseconds: 400, inside: 200, roundTrip: nil) == false)
        #expect(wantsSecond(milliseconds: 400, inside: 300, roundTrip: nil) == true)
    }

    @Test("FS-2: nothing is said before enough has passed, and each time anew")
    func looks() {
        var pace = TransferPace(now: 0)
        pace.enter(now: 0)
        pace.leave(1_000_000, now: Self.millisecond)
        #expect(pace.wantsSecond(after: 2_000_000, roundTrip: nil, now: Self.millisecond) == nil)
        pace.leave(1_000_000, now: Self.millisecond)
        #expect(pace.wantsSecond(after: 2_000_000, roundTrip: nil, now: Self.millisecond) == true)
        #expect(pace.wantsSecond(after: 2_000_000, roundTrip: nil, now: Self.millisecond) == nil)
    }
}

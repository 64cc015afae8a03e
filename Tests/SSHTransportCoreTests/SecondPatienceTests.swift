import Testing

@testable import SSHTransportCore

struct SecondPatienceTests {
    /// Looks every 100 ms for a minute. - Returns: when the second was given up, in milliseconds.
    private func givenUp(pausing: Bool = false, _ firstWaits: (_ now: Int64) -> Bool) -> Int64? {
        var patience = SecondPatience(now: 0)
        for now in stride(from: Int64(0), through: 60_000, by: 100) {
            if patience.isOver(firstWaits: firstWaits(now), now: now) { return now }
            if pausing { patience.pause() }
        }
        return nil
    }

    @Test("FS-8: a second connection is given up once the first has waited for it half of the time, and ten seconds at least")
    func waits() {
        #expect(givenUp { _ in true } == 10_100)
        #expect(givenUp { $0 % 1000 < 700 }.map { (14_000...15_500).contains($0) } == true)
    }

    @Test("FS-8: one that helps more than it holds up is kept, and the end of a long transfer is not held against it")
    func helps() {
        #expect(givenUp { _ in false } == nil)
        #expect(givenUp { $0 % 1000 < 400 } == nil)
        #expect(givenUp { $0 > 40_000 } == nil)
    }

    @Test("FS-8: what the caller takes its time for is not the second connection's fault")
    func pauses() {
        #expect(givenUp(pausing: true) { _ in true } == nil)
    }
}

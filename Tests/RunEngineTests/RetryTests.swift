import ConnectModel
import RunEngine
import Synchronization
import Testing

@Suite struct RetryTests {
    private let transient = ConnectError("x", .transient, "gone")

    @Test("FS-8: only what may pass is tried again", arguments: ErrorCategory.allCases)
    func categories(_ category: ErrorCategory) {
        let delay = RetryPolicy().delay(after: 1, ConnectError("x", category, "no"), jitter: 0.5)
        #expect((delay != nil) == (category == .transient))
    }

    @Test("FS-8: delays double, stay below the longest, and end with the attempts")
    func backoff() {
        let policy = RetryPolicy(attempts: 20, firstDelayMilliseconds: 100, longestDelayMilliseconds: 3000)
        let delays = (1..<20).compactMap { policy.delay(after: $0, transient, jitter: 1) }
        #expect(Array(delays.prefix(5)) == [100, 200, 400, 800, 1600])
        #expect(delays.allSatisfy { $0 <= 3000 })
        #expect(policy.delay(after: 20, transient, jitter: 1) == nil)
        #expect(policy.delay(after: 1, transient, jitter: 0) == 50)
    }

    @Test("FS-8: a server that says when is believed")
    func retryAfter() {
        let asked = ConnectError("x", .transient, "slow down", retryAfterMilliseconds: 7000)
        #expect(RetryPolicy().delay(after: 1, asked, jitter: 0) == 7000)
    }

    @Test("MGT-2: a cancellation reaches every handler once, also those that come late")
    func cancellation() {
        let cancellation = Cancellation()
        let calls = Calls()
        cancellation.onCancel { calls.add() }
        let removed = cancellation.onCancel { calls.add() }
        cancellation.remove(removed)
        cancellation.cancel()
        cancellation.cancel()
        cancellation.onCancel { calls.add() }
        #expect(calls.count == 2)
        #expect(throws: ConnectError.self) { try cancellation.check() }
    }
}

private final class Calls: Sendable {
    private let calls = Mutex(0)
    var count: Int { calls.withLock { $0 } }
    func add() { calls.withLock { $0 += 1 } }
}

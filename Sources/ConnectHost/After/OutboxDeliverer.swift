import ConnectModel
import Delivery
import Foundation
import RunEngine
import StoreAPI
import Synchronization

/// Delivers what waits in a home's outbox, at least once. There is one of these in a home at a time, among all processes: it holds a lock that the
/// kernel gives back however the process ends, so what it had begun is known to be anybody's again.
public final class OutboxDeliverer: Sendable {
    private let host: Installation
    private let lock: RunLock
    private let couriers: Couriers
    private let policy: DeliveryPolicy
    /// Messages that a deliverer before this one had begun, by number: whether they arrived is not known.
    private let unsure: Set<Int64>
    private let lastUpkeep = Mutex<Int64>(0)

    /// Far sides that are served at the same time.
    private static let threads = 4
    /// Delivered messages are kept as long, for people to look at.
    private static let retentionMilliseconds: Int64 = 30 * 86_400_000
    private static let upkeepMilliseconds: Int64 = 60_000

    init(host: Installation, lock: RunLock, policy: DeliveryPolicy) throws {
        self.host = host
        self.lock = lock
        self.policy = policy
        couriers = Couriers(host)
        unsure = Set(try host.control.returnBegunMessages(atUnixMilliseconds: host.clock()).map(\.number))
    }

    /// Makes one attempt at everything that is due, and at what comes of it. Blocks; for a plain thread. Returns how many messages were delivered.
    /// - Parameter milliseconds: after this long nothing new is begun and what goes on is broken off, to be tried again.
    public func deliverDue(within milliseconds: Int64 = 600_000, stop: @escaping @Sendable () -> Bool = { false }) throws -> Int {
        try upkeep()
        guard let due = try nextDelivery(), due <= host.clock() else { return 0 }
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        let isOver: @Sendable () -> Bool = { stop() || ContinuousClock.now >= end }
        let board = DeliveryBoard(host: host)
        var before = -1
        // An event that is delivered makes new messages; another look finds them.
        while !isOver(), board.delivered > before {
            before = board.delivered
            round(board, isOver: isOver)
        }
        if let error = board.error { throw error }
        return board.delivered
    }

    /// When to call `deliverDue` next, in milliseconds since 1970; nil when nothing waits. What jobs miss is asked for once a minute besides.
    public func nextDelivery() throws -> Int64? { try host.control.nextDelivery() }

    private func round(_ board: DeliveryBoard, isOver: @escaping @Sendable () -> Bool) {
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<Self.threads {
            Thread.detachNewThread { [self] in
                work(board, isOver: isOver)
                done.signal()
            }
        }
        for _ in 0..<Self.threads { done.wait() }
    }

    private func work(_ board: DeliveryBoard, isOver: @escaping @Sendable () -> Bool) {
        while !isOver(), let message = board.next() {
            Failpoint.hit("outbox.begun")
            do {
                board.settled(message, isDelivered: try attempt(message, isOver: isOver))
            } catch {
                return board.failed(message, error as? ConnectError ?? ConnectError("outbox.defect", .internal, "An unexpected error: \(error)"))
            }
        }
    }

    /// One attempt, and what became of it written down.
    private func attempt(_ message: OutboxMessage, isOver: @escaping @Sendable () -> Bool) throws -> Bool {
        var message = message
        var follow: [OutboxMessage] = []
        do throws(DeliveryFailure) {
            let outcome = try couriers.deliver(message, isUnsure: unsure.contains(message.number) && message.attempts > 1, isOver: isOver)
            Failpoint.hit("outbox.sent")
            message.state = .delivered
            message.settledAtUnixMilliseconds = host.clock()
            message.receipt = outcome.receipt
            message.failure = nil
            follow = outcome.messages
        } catch {
            let failure = error
            message.failure = RunFailure(failure.error)
            let delay = policy.delay(after: message.attempts, failure.error, jitter: Double.random(in: 0...1))
            if let delay, !(failure.isUnsure && couriers.holdsUnsure(message)) {
                message.state = .waiting
                message.dueAtUnixMilliseconds = host.clock() + delay
            } else {
                message.state = .dead
                message.settledAtUnixMilliseconds = host.clock()
                if case .launch(let order, let outcome) = message.content {
                    follow = FollowUpPlan.alerts(failedLaunch: order, RunFailure(failure.error), outcome, atUnixMilliseconds: host.clock())
                }
            }
        }
        try host.control.settle(message, adding: follow)
        host.logDelivery(of: message)
        return message.state == .delivered
    }

    /// Once a minute at most: files that have not come, and messages nobody needs any more.
    private func upkeep() throws {
        let now = host.clock()
        let isDue = lastUpkeep.withLock { last in
            guard now - last >= Self.upkeepMilliseconds || now < last else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        try host.control.enqueue(try MissingFiles(host).messages(atUnixMilliseconds: now))
        _ = try host.control.pruneOutbox(settledBefore: now - Self.retentionMilliseconds)
    }
}

/// What the threads of a deliverer share.
private final class DeliveryBoard: Sendable {
    private struct State {
        var busy: Set<String> = []
        var delivered = 0
        var error: ConnectError?
    }

    private let host: Installation
    private let state = Mutex(State())

    init(host: Installation) { self.host = host }

    var delivered: Int { state.withLock { $0.delivered } }
    /// The store could not be used: nothing more is begun.
    var error: ConnectError? { state.withLock { $0.error } }

    /// The next message that is due and whose lane is free.
    func next() -> OutboxMessage? {
        state.withLock { state in
            guard state.error == nil else { return nil }
            do {
                guard let message = try host.control.beginDelivery(atUnixMilliseconds: host.clock(), busy: state.busy) else { return nil }
                state.busy.insert(message.lane)
                return message
            } catch {
                state.error = error as? ConnectError ?? ConnectError("outbox.defect", .internal, "An unexpected error: \(error)")
                return nil
            }
        }
    }

    func settled(_ message: OutboxMessage, isDelivered: Bool) {
        state.withLock { state in
            state.busy.remove(message.lane)
            if isDelivered { state.delivered += 1 }
        }
    }

    func failed(_ message: OutboxMessage, _ error: ConnectError) {
        state.withLock { state in
            state.busy.remove(message.lane)
            state.error = error
        }
    }
}

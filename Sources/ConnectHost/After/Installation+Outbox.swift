public import ConnectModel
import Foundation
import RunEngine
import StoreAPI

extension Installation {
    /// Takes the home's outbox to deliver from it; nil when another process has it, which then delivers.
    public func outboxDeliverer() throws -> OutboxDeliverer? {
        guard let lock = try RunLock.acquire(directory: home.outbox) else { return nil }
        return try OutboxDeliverer(host: self, lock: lock, policy: .standard)
    }

    /// Delivers what is due now, in no more than the given time, for a command that has done its work. Nobody waits for far sides that hang, and
    /// nothing here fails the command: what was not delivered waits for the next one, or for a server.
    public func deliverAfterRun(withinMilliseconds limit: Int64, stop: @escaping @Sendable () -> Bool) {
        // Where a server is, it delivers.
        guard !RunLock.isHeld(directory: home.server) else { return ServerBell.ring(home) }
        let end = ContinuousClock.now + .milliseconds(limit)
        while ContinuousClock.now < end, !stop(), let due = (try? control.nextDelivery()) ?? nil, due <= clock() {
            if let deliverer = (try? outboxDeliverer()) ?? nil {
                let left = end - ContinuousClock.now
                _ = try? deliverer.deliverDue(within: max(1, left.components.seconds * 1000), stop: stop)
                return
            }
            // Somebody else is at it and may or may not see this run's messages before they end.
            usleep(50_000)
        }
    }

    public func outbox(states: Set<OutboxState>, limit: Int) throws -> [OutboxMessage] { try control.outbox(states: states, limit: limit) }

    /// By number or id.
    public func existingMessage(_ reference: String) throws -> OutboxMessage {
        if let message = try control.outboxMessage(reference) { return message }
        throw ConnectError(
            "outbox.missing", .configuration, "There is no message \"\(reference)\" in the outbox.",
            remedy: "`connecthost outbox list` shows what there is.")
    }

    /// Makes dead messages due at once, as if they had never been tried.
    public func retryMessages(_ references: [String]) throws -> [OutboxMessage] {
        try references.map(existingMessage).map { try control.change($0, to: .waiting, atUnixMilliseconds: clock()) }
    }

    public func retryDeadMessages() throws -> [OutboxMessage] {
        try control.outbox(states: [.dead], limit: 10_000).map { try control.change($0, to: .waiting, atUnixMilliseconds: clock()) }
    }

    public func dropMessages(_ references: [String]) throws -> [OutboxMessage] {
        try references.map(existingMessage).map { try control.change($0, to: .dropped, atUnixMilliseconds: clock()) }
    }

    /// Names this installation to those it sends to; made once.
    func identity() throws -> String {
        if let known = try control.setting("identity")?.stringValue { return known }
        let new = UUID().uuidString.lowercased()
        try control.setSetting("identity", .string(new))
        return new
    }

    /// A run's log tells what followed. A log that cannot be written must not hold up a delivery.
    func logDelivery(of message: OutboxMessage) {
        guard message.origin.hasPrefix("run/"), let run = RunID(String(message.origin.dropFirst(4))) else { return }
        let what = "\(message.kind.rawValue) to \(message.target)"
        switch message.state {
        case .delivered: try? appendLog(run, .info, "Delivered: \(what).")
        case .dead:
            try? appendLog(
                run, .error, "Not delivered: \(what). \(message.failure?.message ?? "") `connecthost outbox retry \(message.number)` tries again.")
        case .waiting: try? appendLog(run, .warning, "Not delivered yet: \(what). \(message.failure?.message ?? "") It is tried again.")
        case .delivering, .dropped: break
        }
    }
}

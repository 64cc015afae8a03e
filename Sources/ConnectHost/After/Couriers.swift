import ConnectModel
import Delivery
import Foundation
import StoreAPI

/// What came of a delivery: the far side's answer, and messages that follow from it.
struct Delivered {
    var receipt: String?
    var messages: [OutboxMessage] = []
}

/// Takes each kind of message to where it goes.
struct Couriers: Sendable {
    private let host: Installation
    private let campaigns: CampaignCourier

    init(_ host: Installation) {
        self.host = host
        campaigns = CampaignCourier(host)
    }

    /// - Parameter isUnsure: an earlier attempt was broken off by the end of its process, and nobody knows how far it came.
    func deliver(_ message: OutboxMessage, isUnsure: Bool, isOver: @escaping @Sendable () -> Bool) throws(DeliveryFailure) -> Delivered {
        if isUnsure, holdsUnsure(message) {
            throw DeliveryFailure(
                ConnectError(
                    "launch.unsure", .configuration, "The launch of \"\(message.target)\" was begun and its end not seen; it may have happened.",
                    remedy: "Look whether the campaign was launched. If not: connecthost outbox retry \(message.number)"), isUnsure: true)
        }
        switch message.kind {
        case .mail: return try MailCourier(host).deliver(message, stop: isOver)
        case .event: return try copies(of: message)
        case .hook: return try EventCourier(host).deliver(message, stop: isOver)
        case .launch: return try campaigns.deliver(message, stop: isOver)
        }
    }

    /// Whether a launch of which nobody knows if it happened waits for a person.
    func holdsUnsure(_ message: OutboxMessage) -> Bool {
        guard message.kind == .launch else { return false }
        // Settings that cannot be read now fail the next attempt, with their reason.
        return (try? host.campaignEndpoint())?.unsure == .hold
    }

    /// An event is delivered when each hook that takes it has a message of its own.
    private func copies(of message: OutboxMessage) throws(DeliveryFailure) -> Delivered {
        let hooks: [String]
        do { hooks = try host.control.hooks().filter { $0.takes(message.target) }.map(\.name) } catch { throw DeliveryFailure(.of(error)) }
        guard !hooks.isEmpty else {
            throw DeliveryFailure(
                ConnectError(
                    "event.unheard", .configuration, "No hook takes the event \"\(message.target)\".",
                    remedy: "Add one with `connecthost hooks add`, then: connecthost outbox retry \(message.number)"))
        }
        return Delivered(
            receipt: "to \(hooks.joined(separator: ", "))", messages: FollowUpPlan.copies(of: message, for: hooks, atUnixMilliseconds: host.clock()))
    }
}

extension ConnectError {
    static func of(_ error: any Error) -> ConnectError {
        error as? ConnectError ?? ConnectError("delivery.defect", .internal, "An unexpected error: \(error)")
    }
}

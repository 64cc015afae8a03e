import ConnectModel
import Foundation
import Logging
import Synchronization

/// Delivers what follows runs while a server is there (ACT-1 to ACT-3). Takes the home's outbox once and keeps it, so that commands leave it to the server.
final class OutboxService: BackgroundService {
    let name = "outbox"
    private let host: Installation
    private let deliverer = Mutex<OutboxDeliverer?>(nil)
    /// How often jobs that miss their file are asked for, and the outbox, when a command had it.
    private static let lookMilliseconds: Int64 = 60_000

    init(_ host: Installation) { self.host = host }

    func perform(_ context: ServiceContext) throws -> Int64? {
        let look = context.now + Self.lookMilliseconds
        guard let deliverer = try taken() else { return context.now + 1000 }
        let delivered = try deliverer.deliverDue(stop: context.isStopping)
        if delivered > 0 {
            context.log.info("outbox.delivered", metadata: ["messages": "\(delivered)"])
            context.metrics.change { $0.others["outbox_delivered_total", default: 0] += Double(delivered) }
        }
        return min(try deliverer.nextDelivery() ?? look, look)
    }

    /// Nil while a command delivers.
    private func taken() throws -> OutboxDeliverer? {
        try deliverer.withLock { deliverer in
            if deliverer == nil { deliverer = try host.outboxDeliverer() }
            return deliverer
        }
    }
}

import ConnectModel
import Logging

/// Removes auto-generated tables whose time is over (IMP-14).
final class TableExpiryService: BackgroundService {
    let name = "expiry"
    private let host: Installation
    private let nextPass = NextPass()
    private static let everyMilliseconds: Int64 = 3_600_000

    init(_ host: Installation) { self.host = host }

    func perform(_ context: ServiceContext) throws -> Int64? {
        guard nextPass.isDue(context.now, every: Self.everyMilliseconds) else { return nextPass.at }
        for table in try host.dropExpiredTables(atUnixMilliseconds: context.now) {
            context.log.notice("table.expired", metadata: ["table": "\(table)"])
        }
        return nextPass.at
    }
}

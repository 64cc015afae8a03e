import ConnectModel
import Foundation
import Logging
import RunEngine
import StoreAPI
import Synchronization

/// Removes logs and rejected records that were kept long enough (MGT-4); the runs themselves stay.
final class RetentionService: BackgroundService {
    let name = "retention"
    private let host: Installation
    private let logDays: Int64
    private let rejectDays: Int64
    private static let everyMilliseconds: Int64 = 6 * 3_600_000
    /// Records of starts are small, and the due keys of more than a year ago can come again in no way.
    private static let startDays: Int64 = 400
    private let nextPass = NextPass()

    init(_ host: Installation, logDays: Int64, rejectDays: Int64) {
        self.host = host
        self.logDays = logDays
        self.rejectDays = rejectDays
    }

    func perform(_ context: ServiceContext) throws -> Int64? {
        guard nextPass.isDue(context.now, every: Self.everyMilliseconds) else { return nextPass.at }
        let removed = try host.removeOldFiles(logDays: logDays, rejectDays: rejectDays, isStopping: context.isStopping)
        try host.control.removeStartRecords(before: context.now / 1000 - Self.startDays * 86_400)
        if removed > 0 { context.log.info("retention.removed", metadata: ["files": "\(removed)"]) }
        return nextPass.at
    }
}

/// When a service that works at intervals does so next: it is also called in between.
final class NextPass: Sendable {
    private let next = Mutex<Int64>(0)
    var at: Int64 { next.withLock { $0 } }

    func isDue(_ now: Int64, every milliseconds: Int64) -> Bool {
        next.withLock { next in
            guard now >= next else { return false }
            next = now + milliseconds
            return true
        }
    }
}

extension Installation {
    /// Removes the logs and rejects of runs that ended so many days ago, and what a worker that was killed right behind its run's end did not get to
    /// remove itself; returns how many files and directories went.
    public func removeOldFiles(logDays: Int64, rejectDays: Int64, isStopping: () -> Bool = { false }) throws -> Int {
        let day: Int64 = 86_400_000
        var removed = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: home.root + "/runs") {
            guard !isStopping() else { break }
            guard let id = RunID(name), let ended = try control.run(id)?.finishedAtUnixMilliseconds else { continue }
            if FileManager.default.fileExists(atPath: home.work(id)) {
                try FileManager.default.removeItem(atPath: home.work(id))
                removed += 1
            }
            let age = clock() - ended
            if age > logDays * day {
                try FileManager.default.removeItem(atPath: home.run(id))
                removed += 1
            } else if age > rejectDays * day, FileManager.default.fileExists(atPath: home.rejects(id)) {
                try FileManager.default.removeItem(atPath: home.rejects(id))
                removed += 1
            }
        }
        return removed
    }
}

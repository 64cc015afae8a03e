import ConnectModel
import Foundation
import Logging
import RunEngine
import StoreAPI
import Synchronization

/// Starts jobs and groups when they are due. The due queue is an index of the control store, so what is next is found in logarithmic time, survives
/// everything, and is the same for every process.
final class ScheduleService: BackgroundService {
    let name = "schedules"
    private let host: Installation
    private let lastNow: Mutex<Int64>
    private let nextCount = NextPass()
    /// What time it was when a server last looked, for a clock that is set back while none runs.
    private let seenFile: String
    /// How often a start that waits for its job's run is looked at when nobody says that it ended, as when somebody's `jobs run` was killed.
    private static let waitingLookMilliseconds: Int64 = 10_000

    init(_ host: Installation) {
        self.host = host
        seenFile = host.home.server + "/seen"
        let seen = FileManager.default.contents(atPath: seenFile).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
        lastNow = Mutex(seen ?? 0)
    }

    func perform(_ context: ServiceContext) throws -> Int64? {
        let began = ContinuousClock.now
        let now = context.now / 1000
        try followClock(now, context)
        let isWaiting = try releaseWaiting()
        let taken = try StartTaker(host: host).takeDue(at: now)
        for note in taken.notes { context.log.notice("start.unusual", metadata: ["note": "\(note)"]) }
        let next = try host.control.earliestDue()
        let scheduled = nextCount.isDue(context.now, every: 60_000) ? try host.control.scheduledCount() : nil
        context.metrics.change { values in
            values.startedBySchedule += Int64(taken.started)
            values.missedStarts += taken.missed
            if taken.started > 0 { values.lastLagSeconds = taken.latest }
            values.largestLagSeconds = max(values.largestLagSeconds, taken.latest)
            values.nextStart = next
            values.scheduled = scheduled ?? values.scheduled
            let tick = began.duration(to: .now)
            values.others["tick_seconds"] = Double(tick.components.seconds) + Double(tick.components.attoseconds) / 1e18
        }
        if taken.started > 0 { context.wakeAll() }
        let look = isWaiting ? context.now + Self.waitingLookMilliseconds : nil
        return [next.map { $0 * 1000 }, look].compactMap { $0 }.min()
    }

    /// A start that waited for a run which has ended is due again. True when others go on waiting.
    private func releaseWaiting() throws -> Bool {
        var others = false
        for entry in try host.control.waitingEntries() {
            guard try !host.isBusy(entry.owner) else {
                others = true
                continue
            }
            var released = entry
            released.wait = .over
            try host.control.save(released)
        }
        return others
    }

    /// After the clock was set back, next starts may lie too far ahead: they are found anew. Those that have a record do not come again.
    private func followClock(_ now: Int64, _ context: ServiceContext) throws {
        let before = lastNow.withLock { last in
            defer { last = now }
            return last
        }
        // Without it a clock that is set back while no server runs is not noticed, which is all.
        try? Data(String(now).utf8).write(to: URL(fileURLWithPath: seenFile))
        guard before - now > 60 else { return }
        context.log.notice("clock.set-back", metadata: ["seconds": "\(before - now)"])
        try host.planAll(after: now)
    }
}

extension Installation {
    /// Whether a run of it has not ended.
    func isBusy(_ owner: ScheduleOwner) throws -> Bool {
        switch owner {
        case .job(let id): try control.unfinishedRun(of: id) != nil
        case .group(let id): try control.unfinishedGroupRuns().contains { $0.id.group == id }
        }
    }

    private func definition(of owner: ScheduleOwner) throws -> [String: JSONValue]? {
        switch owner {
        case .job(let id): try control.job(id)?.definition
        case .group(let id): try control.group(id)?.definition
        }
    }

    /// Finds every next start anew, for a clock that was set back.
    func planAll(after now: Int64) throws {
        for entry in try control.allDueEntries() where entry.wait == .none {
            guard let definition = try definition(of: entry.owner),
                let next = try firstFree(entry.owner, StartCalculator(Schedule(definition: definition), seed: entry.seed), after: now),
                next.slot < entry.next.slot
            else { continue }
            try control.save(DueEntry(owner: entry.owner, seed: entry.seed, next: next))
        }
    }
}

import ConnectModel
import Foundation
import Logging
import RunEngine
import StoreAPI
import Synchronization

/// Carries out what is queued, within the limit, and what was interrupted: runs of jobs and runs of groups, a thread each that waits for a worker.
final class RunService: BackgroundService {
    let name = "runs"
    private let host: Installation
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var running: Set<Int64> = []
        /// Of those, the ones that other processes carry out: their end is only waited for.
        var others: Set<Int64> = []
        /// Runs whose worker died: how often, and when to try again.
        var pauses: [Int64: (count: Int, until: Int64)] = [:]
    }

    init(_ host: Installation, limit: Int) {
        self.host = host
        self.limit = limit
    }

    /// Numbers of the runs that this server carries out itself.
    var own: Set<Int64> { state.withLock { $0.running.subtracting($0.others) } }

    func perform(_ context: ServiceContext) throws -> Int64? {
        let groups = try host.control.unfinishedGroupRuns()
        let ofGroups = Set(groups.compactMap { $0.members.first { $0.status == .running }?.run?.number })
        let runs = try host.control.unfinishedRuns().filter { !ofGroups.contains($0.id.number) }
        for run in groups { begin(run.id.number, context) { [host] in try Self.perform(group: run.id, host, context) } }
        for run in runs { begin(run.id.number, context) { [self] in try perform(job: run.id, context) } }
        let numbers = Set(groups.map(\.id.number) + runs.map(\.id.number))
        return state.withLock { state in
            state.pauses = state.pauses.filter { numbers.contains($0.key) }
            context.metrics.change { values in
                values.runningRuns = numbers.intersection(state.running).count
                values.queuedRuns = numbers.subtracting(state.running).count
            }
            return state.pauses.values.map(\.until).filter { $0 > context.now }.min()
        }
    }

    /// True from `work`: it is done, or another process does it.
    private func begin(_ number: Int64, _ context: ServiceContext, _ work: @escaping @Sendable () throws -> Bool) {
        let isTaken = state.withLock { state in
            guard state.running.count - state.others.count < limit, !state.running.contains(number), (state.pauses[number]?.until ?? 0) <= context.now
            else { return false }
            state.running.insert(number)
            return true
        }
        guard isTaken, !context.isStopping() else { return state.withLock { state in if isTaken { state.running.remove(number) } } }
        let thread = Thread { [self] in
            var isDone = false
            do { isDone = try work() } catch { context.log.error("run.failed-to-run", metadata: ["run": "\(number)", "error": "\(error)"]) }
            ended(number, isDone, context)
            context.wakeAll()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func ended(_ number: Int64, _ isDone: Bool, _ context: ServiceContext) {
        state.withLock { state in
            state.running.remove(number)
            state.others.remove(number)
            guard !isDone else { return state.pauses[number] = nil }
            let count = (state.pauses[number]?.count ?? 0) + 1
            state.pauses[number] = (count, context.now + min(300_000, 250 << Int64(min(count, 12))))
        }
    }

    private func perform(job id: RunID, _ context: ServiceContext) throws -> Bool {
        guard let run = try host.performQueued(id, isDetached: true, stop: { false }, onMessage: { _ in }) else {
            // A worker of an earlier server, or somebody's own run: its end is waited for here, so that what depends on it goes on at once.
            state.withLock { _ = $0.others.insert(id.number) }
            context.wakeAll()
            RunLock.waitUntilFree(directory: host.home.run(id))
            return try host.control.run(id)?.status.isFinal ?? true
        }
        guard run.status.isFinal else {
            context.log.warning("run.interrupted", metadata: ["run.id": "\(id)", "job": "\(run.jobName)", "reason": "\(run.failure?.message ?? "")"])
            return false
        }
        context.metrics.finished(run)
        context.log.info(
            "run.finished",
            metadata: [
                "run.id": "\(id)", "job": "\(run.jobName)", "status": "\(run.status.rawValue)", "read": "\(run.records.read)",
                "rejected": "\(run.records.rejected)", "trigger": "\(run.trigger)",
            ])
        return true
    }

    private static func perform(group id: GroupRunID, _ host: Installation, _ context: ServiceContext) throws -> Bool {
        let run = try host.performGroup(id, isDetached: true, stop: { false }, onMember: { _ in }, onMessage: { _ in })
        guard let run else { return try host.control.groupRun(id)?.status.isFinal ?? true }
        context.metrics.change { $0.finishedGroups[run.status, default: 0] += 1 }
        context.log.info("group.finished", metadata: ["run.id": "\(id)", "group": "\(run.groupName)", "status": "\(run.status.rawValue)"])
        return true
    }
}

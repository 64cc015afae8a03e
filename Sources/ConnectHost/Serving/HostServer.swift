import ConnectModel
import Foundation
public import Logging
import RunEngine
import StoreAPI
import Synchronization

/// How a server works.
public struct ServeOptions: Sendable {
    /// Most runs at once.
    public var concurrentRuns = 4
    /// How long running work may go on after the server was told to end; then it is cut off, and recovered at the next start.
    public var drainSeconds = 60
    public var logDays: Int64 = 90
    public var rejectDays: Int64 = 30
    public init() {}
}

/// `connecthost serve`: one for each home. Holds the services, wakes them, and ends them in good order (OPS-1).
public final class HostServer: Sendable {
    public let metrics = HostMetrics()
    private let host: Installation
    private let options: ServeOptions
    private let log: Logger
    private let isStopping = Atomic<Bool>(false)
    private let loops = Mutex<[ServiceLoop]>([])
    private let runs: RunService
    private let lock: RunLock
    private let startedAt = DispatchTime.now()

    /// Throws `serve.running` when another server has this home.
    public init(_ host: Installation, options: ServeOptions, log: Logger) throws {
        guard let lock = try RunLock.acquire(directory: host.home.server) else {
            let holder = RunLock.holder(directory: host.home.server).map { " (process \($0))" } ?? ""
            throw ConnectError(
                "serve.running", .configuration, "Another server is running on \(host.home.root)\(holder).",
                remedy: "One is enough; stop that one first to start another.")
        }
        lock.write(processID: getpid())
        self.lock = lock
        self.host = host
        self.options = options
        self.log = log
        runs = RunService(host, limit: max(1, options.concurrentRuns))
    }

    /// Starts every service.
    public func start() throws {
        try ServerBell.listen(host.home) { [weak self] in self?.wakeAll() }
        let services: [any BackgroundService] = [
            ScheduleService(host), runs, FileArrivalService(host), OutboxService(host), TableExpiryService(host),
            RetentionService(host, logDays: options.logDays, rejectDays: options.rejectDays), StartUpPagesService(),
        ]
        let started = services.map { service in ServiceLoop(service, context(for: service)) }
        loops.withLock { $0 = started }
        started.forEach { $0.start() }
        metrics.change { $0.isReady = true }
        log.notice("serve.ready", metadata: ["home": "\(host.home.root)", "runs.limit": "\(options.concurrentRuns)"])
    }

    public func wakeAll() { loops.withLock { $0 }.forEach { $0.wake() } }

    /// SIGHUP: looks at the connector directories again (CON-4) and wakes every service.
    public func rescan() {
        let found = host.catalog.scan()
        let refused = found.filter { $0.refused != nil }
        log.notice("connectors.rescanned", metadata: ["files": "\(found.count)", "refused": "\(refused.count)"])
        wakeAll()
    }

    /// SIGTERM: begins nothing more, lets running work end, cuts it off after the limit. What was cut off is interrupted, and its next attempt
    /// finishes or redoes it (Docs/run-states.md).
    public func stop() {
        metrics.change { $0.isReady = false }
        log.notice("serve.draining", metadata: ["runs": "\(metrics.current.runningRuns)", "limit_s": "\(options.drainSeconds)"])
        isStopping.store(true, ordering: .relaxed)
        wakeAll()
        let deadline = DispatchTime.now() + .seconds(options.drainSeconds)
        while !runs.own.isEmpty && DispatchTime.now() < deadline { usleep(50_000) }
        if !runs.own.isEmpty { cutOff() }
        loops.withLock { $0 }.forEach { $0.join() }
        log.notice("serve.ended", metadata: [:])
    }

    private func cutOff() {
        let own = runs.own
        // A store that cannot be read now is read by the next server, which finds the workers' runs as they are.
        let unfinished = (try? host.control.unfinishedRuns()) ?? []
        for run in unfinished where own.contains(run.id.number) || run.group.map({ own.contains($0.number) }) ?? false {
            guard let worker = RunLock.holder(directory: host.home.run(run.id)) else { continue }
            log.warning("run.cut-off", metadata: ["run.id": "\(run.id)", "job": "\(run.jobName)"])
            kill(worker, SIGKILL)
        }
        // Their threads write down that they were interrupted; a few seconds are plenty.
        for _ in 0..<100 where !runs.own.isEmpty { usleep(50_000) }
    }

    public var uptimeSeconds: Double { Double(DispatchTime.now().uptimeNanoseconds - startedAt.uptimeNanoseconds) / 1e9 }

    private func context(for service: any BackgroundService) -> ServiceContext {
        var log = log
        log[metadataKey: "service"] = "\(service.name)"
        return ServiceContext(
            log: log, metrics: metrics, clock: host.clock, isStopping: { [weak self] in self?.isStopping.load(ordering: .relaxed) ?? true },
            wakeAll: { [weak self] in self?.wakeAll() })
    }
}

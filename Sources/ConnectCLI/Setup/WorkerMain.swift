import ConnectModel
import ConnectorRuntime
import Foundation
import GnuPG
import RunEngine
import SQLiteStore
import StoreAPI

/// Composes stores, connectors and the run engine for one task, and reports how it went.
struct WorkerMain {
    let request: WorkerRequest
    let channel: WorkerChannel

    private var home: HomeLayout { HomeLayout(request.home) }
    private var redaction: Redaction {
        Redaction(secrets: request.connections.flatMap(\.secrets) + (request.job?.secrets ?? []) + request.passphrases.values)
    }

    func perform() {
        WorkerGuard.apply(request.limits)
        NetworkService.hold(to: request.network)
        let cancellation = Cancellation()
        listenForCancel(cancellation)
        do {
            channel.send(.finished(try result(cancellation)))
        } catch {
            let known = error as? ConnectError ?? ConnectError("worker.defect", .internal, "An unexpected error: \(error)")
            var failure = RunFailure(known)
            failure.message = redaction.redacted(failure.message)
            channel.send(.finished(.failed(failure)))
        }
        // Connectors may have threads of their own; leaving at once is the only end that none of them can hold up.
        _exit(0)
    }

    /// SIGINT, SIGTERM and the end of standard input all mean: stop in good order.
    private func listenForCancel(_ cancellation: Cancellation) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Thread.detachNewThread {
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGINT)
            sigaddset(&signals, SIGTERM)
            var number: Int32 = 0
            while sigwait(&signals, &number) == 0 { cancellation.cancel() }
        }
        guard !request.isDetached else { return }
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while true {
                let count = read(0, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            cancellation.cancel()
        }
    }

    private func result(_ cancellation: Cancellation) throws -> WorkerResult {
        switch request.task {
        case .run(let id): return .run(redaction.redacted(try run(id, cancellation)))
        case .preview(let job, let rows): return .preview(try preview(job, rows, cancellation))
        case .checkServer(let directory):
            try check(WorkerReporter(channel: channel, file: nil, redaction: redaction), directory, cancellation)
            return .checked
        case .identifyServer:
            return .identities(try connector(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation).identify())
        case .listFiles(let directory):
            let environment = try environment(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation)
            return .files(try DirectoryLook(environment, server: request.connections.first?.server ?? "").files(in: directory))
        case .browse(let directory):
            let environment = try environment(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation)
            return .directory(try DirectoryLook(environment, server: request.connections.first?.server ?? "").everything(in: directory))
        case .inspectFile(let path, let member, let rows):
            let environment = try environment(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation)
            return .inspected(
                try FileInspector(environment, server: request.connections.first?.server ?? "").inspect(path, member: member, rows: rows))
        case .transfer(let transfer):
            return .transferred(try perform(transfer, cancellation))
        case .checkJob:
            guard let job = request.job else { throw ConnectError("worker.request", .internal, "No job was named.") }
            let bridge = try JobBridge(job, reporter: WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation: cancellation)
            return try bridge.check()
        }
    }

    private func run(_ id: RunID, _ cancellation: Cancellation) throws -> Run {
        guard let lock = try RunLock.acquire(directory: home.run(id)) else {
            throw ConnectError("run.active", .configuration, "Another worker is on run \(id).")
        }
        lock.write(processID: getpid())
        let log = try RunLogFile(path: home.runLog(id), redaction: redaction)
        let reporter = WorkerReporter(channel: channel, file: log, redaction: redaction)
        WorkerGuard.watch(request.limits, cancellation, reporter)
        let environment = try environment(reporter, cancellation)
        guard let run = try environment.control.run(id) else { throw ConnectError("run.missing", .configuration, "There is no run \(id).") }
        let executor = request.job == nil ? try kind(run.kind).executor(environment) : try ProvidedRun(environment)
        return try withExtendedLifetime(lock) { try executor.execute(id) }
    }

    private func kind(_ name: String) throws -> any JobKind { try JobKindRegistry().kind(name) }

    private func check(_ reporter: WorkerReporter, _ directory: String?, _ cancellation: Cancellation) throws {
        let connector = try connector(reporter, cancellation)
        try connector.check()
        if connector.isSource { return try checkStreams(of: connector, reporter) }
        guard let directory else { return }
        let transport = try connector.opener().open(cancellation)
        defer { transport.close() }
        try WriteProbe(transport, report: reporter.step).run(in: directory)
    }

    private func checkStreams(of connector: ConnectorBridge, _ reporter: WorkerReporter) throws {
        let start = ContinuousClock.now
        let names = try connector.streamNames()
        let shown = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
        let message = names.isEmpty ? "There is none." : "\(names.count): \(shown)"
        reporter.step(
            ConnectionStep(name: "streams", succeeded: true, milliseconds: (ContinuousClock.now - start) / .milliseconds(1), message: message))
    }

    private func preview(_ job: Job, _ rows: Int, _ cancellation: Cancellation) throws -> JobPreview {
        let work = home.root + "/runs/preview-\(getpid())"
        // A preview's spill files are of no use to anybody afterwards.
        defer { try? FileManager.default.removeItem(atPath: work) }
        let environment = try environment(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation)
        return try kind(job.kind).preview(job, rows: rows, environment, workDirectory: work)
    }

    private func perform(_ transfer: TransferTask, _ cancellation: Cancellation) throws -> TransferTotal {
        let environment = try environment(WorkerReporter(channel: channel, file: nil, redaction: redaction), cancellation)
        guard let server = request.connections.first?.server else { throw ConnectError("worker.request", .internal, "No server was named.") }
        guard let connections = transfer.connections else {
            let transport = try environment.transport(to: server)
            defer { transport.close() }
            let single = FileTransfer(transport)
            let bytes =
                try transfer.isUpload ? single.upload(transfer.local, to: transfer.remote) : single.download(transfer.remote, to: transfer.local)
            return TransferTotal(files: 1, bytes: bytes)
        }
        let all = DirectoryTransfer(connections: connections) { try environment.transport(to: server) }
        return try transfer.isUpload ? all.upload(transfer.local, to: transfer.remote) : all.download(transfer.remote, to: transfer.local)
    }

    private func environment(_ reporter: WorkerReporter, _ cancellation: Cancellation) throws -> RunEnvironment {
        let bridges = try request.connections.map { ($0.server, try ConnectorBridge(connection: $0, reporter: reporter, cancellation: cancellation)) }
        let openers = try bridges.filter { !$0.1.isSource }.map { ($0.0, try $0.1.opener()) }
        let sources = try bridges.filter { $0.1.isSource }.map { ($0.0, try $0.1.rowSource()) }
        return RunEnvironment(
            home: home,
            control: try Composition.control(home, cleaned: redaction.redacted),
            audience: try Composition.audience(home),
            openers: Dictionary(uniqueKeysWithValues: openers),
            sources: Dictionary(uniqueKeysWithValues: sources),
            reporter: reporter,
            cancellation: cancellation,
            topLevelDomainsFile: Composition.topLevelDomains(home),
            phoneNumberLibrary: Composition.phoneNumberLibrary,
            providedJob: try request.job.map { job in
                try JobBridge(job, reporter: reporter, cancellation: cancellation).job()
            },
            keyRing: KeyRing(directory: home.keyRing, passphrases: request.passphrases.mapValues(Secret.init)),
            events: Composition.events(home),
            clock: Composition.now)
    }

    private func connector(_ reporter: WorkerReporter, _ cancellation: Cancellation) throws -> ConnectorBridge {
        guard let connection = request.connections.first else { throw ConnectError("worker.request", .internal, "No server was named.") }
        return try ConnectorBridge(connection: connection, reporter: reporter, cancellation: cancellation)
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import ConnectWeb
import Foundation
import Logging
import Synchronization

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run this home by itself: schedules, groups, arriving files, recovery, what follows runs.",
        discussion: """
            One server a home; every other command works beside it. SIGTERM begins nothing more, lets running work end and leaves; what is not done
            within --drain is cut off and finished after the next start. SIGHUP looks at the connectors again. Docs/operations.md has the rest.

            Example: connecthost serve --home /srv/connecthost --http 127.0.0.1:9180
            """)
    @Option(name: .long, help: ArgumentHelp("Where to answer /healthz, /readyz and /metrics; port 0 takes any free one.", valueName: "host:port"))
    var http = "127.0.0.1:9180"
    @Flag(name: .long, help: "Answer no HTTP.") var noHttp = false
    @Option(name: .long, help: ArgumentHelp("Most runs at once.", valueName: "count")) var concurrency = 4
    @Option(name: .long, help: ArgumentHelp("How long running work may go on after SIGTERM.", valueName: "seconds")) var drain = 60
    @Option(name: .long, help: ArgumentHelp("How long logs of runs are kept.", valueName: "days")) var keepLogs: Int64 = 90
    @Option(name: .long, help: ArgumentHelp("How long rejected records are kept.", valueName: "days")) var keepRejects: Int64 = 30
    @Option(name: .long, help: "Form of the log on standard error: text or json.") var logFormat = ServerLogFormat.text
    @OptionGroup var host: HostOptions

    func validate() throws {
        guard concurrency >= 1, concurrency <= 64 else { throw ValidationError("--concurrency is from 1 to 64.") }
        guard drain >= 0, keepLogs >= 1, keepRejects >= 1 else {
            throw ValidationError("Times are not negative, and something is kept for a day at least.")
        }
        guard noHttp || address != nil else { throw ValidationError("--http is written like 127.0.0.1:9180.") }
    }

    private var address: (host: String, port: Int)? {
        guard let colon = http.lastIndex(of: ":"), let port = Int(http[http.index(after: colon)...]), (0...65535).contains(port) else { return nil }
        let host = http[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return host.isEmpty ? nil : (host, port)
    }

    func run() throws {
        // Before the first thread begins, so that all of them leave these signals to this one.
        let signals = ServerSignals()
        let log = Logger(label: "connecthost") { [logFormat] _ in ServerLogHandler(format: logFormat) }
        var options = ServeOptions()
        options.concurrentRuns = concurrency
        options.drainSeconds = drain
        options.logDays = keepLogs
        options.rejectDays = keepRejects
        let opened = try host.open()
        let server = try HostServer(opened, options: options, log: log)
        try answer(opened, server, log)
        try server.start()
        let systemd = SystemdNotifier()
        systemd.ready("Ready")
        signals.wait(hangUp: {
            systemd.reloading()
            server.rescan()
            systemd.ready("Ready")
        })
        systemd.stopping()
        server.stop()
    }

    /// Starts the HTTP side and returns once it listens.
    private func answer(_ opened: Installation, _ server: HostServer, _ log: Logger) throws {
        guard !noHttp, let address else { return }
        let listening = DispatchSemaphore(value: 0)
        let failure = Mutex<String?>(nil)
        let operations = OperationsServer(server, log: log)
        // The one place where this program enters async code.
        Task {
            do {
                try await operations.run(host: address.host, port: address.port) { port in
                    log.notice("http.listening", metadata: ["address": "\(address.host):\(port)"])
                    opened.writeServerAddress("\(address.host):\(port)")
                    listening.signal()
                }
            } catch {
                failure.withLock { $0 = "\(error)" }
                listening.signal()
            }
        }
        listening.wait()
        if let reason = failure.withLock({ $0 }) {
            throw ConnectError(
                "serve.http", .configuration, "\(http) cannot be listened on: \(reason)",
                remedy: "Choose another address with --http, or none with --no-http.")
        }
    }
}

/// SIGTERM, SIGINT and SIGHUP, taken by one thread that waits for them.
private struct ServerSignals {
    private var set = sigset_t()

    init() {
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Returns when the server shall end.
    func wait(hangUp: () -> Void) {
        var set = set
        var number: Int32 = 0
        while sigwait(&set, &number) == 0 {
            guard number == SIGHUP else { return }
            hangUp()
        }
    }
}

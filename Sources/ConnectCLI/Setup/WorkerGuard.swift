import CHostShims
import ConnectModel
import ConnectorRuntime
import Foundation
import RunEngine

/// Holds this worker process to its limits (CON-6).
enum WorkerGuard {
    /// How long a worker that is out of time may take to stop in good order.
    private static let graceSeconds: UInt32 = 10

    /// Before any connector is loaded.
    static func apply(_ limits: WorkerLimits) {
        // A core of a crashed connector would hold the passwords it was given, and so does this process's memory.
        _ = chs_keep_memory_private()
        limit(RLIMIT_DATA, limits.memoryBytes)
        limit(RLIMIT_NOFILE, limits.openFiles)
        CrashSignals.restoreDefaults()
    }

    /// Cancels when the time is over, then ends the process: a connector that does not hear would go on for ever.
    static func watch(_ limits: WorkerLimits, _ cancellation: Cancellation, _ reporter: WorkerReporter) {
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: TimeInterval(limits.seconds))
            reporter.log(.error, "The run has taken the \(limits.seconds) s that its job allows (worker.seconds) and is stopped.", [:])
            cancellation.cancel()
            sleep(graceSeconds)
            kill(getpid(), SIGKILL)
        }
    }

    /// Never above what the process was given from outside.
    private static func limit(_ resource: __rlimit_resource, _ value: Int64) {
        let kind = __rlimit_resource_t(resource.rawValue)
        var current = rlimit()
        guard getrlimit(kind, &current) == 0 else { return }
        let most = min(rlim_t(clamping: value), current.rlim_max)
        var new = rlimit(rlim_cur: most, rlim_max: most)
        setrlimit(kind, &new)
    }
}

public import ConnectModel
import Synchronization

/// What the server has done since it began, and how it stands; the names are a contract (Docs/operations.md).
public final class HostMetrics: Sendable {
    public struct Values: Sendable {
        /// By kind and status.
        public var finishedRuns: [String: [RunStatus: Int64]] = [:]
        public var finishedGroups: [RunStatus: Int64] = [:]
        public var records = RecordCounts()
        public var bytes: Int64 = 0
        public var startedBySchedule: Int64 = 0
        public var startedByFile: Int64 = 0
        public var missedStarts: Int64 = 0
        /// How late the last starts were, in seconds.
        public var lastLagSeconds: Int64 = 0
        public var largestLagSeconds: Int64 = 0
        public var runningRuns = 0
        public var queuedRuns = 0
        public var scheduled = 0
        /// Seconds since 1970.
        public var nextStart: Int64?
        public var isReady = false
        /// Counters and gauges of services, by whole name.
        public var others: [String: Double] = [:]
        public init() {}
    }

    private let values = Mutex(Values())

    public init() {}

    public func change(_ body: (inout Values) -> Void) { values.withLock { body(&$0) } }

    public var current: Values { values.withLock { $0 } }

    func finished(_ run: Run) {
        change { values in
            values.finishedRuns[run.kind, default: [:]][run.status, default: 0] += 1
            values.records.read += run.records.read
            values.records.inserted += run.records.inserted
            values.records.updated += run.records.updated
            values.records.rejected += run.records.rejected
            values.bytes += run.bytes
        }
    }

    /// In Prometheus' text format.
    public func text(residentBytes: Int64?, uptimeSeconds: Double) -> String {
        let values = current
        var lines: [String] = []
        func metric(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            lines += ["# HELP connecthost_\(name) \(help)", "# TYPE connecthost_\(name) \(type)"]
            lines += samples.map { "connecthost_\(name)\($0.labels) \($0.value)" }
        }
        func one(_ name: String, _ type: String, _ help: String, _ value: Int64) { metric(name, type, help, [("", String(value))]) }
        metric(
            "runs_finished_total", "counter", "Runs that ended, by kind of job and status.",
            values.finishedRuns.sorted { $0.key < $1.key }.flatMap { kind, counts in
                counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ("{kind=\"\(kind)\",status=\"\($0.key.rawValue)\"}", String($0.value)) }
            })
        metric(
            "group_runs_finished_total", "counter", "Runs of groups that ended, by status.",
            values.finishedGroups.sorted { $0.key.rawValue < $1.key.rawValue }.map { ("{status=\"\($0.key.rawValue)\"}", String($0.value)) })
        let outcomes = [
            ("read", values.records.read), ("inserted", values.records.inserted), ("updated", values.records.updated),
            ("rejected", values.records.rejected),
        ]
        metric("records_total", "counter", "Records of ended runs, by outcome.", outcomes.map { ("{outcome=\"\($0.0)\"}", String($0.1)) })
        one("bytes_total", "counter", "Bytes of the files of ended runs.", values.bytes)
        metric(
            "starts_total", "counter", "Runs the server began by itself, by trigger.",
            [("{trigger=\"schedule\"}", String(values.startedBySchedule)), ("{trigger=\"file\"}", String(values.startedByFile))])
        one("missed_starts_total", "counter", "Starts that passed while no server was running.", values.missedStarts)
        one("runs_running", "gauge", "Runs that are going on.", Int64(values.runningRuns))
        one("runs_queued", "gauge", "Runs that wait for their turn.", Int64(values.queuedRuns))
        one("scheduled", "gauge", "Jobs and groups with a next start.", Int64(values.scheduled))
        one("start_lag_seconds", "gauge", "How late the last starts were.", values.lastLagSeconds)
        one("start_lag_max_seconds", "gauge", "The largest lag since the server began.", values.largestLagSeconds)
        if let next = values.nextStart { one("next_start_timestamp_seconds", "gauge", "When the next start is due.", next) }
        one("ready", "gauge", "1 when the server takes work.", values.isReady ? 1 : 0)
        if let residentBytes { one("resident_memory_bytes", "gauge", "Memory of the server process.", residentBytes) }
        metric("uptime_seconds", "gauge", "Time since the server began.", [("", String(uptimeSeconds))])
        for (name, value) in values.others.sorted(by: { $0.key < $1.key }) {
            metric(name, name.hasSuffix("_total") ? "counter" : "gauge", "Of a service.", [("", String(value))])
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

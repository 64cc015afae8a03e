import ConnectModel
import StoreAPI

/// What a job has loaded before, to know a delivery again (IMP-17).
struct Deliveries {
    let environment: RunEnvironment
    let job: JobID
    let target: ImportTarget
    /// Of one server, by path, size and time: a file that was never archived and may still lie where it was read.
    private let latestRunsLimit = 500

    init(environment: RunEnvironment, job: JobID, target: ImportTarget) {
        self.environment = environment
        self.job = job
        self.target = target
    }

    /// An earlier load of a file that looks the same, if that file was never archived. Looks are not enough to leave a file out:
    /// times are whole seconds on many servers, and tools keep them. Whoever asks compares the contents too.
    func unarchivedLoad(like source: SourceFile) throws -> LedgerEntry? {
        guard source.size >= 0, source.modifiedUnixNanoseconds != nil else { return nil }
        let loads = try ledger(path: source.path).filter {
            $0.server == source.server && $0.size == source.size && $0.modifiedUnixNanoseconds == source.modifiedUnixNanoseconds
        }
        guard let latest = loads.first else { return nil }
        let isArchived = try environment.control.runs(job: job, limit: latestRunsLimit).contains {
            $0.id.number >= latest.run.number && $0.source == source && $0.archivedPath != nil
        }
        return isArchived ? nil : latest
    }

    /// A load of the same bytes under whatever name.
    func load(ofContent sha256: String, except run: RunID) throws -> LedgerEntry? {
        try ledger(sha256: sha256, limit: 2).first { $0.run != run }
    }

    /// The job's last load from this stream.
    func lastLoad(of source: ImportSource) throws -> LedgerEntry? {
        try ledger(path: source.stream, limit: 100).first { $0.server == source.server }
    }

    /// How many records the last loads had, newest first.
    func recordCounts(last count: Int) throws -> [Int64] {
        try ledger(limit: count).prefix(count).map(\.recordsRead)
    }

    /// Newest first. Of a job that makes a table with each run, from all of those.
    private func ledger(path: String? = nil, sha256: String? = nil, limit: Int = 10) throws -> [LedgerEntry] {
        let destination = try ImportDestination.found(target, in: environment.audience)
        var tables = [destination.table.name]
        if target.generatedForDays != nil {
            let prefix = ImportDestination.generatedPrefix(destination.table.name, job)
            tables = try environment.audience.tables(of: target.kind).map(\.name).filter { $0.hasPrefix(prefix) }
        }
        return try tables.flatMap {
            try environment.audience.ledger(LedgerQuery(table: $0, job: job, path: path, sha256: sha256, limit: limit)).filter { $0.part == nil }
        }.sorted { $0.run.number > $1.run.number }
    }
}

import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// What has been read so far, for the run's record and for people who wait.
struct ImportTotals {
    var bytes: Int64 = 0
    var records = RecordCounts()
    var rejectedByReason: [String: Int64] = [:]
}

/// The load of one run: file to staged rows to one commit, as overlapping stages. Fetching and reading have threads of their own;
/// checking and staging run on the caller's.
final class ImportLoad {
    private let definition: ListImportDefinition
    private let source: SourceFile
    private let run: RunID
    private let environment: RunEnvironment
    private(set) var totals = ImportTotals()

    init(definition: ListImportDefinition, source: SourceFile, run: RunID, environment: RunEnvironment) {
        self.definition = definition
        self.source = source
        self.run = run
        self.environment = environment
    }

    /// Reads, stages and commits. The rejects file is complete before the commit, so the one never stands without the other.
    func apply(from transport: any Transport, startedAt: Int64) throws -> LedgerEntry {
        let rejects = try RejectsWriter(path: environment.home.rejects(run))
        let input = try ImportInput(definition: definition, source: source, transport: transport, environment: environment)
        defer { input.stop() }
        let list = try environment.audience.list(named: definition.list)
        let mapping = try input.mapping(onto: list)
        if !mapping.newFields.isEmpty {
            try environment.audience.addFields(mapping.newFields, to: list.name)
            log(.info, "New fields of \(list.name): \(mapping.newFields.map(\.name).joined(separator: ", ")).")
        }
        let checker = try input.checker(mapping)
        let load = try environment.audience.beginListLoad(
            ListLoadPlan(
                list: list.name, columns: checker.columns, policy: definition.policy, run: run, workDirectory: environment.home.work(run),
                loadedAtUnixMilliseconds: startedAt))
        defer { load.discard() }
        try input.forEachBatch(checker) { checked in
            try rejects.write(checked.rejects)
            try load.stage(checked.batch, accepted: checked.accepted)
            count(checked, rejects, input)
        }
        count(rejects, input)
        try LoadLimits(definition).check(totals)
        Failpoint.hit("run.staged")
        return try commit(load, rejects, input)
    }

    private func commit(_ load: any ListLoad, _ rejects: RejectsWriter, _ input: ImportInput) throws -> LedgerEntry {
        try load.apply(
            reject: { try rejects.write(RecordReject(line: $0.line, reason: $0.reason, raw: [])) },
            progress: { merged in
                self.environment.reporter.progress(self.progress("merging", input, merged: merged))
            },
            isCancelled: { self.environment.cancellation.isCancelled },
            prepareCommit: { counts in
                if rejects.total > 0 { try rejects.finish() }
                self.count(rejects, input)
                Failpoint.hit("run.rejects-written")
                return self.entry(counts, input)
            })
    }

    private func entry(_ counts: MergeCounts, _ input: ImportInput) -> LedgerEntry {
        LedgerEntry(
            run: run, list: definition.list, server: source.server, path: source.path, size: source.size >= 0 ? source.size : input.bytesRead,
            modifiedUnixNanoseconds: source.modifiedUnixNanoseconds, sha256: input.sha256, recordsRead: totals.records.read, counts: counts,
            rejectedByReason: totals.rejectedByReason, appliedAtUnixMilliseconds: environment.clock())
    }

    private func count(_ checked: CheckedBatch, _ rejects: RejectsWriter, _ input: ImportInput) {
        totals.records.read += Int64(checked.acceptedCount + checked.rejects.count)
        totals.records.rejected = rejects.total
        totals.bytes = input.bytesRead
        environment.reporter.progress(progress("reading", input, merged: 0))
    }

    private func count(_ rejects: RejectsWriter, _ input: ImportInput) {
        totals.bytes = input.bytesRead
        totals.records.rejected = rejects.total
        totals.rejectedByReason = Dictionary(uniqueKeysWithValues: rejects.counts.map { ($0.key.rawValue, $0.value) })
    }

    private func progress(_ phase: String, _ input: ImportInput, merged: Int64) -> RunProgress {
        RunProgress(
            phase: phase, bytes: input.bytesRead, totalBytes: source.size >= 0 ? source.size : nil, records: totals.records.read,
            rejected: totals.records.rejected, merged: merged)
    }

    private func log(_ level: LogLine.Level, _ message: String) { environment.reporter.log(level, message) }
}

/// What a job demands of a file as a whole (IMP-16 and the volume gates).
struct LoadLimits {
    private let definition: ListImportDefinition

    init(_ definition: ListImportDefinition) { self.definition = definition }

    func check(_ totals: ImportTotals) throws {
        let read = totals.records.read
        if read == 0 && definition.failsIfEmpty {
            throw ConnectError("file.empty", .data, "The file holds no records, and the job says that this is a failure (options.fail_if_empty).")
        }
        if read < definition.minimumRecords {
            throw ConnectError(
                "limit.min-records", .data, "The file holds \(read) records; the job wants at least \(definition.minimumRecords) (limits.min_records).",
                remedy: "Nothing was loaded. Ask for the whole file, or lower the limit.")
        }
        let percent = read > 0 ? Double(totals.records.rejected) * 100 / Double(read) : 0
        if percent > definition.maximumRejectedPercent {
            throw ConnectError(
                "limit.max-rejected", .data,
                "\(totals.records.rejected) of \(read) records were rejected; the job allows \(definition.maximumRejectedPercent) % (limits.max_rejected_percent).",
                remedy: "Nothing was loaded. `connecthost runs rejects` shows them.")
        }
    }
}

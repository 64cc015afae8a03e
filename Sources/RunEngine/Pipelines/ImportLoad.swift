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

/// The load of one run: file or source to staged rows to one commit, as overlapping stages. Fetching and reading have threads of their own;
/// checking and staging run on the caller's.
final class ImportLoad {
    private let definition: ImportDefinition
    private let source: SourceFile
    private let expectedRecords: Int64?
    private let run: RunID
    /// For a file that is a part of its run, and not what the run is about.
    private let part: String?
    private let environment: RunEnvironment
    /// An earlier load of a file that looks like this one and was never archived.
    private let suspect: LedgerEntry?
    private(set) var totals = ImportTotals()
    private(set) var warnings: [String] = []

    /// `expectedRecords` is what the count file says.
    init(
        definition: ImportDefinition, source: SourceFile, suspect: LedgerEntry?, expectedRecords: Int64?, run: RunID, part: String? = nil,
        environment: RunEnvironment
    ) {
        self.definition = definition
        self.source = source
        self.suspect = suspect
        self.expectedRecords = expectedRecords
        self.run = run
        self.part = part
        self.environment = environment
    }

    enum Outcome {
        case applied(LedgerEntry)
        /// The very delivery that an earlier run loaded; nothing was changed.
        case loadedBefore(LedgerEntry)
    }

    /// Reads, stages and commits. The rejects file is complete before the commit, so the one never stands without the other.
    func apply(startedAt: Int64, _ open: () throws -> any ImportInput) throws -> Outcome {
        let rejects = try RejectsWriter(path: environment.home.rejects(run, part: part))
        let input = try open()
        defer { input.stop() }
        var destination = try ImportDestination.found(definition.target, in: environment.audience)
        let mapping = try input.mapping(onto: destination)
        warnLeftOut(mapping)
        let made = try makeTable(for: &destination, startedAt)
        do {
            let outcome = try load(&destination, mapping, input, rejects, startedAt)
            if case .loadedBefore = outcome { drop(made) }
            return outcome
        } catch {
            drop(made)
            throw error
        }
    }

    private func load(
        _ destination: inout ImportDestination, _ mapping: MappingPlan, _ input: any ImportInput, _ rejects: RejectsWriter, _ startedAt: Int64
    ) throws -> Outcome {
        let added = mapping.newFields.filter { destination.table.field($0.name) == nil }
        if !added.isEmpty {
            let before = destination.table
            try environment.audience.addFields(added, to: before.name)
            destination.added(added)
            try environment.control.note(.update, before.auditName, before: before.auditValue, after: destination.table.auditValue)
            log(.info, "New fields of \(destination.table.name): \(added.map(\.name).joined(separator: ", ")).")
        }
        let checker = try input.checker(mapping, destination)
        let load = try StagedLoads(
            destination, columns: checker.columns, run: run, audience: environment.audience, workDirectory: environment.home.work(run),
            loadedAtUnixMilliseconds: startedAt, part: part)
        defer { load.discard() }
        var cut: [String: Int] = [:]
        try input.forEachBatch(checker) { checked in
            try rejects.write(checked.rejects)
            try load.stage(checked.batch, accepted: checked.accepted)
            for (field, count) in checked.cut { cut[field, default: 0] += count }
            count(checked, rejects, input)
        }
        warnCut(cut)
        count(rejects, input)
        try input.checkUnchanged()
        if let suspect, suspect.sha256 == input.sha256 { return .loadedBefore(suspect) }
        let deliveries = Deliveries(environment: environment, job: run.job, target: definition.target)
        let counts = definition.maximumDeviationPercent == nil ? [] : try deliveries.recordCounts(last: definition.deviationRuns)
        try LoadLimits(definition: definition, expectedRecords: expectedRecords, earlierCounts: counts).check(totals)
        try checkContent(input, deliveries)
        Failpoint.hit("run.staged")
        return .applied(try commit(load, destination, rejects, input))
    }

    /// The table that this run is to have for itself; an earlier attempt may have made it already (IMP-14).
    private func makeTable(for destination: inout ImportDestination, _ now: Int64) throws -> AudienceTable? {
        guard let table = destination.generated(for: run, atUnixMilliseconds: now) else { return nil }
        if let present = try environment.audience.tables(of: table.kind).first(where: { $0.name == table.name }) {
            destination.use(present)
            return present
        }
        try environment.audience.create(table)
        try environment.control.note(.create, table.auditName, before: nil, after: table.auditValue)
        log(.info, "Made \(table.kind.noun) \"\(table.name)\" with the fields of \"\(destination.table.name)\".")
        destination.use(table)
        return table
    }

    /// A table that was made for a load that did not come about. A commit may stand although its answer was an error; the witness knows.
    /// What cannot be dropped now goes when it expires.
    private func drop(_ made: AudienceTable?) {
        guard let made else { return }
        do {
            guard try environment.audience.appliedLoad(run: run) == nil else { return }
            try environment.audience.dropTable(named: made.name)
            try environment.control.note(.remove, made.auditName, before: made.auditValue, after: nil)
        } catch {
            log(.warning, "\"\(made.name)\" could not be dropped: \(error)")
        }
    }

    /// The same bytes once more, under whatever name.
    private func checkContent(_ input: any ImportInput, _ deliveries: Deliveries) throws {
        // A table that is read whole each time is often what it was: that deserves no warning.
        let isAsked = definition.source == nil ? definition.sameContent != .load : definition.sameContent == .refuse
        guard isAsked, totals.records.read > 0, let twin = try deliveries.load(ofContent: input.sha256, except: run) else {
            return
        }
        let what =
            definition.source == nil
            ? "The file holds the very bytes of \(twin.path), which run \(twin.run) loaded" : "The rows are the very ones that run \(twin.run) loaded"
        guard definition.sameContent == .warn else {
            throw ConnectError(
                "file.same-content", .data, "\(what); the job refuses the same content twice (options.same_content).", remedy: "Nothing was loaded.")
        }
        warnings.append("\(what).")
        log(.warning, "\(what).")
    }

    private func warnCut(_ cut: [String: Int]) {
        guard !cut.isEmpty else { return }
        let named = cut.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let warning = "Values that were longer than their field and were cut (target.long_text): \(named)."
        warnings.append(warning)
        log(.warning, warning)
    }

    private func warnLeftOut(_ mapping: MappingPlan) {
        let columns = mapping.unmapped.filter { !definition.ignoredColumns.contains($0.sourceName) }
        guard !columns.isEmpty else { return }
        let named = columns.prefix(20).map { "\($0.sourceName) (\($0.reason))" }.joined(separator: ", ") + (columns.count > 20 ? ", …" : "")
        warnings.append("Columns of the \(definition.origin) that are not loaded: \(named).")
        log(.warning, "Columns of the \(definition.origin) that are not loaded: \(named).")
    }

    private func commit(_ load: StagedLoads, _ destination: ImportDestination, _ rejects: RejectsWriter, _ input: any ImportInput) throws
        -> LedgerEntry
    {
        let isCancelled = { self.environment.cancellation.isCancelled }
        let people = try load.applyPeople(sha256: input.sha256, isCancelled: isCancelled) { self.entry($0, destination.owner?.name ?? "", input) }
        if let people { log(.info, "\(people.counts.inserted) people were added to \(people.table).") }
        Failpoint.hit("run.people")
        return try load.apply(
            reject: { try rejects.write(RecordReject(line: $0.line, reason: $0.reason, raw: [])) },
            progress: { merged in
                self.environment.reporter.progress(self.progress("merging", input, merged: merged))
            },
            isCancelled: isCancelled,
            prepareCommit: { counts in
                if rejects.total > 0 { try rejects.finish() }
                self.count(rejects, input)
                Failpoint.hit("run.rejects-written")
                var entry = self.entry(counts, destination.table.name, input)
                entry.addedPeople = people?.counts.inserted
                return entry
            })
    }

    private func entry(_ counts: MergeCounts, _ table: String, _ input: any ImportInput) -> LedgerEntry {
        LedgerEntry(
            run: run, part: part, table: table, server: source.server, path: source.path, size: source.size >= 0 ? source.size : input.bytesRead,
            modifiedUnixNanoseconds: source.modifiedUnixNanoseconds, sha256: input.sha256, recordsRead: totals.records.read, counts: counts,
            rejectedByReason: totals.rejectedByReason, appliedAtUnixMilliseconds: environment.clock(), mark: input.mark)
    }

    private func count(_ checked: CheckedBatch, _ rejects: RejectsWriter, _ input: any ImportInput) {
        totals.records.read += Int64(checked.acceptedCount + checked.rejects.count)
        totals.records.rejected = rejects.total
        totals.bytes = input.bytesRead
        environment.reporter.progress(progress("reading", input, merged: 0))
    }

    private func count(_ rejects: RejectsWriter, _ input: any ImportInput) {
        totals.bytes = input.bytesRead
        totals.records.rejected = rejects.total
        totals.rejectedByReason = Dictionary(uniqueKeysWithValues: rejects.counts.map { ($0.key.rawValue, $0.value) })
    }

    private func progress(_ phase: String, _ input: any ImportInput, merged: Int64) -> RunProgress {
        RunProgress(
            phase: phase, bytes: input.bytesRead, totalBytes: source.size >= 0 ? source.size : nil, records: totals.records.read,
            rejected: totals.records.rejected, merged: merged)
    }

    private func log(_ level: LogLine.Level, _ message: String) { environment.reporter.log(level, message) }
}

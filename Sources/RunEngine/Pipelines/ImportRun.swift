public import ConnectModel
import Foundation
import StoreAPI

/// Takes one import run from wherever it stands to its end. Every state is written down before the work after it begins, so this may be
/// killed anywhere and called again (IMP-17; the table is `ImportRunState`).
public struct ImportRun: RunExecutor {
    private let environment: RunEnvironment
    private let kind: any ImportKind

    /// The kind tells where records go; ending a run that was loaded by something else needs none.
    public init(_ environment: RunEnvironment, kind: any ImportKind = ListImport()) {
        self.environment = environment
        self.kind = kind
    }

    public func execute(_ id: RunID) throws -> Run {
        var run = try environment.control.claim(id, atUnixMilliseconds: environment.clock())
        try proceed(&run, by: run.definition, to: .finished)
        return run
    }

    /// Takes a claimed run on by this definition of an import, as far as `last` or to its end, if that comes first. A job kind that lives
    /// in a connector gives a definition other than the run's own, the same one at each attempt.
    func proceed(_ run: inout Run, by definition: [String: JSONValue], to last: ImportRunState) throws {
        let definition = try ImportDefinition(definition, of: kind)
        // One connection for the whole run: on a busy server each costs more than everything else the archiving does.
        let connection = RunConnection(environment, server: definition.server)
        defer { connection.close() }
        if run.epoch > 1 { log(.warning, "Attempt \(run.epoch): the one before was interrupted in state \(run.state.rawValue).") }
        Failpoint.hit("run.claimed")
        while run.state != .finished, run.state != last.state {
            do {
                try step(&run, definition, connection)
            } catch let error as ConnectError where error.code != "run.stale" {
                try fail(&run, error)
            }
        }
        guard run.state == .finished else { return }
        // Spill files of a run that has ended are of no use; a directory that cannot be removed harms nothing.
        try? FileManager.default.removeItem(atPath: environment.home.work(run.id))
        Failpoint.hit("run.finished")
    }

    private func step(_ run: inout Run, _ definition: ImportDefinition, _ connection: RunConnection) throws {
        switch try importState(of: run).recovery {
        case .redo: try load(&run, definition, connection)
        case .askWitness:
            if let witness = try environment.audience.appliedLoad(run: run.id) {
                log(.info, "The rows of this run were committed before it was interrupted; it goes on from there.")
                try advanceApplied(&run, witness)
            } else {
                try load(&run, definition, connection)
            }
        case .finishArchiving:
            if run.state == ImportRunState.applied.state {
                try handOverEvents(run, definition)
                try loadScope(&run, definition, connection)
            }
            try archive(&run, definition, connection)
        case .close: try close(&run)
        case .nothing: break
        }
    }

    private func importState(of run: Run) throws -> ImportRunState {
        guard let state = ImportRunState(rawValue: run.state.rawValue) else { throw RunStateError.unknown(run) }
        return state
    }

    private func advance(_ run: inout Run, to state: ImportRunState, _ change: (inout Run) -> Void = { _ in }) throws {
        let from = run.state
        var next = run
        next.state = state.state
        change(&next)
        try environment.control.advance(next, from: from)
        run = next
    }

    private func load(_ run: inout Run, _ definition: ImportDefinition, _ connection: RunConnection) throws {
        if let source = definition.source { return try loadRows(&run, definition, source) }
        let transport = try connection.transport()
        let definition = try definition.named(from: transport)
        let now = Date(timeIntervalSince1970: Double(run.createdAtUnixMilliseconds) / 1000)
        let deliveries = Deliveries(environment: environment, job: run.id.job, target: definition.target)
        let selection = SourceSelection(definition: definition, transport: transport) { try deliveries.unarchivedLoad(like: $0) != nil }
        var source = try selection.select(at: now)
        let countFile = try selection.countFile(of: source, at: now)
        let readyFile = try selection.readyFile(of: source, at: now)
        let scopeFile = try selection.scopeFile(of: source, at: now)
        let expected = try countFile.map {
            try CountFile(definition: definition, transport: transport, environment: environment).expectedRecords(in: $0)
        }
        // Whoever writes the one or the other has finished the data file.
        if countFile == nil, readyFile == nil {
            source = try SettledFile(transport: transport, environment: environment, quietSeconds: definition.settleSeconds).wait(for: source)
        }
        try advance(&run, to: .selected) { run in
            run.source = source
            run.countFile = countFile
            run.readyFile = readyFile
            run.scopeFile = scopeFile
        }
        log(.info, "Taking \(source.path) from \"\(source.server)\".", ["bytes": String(source.size)])
        Failpoint.hit("run.selected")
        if let scopeFile { try ScopeLoad(definition, run: run.id, environment: environment)?.check(scopeFile, transport) }
        let suspect = try deliveries.unarchivedLoad(like: source)
        let load = ImportLoad(
            definition: definition, source: source, suspect: suspect, expectedRecords: expected, run: run.id, environment: environment)
        try apply(load, &run) { try FileInput(definition: definition, source: source, transport: transport, environment: environment) }
    }

    /// Rows of a source (CON-9): there is no file to choose, to wait for or to archive.
    private func loadRows(_ run: inout Run, _ definition: ImportDefinition, _ source: ImportSource) throws {
        let reading = try SourceReading(source, definition, job: run.id.job, environment: environment)
        try advance(&run, to: .selected) { $0.source = reading.place }
        log(.info, "Taking the \(source.onlyNew ? "new " : "")rows of \(source.stream) from \"\(source.server)\".")
        Failpoint.hit("run.selected")
        let load = ImportLoad(
            definition: definition, source: reading.place, suspect: nil, expectedRecords: nil, run: run.id, environment: environment)
        try apply(load, &run) { try reading.open() }
    }

    private func apply(_ load: ImportLoad, _ run: inout Run, _ open: () throws -> any ImportInput) throws {
        let startedAt = run.startedAtUnixMilliseconds ?? environment.clock()
        do {
            let outcome = try repeatingAfterChange { try load.apply(startedAt: startedAt, open) }
            run.warnings += load.warnings
            switch outcome {
            case .applied(let entry): try advanceApplied(&run, entry)
            case .loadedBefore(let earlier): try skip(&run, earlier)
            }
        } catch {
            // What was read before it failed is worth knowing; it is written down with the verdict.
            run.records = load.totals.records
            run.rejectedByReason = load.totals.rejectedByReason
            run.bytes = load.totals.bytes
            throw error
        }
    }

    /// Another job may add fields to the table while this one prepares its rows, which were laid out for the fields before.
    private func repeatingAfterChange(_ load: () throws -> ImportLoad.Outcome) throws -> ImportLoad.Outcome {
        for _ in 0..<3 {
            do {
                return try load()
            } catch let error as ConnectError where error.code == "table.changed" {
                log(.warning, "\(error.message) The records are read once more.")
            }
        }
        return try load()
    }

    private func advanceApplied(_ run: inout Run, _ entry: LedgerEntry) throws {
        try advance(&run, to: .applied) { run in
            run.sha256 = entry.sha256
            run.bytes = entry.size
            run.records = RecordCounts(entry)
            run.rejectedByReason = entry.rejectedByReason
        }
        log(
            .info,
            "Committed: \(run.records.inserted) inserted, \(run.records.updated) updated, \(run.records.unchanged) unchanged, \(run.records.rejected) rejected."
        )
        Failpoint.hit("run.applied")
    }

    private func skip(_ run: inout Run, _ earlier: LedgerEntry) throws {
        let warning = "This delivery of \(earlier.path) was loaded by run \(earlier.run) already; nothing is loaded twice, it is only archived."
        log(.warning, warning)
        try advance(&run, to: .applied) { run in
            run.sha256 = earlier.sha256
            run.warnings.append(warning)
        }
    }

    /// Of a load that raised a custom event (IMP-11). What keeps the event store from taking it leaves the run where it stands, for recovery.
    private func handOverEvents(_ run: Run, _ definition: ImportDefinition) throws {
        guard let name = definition.target.customEvent, let witness = try environment.audience.appliedLoad(run: run.id) else { return }
        Failpoint.hit("run.events")
        let count = try CustomEventHandover(environment).handOver(from: witness.table)
        log(.info, "\(count) custom events \"\(name)\" are in the event store.", ["type": CustomEventHandover.type])
        Failpoint.hit("run.events-stored")
    }

    /// The list is loaded; the scope file was read whole before, and found right. One that has been changed since is told of, and a cause that may go
    /// away leaves the run where it stands, for recovery to come here again.
    private func loadScope(_ run: inout Run, _ definition: ImportDefinition, _ connection: RunConnection) throws {
        guard let file = run.scopeFile, let scope = ScopeLoad(definition, run: run.id, environment: environment) else { return }
        connection.shield()
        Failpoint.hit("run.scope")
        do {
            guard let entry = try scope.apply(file, try connection.transport(), startedAt: run.startedAtUnixMilliseconds ?? environment.clock())
            else { return }
            let rejected = entry.rejectedByReason.values.reduce(0, +)
            log(.info, "Audience scope: \(entry.recordsRead) records of \(file.path) went into \(entry.table), \(rejected) rejected.")
            if rejected > 0 {
                run.warnings.append(
                    "\(rejected) records of the audience scope file were rejected; they are in \(environment.home.rejects(run.id, part: ScopeLoad.part))."
                )
            }
        } catch let error as ConnectError
            where error.category == .data || error.category == .configuration || ["file.changed", "file.replaced"].contains(error.code)
        {
            let warning = "The list is loaded, but the audience scope file is not: \(error.message)"
            log(.warning, warning, ["code": error.code])
            run.warnings.append(warning)
        }
    }

    private func archive(_ run: inout Run, _ definition: ImportDefinition, _ connection: RunConnection) throws {
        guard let source = run.source, definition.source == nil else { return try advance(&run, to: .archived) }
        connection.shield()
        var place: String?
        do {
            let archive = SourceArchive(
                run: run.id, source: source, directory: definition.archiveDirectory, transport: try connection.transport(),
                reporter: environment.reporter)
            place = run.state == ImportRunState.failedKeep.state ? try archive.copy() : try archive.moveAway()
            if run.state != ImportRunState.failedKeep.state { moveFilesBeside(&run, archive) }
        } catch let error as ConnectError where error.code != "run.stale" {
            try archivingFailed(&run, error)
            return
        }
        try advance(&run, to: .archived) { $0.archivedPath = place }
        if let place { log(.info, "Archived as \(place).") }
        Failpoint.hit("run.archived")
    }

    /// Of no weight for the run. But a ready file that stays would say of the next data file that it is whole, and a count file what that one will not have.
    private func moveFilesBeside(_ run: inout Run, _ archive: SourceArchive) {
        for (what, file) in [("count", run.countFile), ("ready", run.readyFile), ("audience scope", run.scopeFile)] {
            guard let file else { continue }
            do {
                _ = try archive.of(file).moveAway()
            } catch {
                let why = (error as? ConnectError)?.message ?? "\(error)"
                run.warnings.append("The \(what) file \"\(file.path)\" could not be archived and stays where it is: \(why)")
            }
        }
    }

    /// What is committed stays committed. The file stays where it is, and the ledger keeps it from being loaded again.
    private func archivingFailed(_ run: inout Run, _ error: ConnectError) throws {
        let warning =
            run.state == ImportRunState.applied.state
            ? "The records are loaded, but the file could not be archived: \(error.message) The next run of this job archives it and loads nothing twice."
            : "The file could not be archived and stays where it is: \(error.message)"
        log(.warning, warning, ["code": error.code])
        try advance(&run, to: .archived) { $0.warnings.append(warning) }
    }

    /// Writes the final status of a run whose work is done.
    func close(_ run: inout Run) throws {
        let now = environment.clock()
        try advance(&run, to: .finished) { run in
            run.status = run.failure.map { $0.category == .cancelled ? .cancelled : .failed } ?? .succeeded
            run.finishedAtUnixMilliseconds = now
        }
        log(run.status == .succeeded ? .info : .error, "Run \(run.id) \(run.status.rawValue).")
    }

    /// The verdict on a run that cannot go on. Which state it leads to decides what becomes of the file (IMP-7).
    private func fail(_ run: inout Run, _ error: ConnectError) throws {
        log(.error, error.description, ["code": error.code])
        // The commit may have come about although its answer was an error: only the witness knows.
        if run.state == ImportRunState.selected.state, let witness = try environment.audience.appliedLoad(run: run.id) {
            return try advanceApplied(&run, witness)
        }
        guard run.state == .queued || run.state == ImportRunState.selected.state else { throw error }
        let now = environment.clock()
        let verdict = verdict(on: run, error)
        try advance(&run, to: verdict) { run in
            run.failure = RunFailure(error)
            if verdict == .finished {
                run.status = error.category == .cancelled ? .cancelled : .failed
                run.finishedAtUnixMilliseconds = now
            }
        }
    }

    private func verdict(on run: Run, _ error: ConnectError) -> ImportRunState {
        guard run.state == ImportRunState.selected.state else { return .finished }
        switch error.category {
        case .data: return .failedData
        case .configuration, .internal: return .failedKeep
        // The server is not to be had, or somebody said stop: the file is simply left for the next run.
        case .transient, .authentication, .cancelled: return .finished
        }
    }

    private func log(_ level: LogLine.Level, _ message: String, _ fields: [String: String] = [:]) {
        environment.reporter.log(level, message, fields)
    }
}

extension RecordCounts {
    init(_ entry: LedgerEntry) {
        self.init()
        read = entry.recordsRead
        inserted = entry.counts.inserted
        updated = entry.counts.updated
        unchanged = entry.counts.unchanged
        skipped = entry.counts.skipped
        duplicates = entry.counts.duplicates
        rejected = entry.rejectedByReason.values.reduce(0, +)
        addedPeople = entry.addedPeople
    }
}

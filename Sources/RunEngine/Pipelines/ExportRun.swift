import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Takes one export run from wherever it stands to its end. Every state is written down before the work after it begins, so this may be
/// killed anywhere and called again (the table is `ExportRunState`).
struct ExportRun: RunExecutor {
    private let environment: RunEnvironment

    init(_ environment: RunEnvironment) { self.environment = environment }

    func execute(_ id: RunID) throws -> Run {
        var run = try environment.control.claim(id, atUnixMilliseconds: environment.clock())
        let definition = try ExportDefinition(run.definition, schema: JobSchema(DataExport()))
        let connection = RunConnection(environment, server: definition.server)
        defer { connection.close() }
        if run.epoch > 1 { log(.warning, "Attempt \(run.epoch): the one before was interrupted in state \(run.state).") }
        Failpoint.hit("export.claimed")
        while run.state != .finished {
            do {
                try step(&run, definition, connection)
            } catch let error as ConnectError where error.code != "run.stale" {
                try fail(&run, definition, connection, error)
            }
        }
        Failpoint.hit("export.finished")
        return run
    }

    private func step(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        guard let state = ExportRunState(rawValue: run.state.rawValue) else { throw RunStateError.unknown(run) }
        switch state.recovery {
        case .redo: try render(&run, definition, connection)
        case .publish: try publish(&run, definition, connection)
        case .announce: try announce(&run, definition, connection)
        case .close: try close(&run)
        case .nothing: break
        }
    }

    // MARK: Writing

    private func render(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        let window = try window(of: run, definition)
        var selection = try definition.selection(environment.control, environment.audience)
        selection.changedSince = window.from
        var upTo = ChangeMark([:])
        try environment.audience.read(selection) { upTo = $0.mark }
        try advance(&run, to: .windowed) { $0.export = ExportProgress(server: definition.server, from: window.from, to: upTo) }
        Failpoint.hit("export.windowed")
        let transport = try connection.transport()
        try removeRemainders(of: run, window, definition, transport)
        let files = try repeating("The file is written") { try write(run, window, selection, definition, transport) }
        try advance(&run, to: .uploaded) { run in
            run.export?.files = files.flatMap(\.files)
            run.export?.to = files.last?.mark ?? upTo
            run.export?.replacedCharacters = files.reduce(0) { $0 + $1.replacedCharacters }
            run.export?.replacedMarks = files.reduce(0) { $0 + $1.replacedMarks }
            run.export?.guardedValues = files.reduce(0) { $0 + $1.guardedValues }
            run.records.read = files.reduce(0) { $0 + $1.records }
            run.bytes = run.export?.files.reduce(0) { $0 + $1.bytes } ?? 0
            run.sha256 = run.export?.files.count == 1 ? run.export?.files[0].sha256 : nil
            run.warnings += Self.warnings(run.export)
        }
        log(.info, "Written: \(run.records.read) records, \(run.bytes) bytes in \(run.export?.files.count ?? 0) file(s).")
        Failpoint.hit("export.uploaded")
    }

    private func window(of run: Run, _ definition: ExportDefinition) throws -> ExportWindows {
        try ExportWindows(of: run, definition, environment.control)
    }

    private func write(
        _ run: Run, _ windows: ExportWindows, _ selection: RowSelection, _ definition: ExportDefinition, _ transport: any Transport
    ) throws -> [ExportRender.Outcome] {
        let form = try ExportFileNames.form(environment.control)
        return try windows.all.map { window in
            var part = selection
            part.changedSince = window.from ?? window.through.map { _ in ChangeMark([:]) }
            part.changedThrough = window.through
            let moment = Date(timeIntervalSince1970: Double(window.atUnixMilliseconds) / 1000)
            let render = ExportRender(
                definition: definition, environment: environment, transport: transport,
                place: { try place(definition, window.run, moment, $0, form, run.epoch) }, modified: window.atUnixMilliseconds / 1000)
            let outcome = try render.render(part)
            if outcome.records == 0, definition.ifEmpty == .fail, window.run == run.id {
                throw ConnectError(
                    "export.empty", .data, "There is no record to export.",
                    remedy: "options.if_empty: write makes a file all the same, skip makes none.")
            }
            return outcome
        }
    }

    private func place(
        _ definition: ExportDefinition, _ run: RunID, _ moment: Date, _ part: Int?, _ form: String, _ epoch: Int64
    ) throws -> ExportedFile {
        let name = try definition.name.dataFile(run: run, at: moment, part: part, form: form)
        let path = RemotePath.join(definition.directory, name)
        let ready = definition.readyFile == .none ? nil : RemotePath.join(definition.directory, definition.name.readyFile(name))
        return ExportedFile(
            path: path, temporaryPath: ExportNames.temporary(path, epoch: epoch), readyPath: ready, bytes: 0, records: 0, sha256: "")
    }

    /// A server may go away and come back: a file is written again from its beginning, and a step that looks before it acts is taken again (FS-8).
    private func repeating<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
        var attempt = 1
        while true {
            do {
                return try body()
            } catch let error as ConnectError {
                guard !error.code.hasPrefix("store."), let delay = environment.retryPolicy.delay(after: attempt, error, jitter: .random(in: 0...1)) else {
                    throw error
                }
                log(.warning, "\(error.message) \(what) again in \(delay) ms.", ["attempt": String(attempt), "code": error.code])
                try environment.cancellation.wait(milliseconds: delay)
                attempt += 1
            }
        }
    }

    /// What attempts before this one have left under temporary names. A name tells the run it is of, so nothing of another is touched.
    private func removeRemainders(of run: Run, _ windows: ExportWindows, _ definition: ExportDefinition, _ transport: any Transport) throws {
        guard run.epoch > 1 else { return }
        var remainders: [(path: String, final: String)] = []
        do {
            try transport.list(definition.directory) { entry in
                let name = RemotePath.name(entry.path)
                if let final = ExportNames.final(ofTemporary: name) { remainders.append((RemotePath.join(definition.directory, name), final)) }
            }
        } catch let error as ConnectError where error.code == "file.missing" {}
        let form = try ExportFileNames.form(environment.control)
        let parts: [Int?] = definition.splitRecords == nil ? [nil] : Array(1...max(remainders.count, 1))
        let names = try windows.all.flatMap { window in
            try parts.map { part in
                try definition.name.dataFile(
                    run: window.run, at: Date(timeIntervalSince1970: Double(window.atUnixMilliseconds) / 1000), part: part, form: form)
            }
        }
        let ours = Set(names + names.map(definition.name.readyFile))
        let publication = ExportPublication(definition: definition, transport: transport, reporter: environment.reporter)
        for remainder in remainders where ours.contains(remainder.final) { try publication.remove(remainder.path) }
    }

    private static func warnings(_ progress: ExportProgress?) -> [String] {
        guard let progress else { return [] }
        var found: [String] = []
        if progress.replacedCharacters > 0 { found.append("\(progress.replacedCharacters) characters are not in the file's character set and were replaced.") }
        if progress.replacedMarks > 0 { found.append("\(progress.replacedMarks) delimiters and line ends within values became blanks.") }
        if progress.guardedValues > 0 { found.append("\(progress.guardedValues) values got an apostrophe in front, so that no spreadsheet takes them for formulas.") }
        return found
    }

    // MARK: Publishing

    private func publish(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        let publication = ExportPublication(definition: definition, transport: try connection.transport(), reporter: environment.reporter)
        for file in run.export?.files ?? [] { try repeating("The file is published") { try publication.publish(file) } }
        try advance(&run, to: .published)
        for file in run.export?.files ?? [] { log(.info, "Published as \(file.path).", ["bytes": String(file.bytes), "records": String(file.records)]) }
        Failpoint.hit("export.published")
    }

    private func announce(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        if run.export?.files.contains(where: { $0.readyPath != nil }) ?? false {
            let publication = ExportPublication(definition: definition, transport: try connection.transport(), reporter: environment.reporter)
            for file in run.export?.files ?? [] { try repeating("The ready file is written") { try publication.announce(file) } }
        }
        try advance(&run, to: .ready)
        Failpoint.hit("export.ready")
    }

    /// The watermark moves in this very transaction.
    private func close(_ run: inout Run) throws {
        let now = environment.clock()
        try advance(&run, to: .finished) { run in
            run.status = .succeeded
            run.finishedAtUnixMilliseconds = now
        }
        log(.info, "Run \(run.id) succeeded.")
    }

    // MARK: Failing

    private func fail(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection, _ error: ConnectError) throws {
        log(.error, error.description, ["code": error.code])
        switch ExportRunState(rawValue: run.state.rawValue) {
        case .queued?, .windowed?:
            // Nobody has seen anything of it. What lies under a temporary name goes, if the server still answers.
            if run.state == ExportRunState.windowed.state { try? removeAll(of: run, definition, connection) }
        case .uploaded?, .published?:
            // The files may stand there already: only what will not go away by itself ends the run.
            guard error.category != .transient, error.category != .cancelled else { throw error }
            try withdraw(run, definition, connection)
        default: throw error
        }
        let now = environment.clock()
        try advance(&run, to: .finished) { run in
            run.failure = RunFailure(error)
            run.status = error.category == .cancelled ? .cancelled : .failed
            run.finishedAtUnixMilliseconds = now
        }
    }

    /// Takes back what is not announced; what is not certain to have gone stays for the next attempt.
    private func withdraw(_ run: Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        let publication = ExportPublication(definition: definition, transport: try connection.transport(), reporter: environment.reporter)
        for file in run.export?.files ?? [] {
            if try publication.entry(file.temporaryPath) != nil {
                try publication.remove(file.temporaryPath)
            } else if let ready = file.readyPath {
                try publication.remove(ready)
                try publication.remove(file.path)
            }
        }
    }

    private func removeAll(of run: Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        var next = run
        next.epoch += 1
        try removeRemainders(of: next, try window(of: run, definition), definition, try connection.transport())
    }

    private func advance(_ run: inout Run, to state: ExportRunState, _ change: (inout Run) -> Void = { _ in }) throws {
        let from = run.state
        var next = run
        next.state = state.state
        change(&next)
        try environment.control.advance(next, from: from)
        run = next
    }

    private func log(_ level: LogLine.Level, _ message: String, _ fields: [String: String] = [:]) {
        environment.reporter.log(level, message, fields)
    }
}

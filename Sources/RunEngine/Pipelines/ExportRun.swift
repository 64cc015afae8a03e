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
        var isWrittenAgain = false
        while run.state != .finished {
            do {
                let before = run.state
                try step(&run, definition, connection)
                if before == ExportRunState.uploaded.state, run.state == ExportRunState.windowed.state {
                    // A server that loses what it has taken will do so again.
                    guard !isWrittenAgain else { throw Self.lost(run.export?.files.first?.path ?? "") }
                    isWrittenAgain = true
                }
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
        let isFirst = run.epoch == 1 && run.state == .queued
        let window = try ExportWindows(of: run, definition, environment.control)
        var selection = try definition.selection(environment.control, environment.audience)
        selection.changedSince = window.from
        var upTo = ChangeMark([:])
        try environment.audience.read(selection) { upTo = $0.mark }
        try advance(&run, to: .windowed) { $0.export = ExportProgress(server: definition.server, from: window.from, to: upTo) }
        Failpoint.hit("export.windowed")
        let transport = try connection.transport()
        let remainders = ExportRemainders(environment, transport)
        var mayRemain = try !isFirst || remainders.areLikely(before: run, definition)
        let files = try environment.repeating("The file is written") {
            // A second try may make fewer parts than the first one left.
            if mayRemain { try remainders.remove(of: run, window, definition) }
            mayRemain = true
            return try write(run, window, selection, definition, transport)
        }
        try advance(&run, to: .uploaded) { run in
            run.export?.files = files.flatMap(\.files)
            run.export?.to = files.last?.mark ?? upTo
            run.export?.replacedCharacters = files.reduce(0) { $0 + $1.replacedCharacters }
            run.export?.replacedMarks = files.reduce(0) { $0 + $1.replacedMarks }
            run.export?.guardedValues = files.reduce(0) { $0 + $1.guardedValues }
            run.records.read = files.reduce(0) { $0 + $1.records }
            run.bytes = run.export?.files.reduce(0) { $0 + $1.bytes } ?? 0
            run.sha256 = run.export?.files.count == 1 ? run.export?.files[0].sha256 : nil
            run.warnings = Self.warnings(run.export)
        }
        log(.info, "Written: \(run.records.read) records, \(run.bytes) bytes in \(run.export?.files.count ?? 0) file(s).")
        Failpoint.hit("export.uploaded")
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
                place: { try place(definition, window.run, moment, $0, form, writtenBy: run) }, modified: window.atUnixMilliseconds / 1000)
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
        _ definition: ExportDefinition, _ named: RunID, _ moment: Date, _ part: Int?, _ form: String, writtenBy run: Run
    ) throws -> ExportedFile {
        let name = try definition.name.dataFile(run: named, at: moment, part: part, form: form)
        let path = RemotePath.join(definition.directory, name)
        let ready = definition.readyFile == .none ? nil : RemotePath.join(definition.directory, definition.name.readyFile(name))
        return ExportedFile(
            path: path, temporaryPath: TemporaryNames.temporary(path, of: run, epoch: run.epoch), readyPath: ready, bytes: 0, records: 0, sha256: "")
    }

    private static func warnings(_ progress: ExportProgress?) -> [String] {
        guard let progress else { return [] }
        var found: [String] = []
        if progress.replacedCharacters > 0 {
            found.append("\(progress.replacedCharacters) characters are not in the file's character set and were replaced.")
        }
        if progress.replacedMarks > 0 { found.append("\(progress.replacedMarks) delimiters and line ends within values became blanks.") }
        if progress.guardedValues > 0 {
            found.append("\(progress.guardedValues) values got an apostrophe in front, so that no spreadsheet takes them for formulas.")
        }
        return found
    }

    // MARK: Publishing

    private func publish(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        let publication = Publication(transport: try connection.transport())
        if let path = try environment.repeating("The files are looked at", { try firstLost(of: run, publication) }) {
            log(.warning, "\"\(path)\" is no longer on \"\(definition.server)\" and was never published; the run's files are written again.")
            return try advance(&run, to: .windowed)
        }
        var fetched: [String] = []
        for place in (run.export?.files ?? []).indices {
            guard let path = run.export?.files[place].path else { continue }
            switch try environment.repeating("The file is published", { try publish(place, of: &run, publication) }) {
            case .stands: break
            case .fetched: fetched.append("\"\(path)\" was published before this attempt and has been taken away since.")
            // What was seen of the run's other files would not fit what is written now.
            case .lost: throw Self.lost(path)
            case .taken:
                throw ConnectError(
                    "export.exists", .configuration, "Another file \"\(path)\" stands on \"\(definition.server)\" already.",
                    remedy: "Move it away, or change file.name; nothing was overwritten.")
            }
        }
        try advance(&run, to: .published) { $0.warnings += fetched }
        for message in fetched { log(.warning, message) }
        for file in run.export?.files ?? [] {
            log(.info, "Published as \(file.path).", ["bytes": String(file.bytes), "records": String(file.records)])
        }
        Failpoint.hit("export.published")
    }

    /// nil once a rename may have been asked for: then something of the run may have been seen.
    private func firstLost(of run: Run, _ publication: Publication) throws -> String? {
        guard let files = run.export?.files, files.allSatisfy({ $0.isRenameAsked == false }) else { return nil }
        return try files.first { try publication.isLost($0.publishable) }?.path
    }

    private func publish(_ place: Int, of run: inout Run, _ publication: Publication) throws -> Publication.Outcome {
        guard let files = run.export?.files else { return .stands }
        let outcome = try publication.publish(files[place].publishable) {
            if files[place].isRenameAsked != true {
                // Of many files several at a time, since each note writes the whole run down.
                let end = min(files.count, place + 1 + files.count / Self.mostNotes)
                try advance(&run, to: .uploaded) { run in for index in place..<end { run.export?.files[index].isRenameAsked = true } }
            }
            Failpoint.hit("export.before-rename")
        }
        Failpoint.hit("export.after-rename")
        return outcome
    }

    private static let mostNotes = 100

    private static func lost(_ path: String) -> ConnectError {
        ConnectError(
            "export.lost", .data, "\"\(path)\" was whole on the server, and is no longer there before it was published.",
            remedy: "Look at what removes files there. The next run exports the same records.")
    }

    private func announce(_ run: inout Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        let files = (run.export?.files ?? []).compactMap { file in file.readyPath.map { (path: $0, records: file.records) } }
        if !files.isEmpty {
            let publication = Publication(transport: try connection.transport())
            for ready in files {
                let text = definition.readyFile == .count ? "\(ready.records)\n" : ""
                try environment.repeating("The ready file is written") {
                    try publication.announce(ready.path, temporaryPath: TemporaryNames.temporary(ready.path, of: run, epoch: 0), text: text) {
                        Failpoint.hit("export.before-ready")
                    }
                }
                Failpoint.hit("export.after-ready")
            }
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

    /// Takes back what is ours and not announced; what is not certain to have gone stays for the next attempt.
    private func withdraw(_ run: Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        let publication = Publication(transport: try connection.transport())
        for file in run.export?.files ?? [] {
            if let ready = file.readyPath, try publication.stands(file.publishable) {
                try publication.remove(ready)
                try publication.remove(file.path)
            }
            try publication.remove(file.temporaryPath)
        }
    }

    private func removeAll(of run: Run, _ definition: ExportDefinition, _ connection: RunConnection) throws {
        connection.shield()
        let windows = try ExportWindows(of: run, definition, environment.control)
        try ExportRemainders(environment, try connection.transport()).remove(of: run, windows, definition)
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

extension ExportedFile {
    fileprivate var publishable: Publication.File {
        Publication.File(path: path, temporaryPath: temporaryPath, bytes: bytes, sha256: sha256.isEmpty ? nil : sha256, isRenameAsked: isRenameAsked)
    }
}

import ConnectModel
import RecordEngine
import StoreAPI

/// What a run reads of a source, and where it begins: after the last row of the job's last load, if the job asks for new rows and that place is still good.
struct SourceReading {
    let source: ImportSource
    private let rows: any RowSource
    private let definition: ImportDefinition
    private let environment: RunEnvironment
    /// Where the last load ended; nil: from the start.
    private let cursor: JSONValue?

    /// The job's last load from this stream stands in the ledger with its mark, so the two can never disagree.
    init(_ source: ImportSource, _ definition: ImportDefinition, job: JobID, environment: RunEnvironment) throws {
        guard let rows = environment.sources[source.server] else {
            throw ConnectError(
                "server.kind", .configuration, "Server \"\(source.server)\" holds files and gives no rows.",
                remedy: "Name a server whose connector is a source, or read a file with the section file.")
        }
        self.source = source
        self.rows = rows
        self.definition = definition
        self.environment = environment
        let last = source.onlyNew ? try Deliveries(environment: environment, job: job, target: definition.target).lastLoad(of: source) : nil
        cursor = last?.mark.flatMap { $0.source == rows.identity ? $0.cursor : nil }
        if let last, cursor == nil {
            try beginAgain(
                last.mark == nil
                    ? "Run \(last.run) did not write down how far it read" : "Run \(last.run) read another source, or this one with other settings")
        }
    }

    /// What the run's record says of where its rows come from.
    var place: SourceFile { SourceFile(server: source.server, path: source.stream, size: -1, modifiedUnixNanoseconds: nil) }

    func open() throws -> any ImportInput {
        let stream = try retrying { try opened() }
        return SourceInput(definition: definition, stream: stream, identity: source.onlyNew ? rows.identity : nil, environment: environment)
    }

    private func opened() throws -> any RowStream {
        guard source.onlyNew else { return try rows.open(source.stream, onlyNew: false, from: nil) }
        guard try rows.isIncremental(source.stream) else {
            throw ConnectError(
                "source.full-only", .configuration, "The stream \"\(source.stream)\" of \"\(source.server)\" cannot say which of its rows are new.",
                remedy:
                    "Set source.records to all, or what its connector needs for it (`connecthost connectors describe`), such as a column that only grows."
            )
        }
        do {
            return try rows.open(source.stream, onlyNew: true, from: cursor)
        } catch let error as ConnectError where error.code == "source.cursor" && cursor != nil {
            try beginAgain(error.message)
            return try rows.open(source.stream, onlyNew: true, from: nil)
        }
    }

    /// Reading everything once more is harmless where records meet their rows, and would double them where each becomes a new one.
    private func beginAgain(_ reason: String) throws {
        let why = reason.last == "." ? reason : reason + "."
        guard definition.target.policy.onMatch != .reject else {
            throw ConnectError(
                "source.mark", .configuration,
                "The run cannot go on where the last one ended: \(why) Reading everything again would insert rows a second time.",
                remedy: "Nothing was loaded. Set target.load to merge for one run, or begin with an empty table.")
        }
        environment.reporter.log(.warning, "\(why) Everything is read again.")
    }

    private func retrying(_ body: () throws -> any RowStream) throws -> any RowStream {
        var attempt = 1
        while true {
            do {
                return try body()
            } catch let error as ConnectError {
                try environment.cancellation.check()
                guard let delay = environment.retryPolicy.delay(after: attempt, error, jitter: .random(in: 0...1)) else { throw error }
                environment.reporter.log(
                    .warning, "\(error.message) Trying again in \(delay) ms.",
                    ["server": source.server, "attempt": String(attempt), "code": error.code])
                try environment.cancellation.wait(milliseconds: delay)
                attempt += 1
            }
        }
    }
}

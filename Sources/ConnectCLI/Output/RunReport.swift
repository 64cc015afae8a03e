import ConnectModel

/// A run as JSON presents it; the keys are a contract (OPS-4, Docs/cli.md).
struct RunReport: Encodable {
    struct Rejects: Encodable {
        var byReason: [String: Int64]
        enum CodingKeys: String, CodingKey { case byReason = "by_reason" }
    }

    private let run: Run

    init(_ run: Run) { self.run = run }

    enum CodingKeys: String, CodingKey {
        case run, job, kind, status, state, trigger, group, due, created, started, finished, file, sha256, bytes, records, rejects, archived, error,
            warnings
        case result, export
        case durationMilliseconds = "duration_ms"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(run.id, forKey: .run)
        try container.encode(run.jobName, forKey: .job)
        try container.encode(run.kind, forKey: .kind)
        try container.encode(run.status, forKey: .status)
        try container.encode(run.state, forKey: .state)
        try container.encode(run.trigger, forKey: .trigger)
        try container.encodeIfPresent(run.group, forKey: .group)
        try container.encodeIfPresent(run.dueAtUnixMilliseconds.map(Moment.text), forKey: .due)
        try container.encode(Moment.text(run.createdAtUnixMilliseconds), forKey: .created)
        try container.encodeIfPresent(run.startedAtUnixMilliseconds.map(Moment.text), forKey: .started)
        try container.encodeIfPresent(run.finishedAtUnixMilliseconds.map(Moment.text), forKey: .finished)
        try container.encodeIfPresent(run.source, forKey: .file)
        try container.encodeIfPresent(run.sha256, forKey: .sha256)
        try container.encode(run.bytes, forKey: .bytes)
        try container.encode(run.durationMilliseconds, forKey: .durationMilliseconds)
        try container.encode(run.records, forKey: .records)
        try container.encode(Rejects(byReason: run.rejectedByReason), forKey: .rejects)
        try container.encodeIfPresent(run.archivedPath, forKey: .archived)
        try container.encodeIfPresent(run.failure, forKey: .error)
        try container.encode(run.warnings, forKey: .warnings)
        try container.encodeIfPresent(run.result, forKey: .result)
        try container.encodeIfPresent(run.export.map(ExportReport.init), forKey: .export)
    }
}

/// What an export has made, as JSON presents it.
struct ExportReport: Encodable {
    struct File: Encodable {
        var path: String
        var readyFile: String?
        var bytes: Int64
        var records: Int64
        var sha256: String
        enum CodingKeys: String, CodingKey {
            case path, bytes, records, sha256
            case readyFile = "ready_file"
        }
    }

    var server: String
    var changesOnly: Bool
    var files: [File]
    var replacedCharacters: Int64

    init(_ progress: ExportProgress) {
        server = progress.server
        changesOnly = progress.from != nil
        files = progress.files.map { File(path: $0.path, readyFile: $0.readyPath, bytes: $0.bytes, records: $0.records, sha256: $0.sha256) }
        replacedCharacters = progress.replacedCharacters
    }

    enum CodingKeys: String, CodingKey {
        case server, files
        case changesOnly = "changes_only"
        case replacedCharacters = "replaced_characters"
    }
}

extension Run {
    /// From the start of its first attempt to its end.
    var durationMilliseconds: Int64? {
        guard let start = startedAtUnixMilliseconds, let end = finishedAtUnixMilliseconds else { return nil }
        return end - start
    }
}

/// Counts as people read them.
enum CountText {
    static func lines(_ records: RecordCounts, _ byReason: [String: Int64]) -> [String] {
        var table = Table(["", ""])
        let rows: [(String, Int64)] = [
            ("read", records.read), ("inserted", records.inserted), ("updated", records.updated), ("unchanged", records.unchanged),
            ("skipped", records.skipped), ("duplicates", records.duplicates), ("rejected", records.rejected),
            ("people added", records.addedPeople ?? 0),
        ]
        for (name, count) in rows where count > 0 || ["read", "inserted", "updated", "rejected"].contains(name) {
            table.add(["  \(name)", Moment.number(count)])
        }
        let reasons = byReason.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { reason, count in
            "    \(Moment.number(count)) × \(reason): \(RejectReason(rawValue: reason)?.sentence ?? "")"
        }
        return table.text.split(separator: "\n").dropFirst().map(String.init) + reasons
    }
}

/// A finished run as text.
struct RunText {
    let run: Run

    init(_ run: Run) { self.run = run }

    var text: String {
        var lines = [
            "Run \(run.id) of \"\(run.jobName)\" \(run.status.rawValue)" + (run.durationMilliseconds.map { " in \(Moment.duration($0))" } ?? "")
        ]
        if let source = run.source, run.definition["source"]?["server"] != nil {
            lines.append("  rows of \(source.path) from \"\(source.server)\"")
        } else if let source = run.source {
            lines.append("  file \(source.path) on \"\(source.server)\", \(Moment.bytes(max(run.bytes, source.size)))")
        }
        if let export = run.export {
            lines += export.files.map { "  file \($0.path) on \"\(export.server)\", \(Moment.number($0.records)) records, \(Moment.bytes($0.bytes))" }
            if export.files.isEmpty { lines.append("  no file was written") }
        } else {
            lines += CountText.lines(run.records, run.rejectedByReason)
        }
        if let archived = run.archivedPath { lines.append("  archived as \(archived)") }
        lines += run.warnings.map { "  warning: \($0)" }
        if let failure = run.failure {
            lines.append("  error: \(failure.message)")
            if let remedy = failure.remedy { lines.append("  \(remedy)") }
        }
        if run.records.rejected > 0 { lines.append("  rejected records: connecthost runs rejects \(run.id)") }
        return lines.joined(separator: "\n")
    }
}

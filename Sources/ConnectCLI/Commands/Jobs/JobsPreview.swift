import ArgumentParser
import ConnectHost
import ConnectModel

struct JobsPreview: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show what a run would do: format, mapping, rows, counts. Nothing is written.",
        discussion:
            "The whole file or stream is read and merged in thought, so the counts are exact.\n\nExample: connecthost jobs preview \"Nightly contacts\""
    )
    @Argument(help: "The job, by name or number.") var name: String
    @Option(name: .long, help: "How many rows to show.") var rows = 5
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let display = ProgressDisplay(quiet: output.json)
        let preview = try host.open().previewJob(name, rows: max(0, rows), onMessage: display.show)
        display.end()
        switch preview {
        case .import(let preview): try Output(output).show(preview, text: text(preview))
        case .export(let preview): try Output(output).show(preview, text: text(preview))
        }
    }

    private func text(_ preview: ExportPreview) -> String {
        var lines = ["File \(preview.file) on \"\(preview.server)\""]
        if let ready = preview.readyFile { lines.append("Ready file \(ready)") }
        lines.append(preview.isChangesOnly ? "Only what has changed since the last run that succeeded" : "Every record")
        lines += ["", "First lines"] + preview.lines.map { "  " + ($0.count > 160 ? String($0.prefix(159)) + "…" : $0) }
        lines += preview.warnings.map { "warning: \($0)" }
        return (lines + ["", "Nothing was written."]).joined(separator: "\n")
    }

    private func text(_ preview: ImportPreview) -> String {
        // Rows of a source have no format that a job could declare.
        let isStream = preview.declared.isEmpty
        var lines =
            isStream
            ? ["Stream \(preview.file.path) of \"\(preview.file.server)\""]
            : ["File \(preview.file.path) on \"\(preview.file.server)\", \(Moment.bytes(max(0, preview.file.size)))", "", "Format"]
        for (name, declared) in preview.declared.sorted(by: { $0.key < $1.key }) {
            let seen = preview.detected[name]
            lines.append("  \(name): \(declared)\(seen != nil && seen != declared ? "   (the file looks like \(seen ?? ""))" : "")")
        }
        lines += ["", "Mapping"]
        var mapping = Table(["COLUMN", "LOOKS LIKE", "FIELD", "SURE", "BECAUSE"])
        for column in preview.mapping {
            let sure = column.confidence.map { "\(Int(($0 * 100).rounded())) %" } ?? "-"
            mapping.add([column.source, column.type?.rawValue ?? "-", column.target ?? "-", sure, column.reason])
        }
        lines.append(mapping.text)
        if !preview.newFields.isEmpty {
            lines.append("New fields: " + preview.newFields.map { "\($0.name) \($0.type.rawValue)" }.joined(separator: ", "))
        }
        lines += preview.problems.map { "\($0.severity.rawValue): \($0.message)" }
        if !preview.firstRows.isEmpty {
            var rows = Table(preview.header)
            for row in preview.firstRows { rows.add(row.map { $0.count > 24 ? String($0.prefix(23)) + "…" : $0 }) }
            lines += ["", "First rows", rows.text]
        }
        guard !preview.problems.contains(where: { $0.severity == .error }) || preview.records.read > 0 else {
            return (lines + ["", "A run would fail and load nothing. Nothing was written."]).joined(separator: "\n")
        }
        lines += ["", "Would be", CountText.lines(preview.records, preview.rejectedByReason).joined(separator: "\n")]
        if !preview.cut.isEmpty {
            lines.append("  cut to their field: " + preview.cut.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        lines += preview.firstRejects.map { "  \(isStream ? "row" : "line") \($0.line): \($0.reason)\($0.field.map { " in \($0)" } ?? "")" }
        if let scope = preview.scope { lines += self.lines(scope) }
        return (lines + ["", "Nothing was written."]).joined(separator: "\n")
    }

    private func lines(_ scope: ImportPreview.Part) -> [String] {
        var mapping = Table(["COLUMN", "FIELD", "BECAUSE"])
        for column in scope.mapping { mapping.add([column.source, column.target ?? "-", column.reason]) }
        let counts = "  \(Moment.number(scope.read)) records, of which the checks reject \(Moment.number(scope.rejected))"
        return ["", "Audience scope file \(scope.file.path), for \(scope.table)", mapping.text, counts]
            + scope.firstRejects.map { "  line \($0.line): \($0.reason)\($0.field.map { " in \($0)" } ?? "")" }
    }
}

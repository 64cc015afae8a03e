import ArgumentParser
import ConnectHost
import ConnectModel

struct FilesInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Look at the beginning of a file: format, columns, and a job file for it. Nothing is written.",
        discussion: """
            What is found is a suggestion: look the job file over, then `connecthost apply` it and `connecthost jobs preview` the job, which reads the
            whole file.

            Examples:
              connecthost files inspect partner outgoing/customers.csv
              connecthost files inspect partner outgoing/customers.csv --job-file > customers.yaml
            """)
    @Argument(help: "The server, as `servers list` names it.") var server: String
    @Argument(help: "The file, below the server's directory.") var path: String
    @Option(name: .long, help: "The file to look at in a zip archive, by name or pattern.") var member: String?
    @Option(name: .long, help: "How many records to show.") var rows = 5
    @Flag(name: .long, help: "Print the job file alone.") var jobFile = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    /// Keys are a contract.
    private struct Report: Encodable {
        var file: SourceFile
        var encryption: String
        var compression: String
        var member: String?
        var charset: String
        var delimiter: String
        var enclosure: String
        var header: Bool
        var lineEnd: String?
        var dateFormat: String?
        var columns: [FileInspection.Column]
        var firstRows: [[String]]
        var sampledBytes: Int
        var sampledRecords: Int
        var jobFile: String

        init(_ found: FileInspection) {
            file = found.file
            encryption = found.encryption
            compression = found.compression
            member = found.member
            charset = found.charset
            delimiter = found.delimiter
            enclosure = found.enclosure
            header = found.header
            lineEnd = found.lineEnd
            dateFormat = found.dateFormat
            columns = found.columns
            firstRows = found.firstRows
            sampledBytes = found.sampledBytes
            sampledRecords = found.sampledRecords
            jobFile = found.jobFile
        }
    }

    func run() throws {
        let found = try host.open().inspectFile(path, on: server, member: member, rows: max(0, rows))
        if jobFile && !output.json {
            print(found.jobFile, terminator: "")
        } else {
            try Output(output).show(Report(found), text: text(found))
        }
    }

    private func text(_ found: FileInspection) -> String {
        var lines = ["File \(found.file.path) on \"\(found.file.server)\", \(Moment.bytes(max(0, found.file.size)))", ""]
        let facts: [(String, String?)] = [
            ("encryption", found.encryption == "none" ? nil : found.encryption),
            ("compression", found.compression == "none" ? nil : found.compression),
            ("charset", found.charset), ("delimiter", found.delimiter), ("enclosure", found.enclosure), ("header", found.header ? "yes" : "no"),
            ("line ends", found.lineEnd), ("dates", found.dateFormat),
        ]
        lines += facts.compactMap { name, value in value.map { "  \(name): \($0)" } }
        lines.append("  looked at: \(Moment.number(Int64(found.sampledRecords))) records, \(Moment.bytes(Int64(found.sampledBytes)))")
        var columns = Table(["COLUMN", "TYPE", "FIELD"])
        for column in found.columns { columns.add([column.name, column.type.rawValue, column.field ?? "-"]) }
        lines += ["", columns.text]
        if !found.firstRows.isEmpty {
            var rows = Table(found.columns.map(\.name))
            for row in found.firstRows { rows.add(row.map { $0.count > 24 ? String($0.prefix(23)) + "…" : $0 }) }
            lines += ["", "First records", rows.text]
        }
        return (lines + ["", "A job file for it", "", found.jobFile]).joined(separator: "\n")
    }
}

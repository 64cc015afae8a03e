import ConnectModel

/// The rows of a source that an import reads in place of a file.
public struct ImportSource: Sendable, Equatable {
    public var server: String
    public var stream: String
    /// Only what has come since the last run of the job that loaded something.
    public var onlyNew: Bool
}

/// The section `source` of imports.
enum SourceFields {
    /// What a run reads.
    enum Reach: String, CaseIterable {
        case all, new
    }

    static let all: [JobField] = [
        JobField(
            "source.server", .string, example: "warehouse",
            "Read rows instead of a file: the server to read them from, one whose connector is a source (`connecthost connectors list`). The section `file` is then left out (CON-9)."
        ),
        JobField(
            "source.stream", .string, example: "contacts",
            "Which of its streams, as `servers test` shows them: a table or whatever the connector calls so. Its columns are mapped by their names, like those of a file."
        ),
        JobField(
            "source.records", .choice(Reach.allCases.map(\.rawValue)), default: .string(Reach.all.rawValue), example: "new",
            "all: every row each time; new: the rows that have come since the last run that loaded any. How far a run has read is written down in the transaction that applies its rows."
        ),
        JobField(
            "source.settings", .map, default: .object([:]), example: "{ cursor_column: id }",
            "Settings of the server that the connector leaves to jobs (`connectors describe` shows which), in place of the server's own."),
    ]

    /// What the definition says of a source; nil: the job reads a file.
    static func source(_ values: DefinitionValues) throws -> ImportSource? {
        guard let server = values.optionalString("source", "server") else { return nil }
        let reach: Reach = try values.choice("source", "records")
        return ImportSource(server: server, stream: values.optionalString("source", "stream") ?? "", onlyNew: reach == .new)
    }

    /// What does not go together. `definition` is as it was written, without defaults.
    static func problems(in definition: [String: JSONValue], _ job: ImportDefinition) -> [Problem] {
        guard let source = job.source else {
            return definition["source"] == nil ? [] : [Problem(path: "source.server", message: "Name the server whose rows are read.")]
        }
        var found: [Problem] = []
        func add(_ path: String, _ message: String) { found.append(Problem(path: path, message: message)) }
        if source.stream.isEmpty { add("source.stream", "Name the stream to read; `connecthost servers test \(source.server)` shows what there is.") }
        if definition["file"] != nil { add("file", "The job reads the rows of a source: leave out the section file, or the section source.") }
        if job.mappingFile != nil { add("mapping.file", "A source names its columns itself; leave mapping.file out.") }
        if !job.columnNames.isEmpty { add("mapping.columns", "A source names its columns itself; leave mapping.columns out.") }
        if job.target.scope != nil { add("target.scope_file", "A scope file lies beside a data file, and this job reads a source.") }
        guard source.onlyNew else { return found }
        if job.target.policy.replacesAll {
            add(
                "source.records",
                "With records: new a run brings the new rows alone, so they cannot take the place of all others; read all, or merge.")
        }
        if job.target.generatedForDays != nil {
            add("source.records", "Each run makes a table of its own, which new rows alone would leave without the others; read all.")
        }
        return found
    }
}

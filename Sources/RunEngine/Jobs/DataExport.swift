public import ConnectModel
import RecordEngine

/// Export of rows of the audience store to a delimited file on a file server (EXP-1 to EXP-7).
public struct DataExport: JobKind {
    public init() {}
    public var id: String { "export" }
    public var title: String { "Export data" }
    public var summary: String { "Writes a list, table, filter, audience or view to a delimited file on a file server." }
    public var allows: JobAllowances { .exports }
    public var family: RunFamily { .export }

    public var fields: [JobField] {
        Self.sourceFields + Self.fileFields + Self.optionFields + FollowUpFields.notification + FollowUpFields.event + WorkerFields.all
    }

    public func problems(in definition: [String: JSONValue]) -> [Problem] {
        do {
            return try ExportDefinition(definition, schema: JobSchema(self)).problems()
        } catch {
            return [Problem(path: "", message: "\(error)")]
        }
    }

    public func needs(of definition: [String: JSONValue]) -> JobNeeds {
        JobNeeds(servers: [definition["file"]?["server"]?.stringValue ?? FileServer.embeddedName], privateKeys: ExportEncryption.signs(definition))
    }

    public func executor(_ environment: RunEnvironment) throws -> any RunExecutor { ExportRun(environment) }

    public func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview {
        .export(try ExportPreviewer(environment).preview(job, rows: rows))
    }

    static let sourceFields: [JobField] = [
        JobField(
            "source.type", .choice(ExportSource.Kind.allCases.map(\.rawValue)), required: true, example: "list",
            "What is exported: a list, an audience, audience scope data, an App Channel list, a saved filter, a profile extension table (pet), "
                + "a supplemental table, or a saved SQL view (EXP-1)."),
        JobField("source.name", .string, required: true, example: "CONTACTS", "Its name."),
        JobField(
            "source.list", .string, example: "CONTACTS",
            "The list that it belongs to, for an audience, filter, PET or App Channel list; left out it is not asked."),
        JobField(
            "source.columns", .strings, default: .array([]), example: "[EMAIL_ADDRESS_, CITY_]",
            "Columns in the order in which they are written; left out: every one."),
        JobField(
            "source.records", .choice(["all", "changed"]), default: .string("all"), example: "changed",
            "all, or only those inserted or updated since the last run of this job that succeeded (EXP-2). A view needs a column MODIFIED_DATE_ for that."
        ),
        JobField(
            "source.latest_load", .string, example: "Spring leads",
            "Only rows of the latest load that a job has kept under this name in the table (IMP-10)."),
    ]

    static let fileFields: [JobField] =
        [
            JobField(
                "file.server", .string, default: .string(FileServer.embeddedName), example: "partner",
                "The file server to write to, as `servers list` names it; left out: the account's own."),
            JobField(
                "file.directory", .string, example: "incoming",
                "Directory below the server's own; left out: `download` on the account's own server, the server's directory on others."),
            JobField(
                "file.name", .string, required: true, example: "customers.csv",
                "Name of the file. Job and run number come in front of it, so that no two files ever meet (EXP-3): `12_345_customers.csv`. "
                    + "`jobs preview` shows the whole name."),
            JobField(
                "file.prefix", .string, example: "\"{YYYYMMDD}_\"",
                "Stands before the name. {YYYY} {YY} {MM} {DD} {HH24} {MI} {SS} and runs of them stand for the run's date in `file.zone`."),
            JobField("file.suffix", .string, example: "\"_{YYYY-MM-DD}\"", "Stands behind the name, before its extension; dates as in the prefix."),
            JobField("file.zone", .string, default: .string("UTC"), example: "Europe/Berlin", "Time zone of the dates in the name."),
            JobField(
                "file.charset", .string, default: .string("UTF-8"), example: "UTF-8",
                "Character set of the file. Characters that it does not have become `?` and are counted (EXP-4)."),
            JobField(
                "file.byte_order_mark", .boolean, default: .bool(false), example: "true",
                "Whether a file in UTF-8, UTF-16LE or UTF-16BE begins with a byte order mark."),
            JobField("file.delimiter", .string, default: .string(","), example: "\",\"", "One character between fields; `tab` for the tabulator."),
            JobField(
                "file.enclosure", .choice(["none", "double", "single"]), default: .string("double"), example: "double", "What text is enclosed by."),
            JobField(
                "file.enclose", .choice(WritingFormat.Enclosing.allCases.map(\.rawValue)), default: .string("needed"), example: "text",
                "needed: values that could not be told apart otherwise; text: every value of a text column; all: every value."),
            JobField(
                "file.unenclosed", .choice(WritingFormat.Unenclosed.allCases.map(\.rawValue)), default: .string("refuse"), example: "replace",
                "Without an enclosure, a value that holds the delimiter or a line end: refuse fails the run, replace makes blanks of them and counts, "
                    + "escape puts a backslash before each."),
            JobField(
                "file.line_end", .choice(WritingFormat.LineEnd.allCases.map(\.rawValue)), default: .string("lf"), example: "crlf", "How lines end."),
            JobField("file.header", .boolean, default: .bool(true), example: "true", "Whether the first line holds the names of the columns."),
            JobField(
                "file.formula_guard", .choice(WritingFormat.FormulaGuard.allCases.map(\.rawValue)), default: .string("off"), example: "prefix",
                "prefix puts an apostrophe before values that a spreadsheet would take for formulas (= + - @ tab CR); it changes +49… and -1, too."),
            JobField(
                "file.compression", .choice(Compression.allCases.map(\.rawValue)), default: .string("none"), example: "gzip",
                "none, gzip (.gz) or zip (.zip) (EXP-5)."),
        ] + ExportEncryption.fields + readyFields

    private static let readyFields: [JobField] = [
        JobField(
            "file.ready_file", .choice(ExportDefinition.ReadyFile.allCases.map(\.rawValue)), default: .string("none"), example: "count",
            "A file that says the data file is complete, written last: empty, or with the number of records (EXP-6)."),
        JobField("file.ready_extension", .string, default: .string("ready"), example: "ready", "Extension of the ready file."),
        JobField(
            "file.ready_name", .choice(["replace", "append"]), default: .string("replace"), example: "append",
            "replace: the ready file of a.csv is a.ready; append: a.csv.ready."),
        JobField(
            "file.split_records", .integer(minimum: 1, maximum: .max), example: "1000000",
            "Begins another file after so many records: …_001.csv, …_002.csv."),
    ]

    static let optionFields: [JobField] = [
        JobField(
            "options.if_empty", .choice(["write", "skip", "fail"]), default: .string("write"), example: "skip",
            "When there is no record: write a file with the header alone, write none, or fail."),
        JobField(
            "options.process_missed", .boolean, default: .bool(false), example: "true",
            "Runs of this job that failed since the last that succeeded get a file each, under their own numbers and dates, oldest first (EXP-7). "
                + "Without it their records come in the one file of the next run; none is lost either way."),
    ]
}

import ConnectModel
import RecordEngine

/// Import of a delimited file into a profile list (IMP-1, list data).
public struct ListImport: ImportKind {
    public init() {}
    public var id: String { "import-list" }
    public var title: String { "Import list data" }
    public var summary: String { "Reads a delimited file from a file server and merges its records into a profile list." }

    public var targetFields: [JobField] { Self.mergeFields + Self.valueFields + LoadTraceFields.all }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        var policy = try MergeFields.policy(values, match: try values.strings("target", "match"))
        policy.rejectIfEmpty = try values.strings("target", "reject_if_empty").compactMap(Channel.init(rawValue:))
        policy.defaultPermission = try values.choice("target", "default_permission")
        policy.optInAgain = try values.boolean("target", "opt_in_again")
        var target = ImportTarget(table: try values.string("target", "list"), kind: .list, policy: policy)
        LoadTraceFields.read(values, into: &target)
        return target
    }

    static let fileFields: [JobField] = [
        JobField("file.server", .string, default: .string(FileServer.embeddedName), example: "partner",
            "The file server to read from, as `servers list` names it; left out: the account's own."),
        JobField("file.directory", .string, example: "outgoing",
            "Directory below the server's own; left out: `upload` on the account's own server, the server's directory on others."),
        JobField("file.archive_directory", .string, default: .string("archive"), example: "archive",
            "Where the file goes after the run, on the same server; made when it is not there (IMP-7)."),
        JobField("file.name", .string, required: true, example: "\"Customer_List_{YYYYMMDD}.csv\"",
            "Name of the file. {YYYY} {YY} {MM} {DD} {HH24} {MI} {SS} and runs of them such as {YYYYMMDD} stand for the run's date in `file.zone`; "
                + "* and ? match any text and any one character, oldest file first (IMP-2)."),
        JobField("file.count_file", .string, example: "\"{NAME}.cnt\"",
            "A file beside it with the number of records, or with as many records; {NAME} stands for the data file's name up to its first dot. "
                + "When the numbers differ nothing is loaded (IMP-5)."),
        JobField("file.settle_seconds", .integer(minimum: 0, maximum: 3600), default: .integer(0), example: "30",
            "How long the file must not have changed before it is taken, for servers whose writers do not rename. A count file makes it needless."),
        JobField("file.zone", .string, default: .string("UTC"), example: "Europe/Berlin", "Time zone of the date in the name."),
        JobField("file.compression", .choice(["auto"] + Compression.allCases.map(\.rawValue)), default: .string("auto"), example: "auto",
            "auto goes by the end of the file's name: .gz, .gzip, .zip."),
        JobField("file.member", .string, example: "\"contacts_*.csv\"",
            "The file to take from a zip archive, by name or pattern; left out: the only one in it."),
        JobField("file.max_expansion", .integer(minimum: 1, maximum: 1_000_000), default: .integer(200), example: "200",
            "A compressed file that grows to more than so many times its size is refused."),
        JobField("file.max_decoded_bytes", .integer(minimum: 1, maximum: .max), default: .integer(50 << 30), example: "53687091200",
            "A compressed file that grows to more than this is refused."),
        JobField("file.charset", .string, default: .string("UTF-8"), example: "UTF-8", "Character set of the file (IMP-3)."),
        JobField("file.delimiter", .string, default: .string(","), example: "\",\"", "One character between fields; `tab` for the tabulator."),
        JobField("file.enclosure", .choice(["none", "double", "single"]), default: .string("double"), example: "double",
            "What text with delimiters or line ends in it is enclosed by."),
        JobField("file.header", .boolean, default: .bool(true), example: "true", "Whether the first line holds the names of the columns."),
        JobField("file.max_record_bytes", .integer(minimum: 1024, maximum: 1 << 30), default: .integer(1 << 20), example: "1048576",
            "A longer record is rejected."),
    ]

    private static let mergeFields: [JobField] = [
        JobField("target.list", .string, required: true, example: "CONTACTS", "The profile list that the records go into."),
        JobField("target.match", .choices(ProfileList.matchableFields), default: .array([.string("EMAIL_ADDRESS_")]), example: "[EMAIL_ADDRESS_]",
            "One or two fields by which a record meets its row; all must agree (IMP-8)."),
    ] + MergeFields.all

    static let valueFields: [JobField] = [
        JobField("target.reject_if_empty", .choices(Channel.allCases.map(\.rawValue)), default: .array([]), example: "[email]",
            "Records without an address for one of these channels are rejected (IMP-9)."),
        JobField("target.default_permission", .choice(["OPTIN", "OPTOUT"]), default: .string("OPTOUT"), example: "OPTOUT",
            "Permission of a channel that gets its first address and brings no status (IMP-9)."),
        JobField("target.opt_in_again", .boolean, default: .bool(false), example: "false",
            "Whether an opt-in value in the file may overrule an opt-out in the list."),
        JobField("target.opt_in_value", .string, default: .string("I"), example: "I", "What opt in is called in the file."),
        JobField("target.opt_out_value", .string, default: .string("O"), example: "O", "What opt out is called in the file."),
        JobField("target.html_value", .string, default: .string("H"), example: "H", "What the HTML format is called in the file."),
        JobField("target.text_value", .string, default: .string("T"), example: "T", "What the text format is called in the file."),
        JobField("target.date_format", .choice(NamedDateFormat.allCases.map(\.rawValue)), default: .string("Standard_Long_NoMillis"),
            example: "Standard_Long_NoMillis", "How timestamps are written in the file."),
    ]

    static let mappingFields: [JobField] = [
        JobField("mapping.auto", .boolean, default: .bool(true), example: "true",
            "Whether columns find like-named fields by themselves: CUST_ID becomes CUSTOMER_ID_ (IMP-6)."),
        JobField("mapping.fields", .map, default: .object([:]), example: "{ mail: EMAIL_ADDRESS_ }", "Column of the file to field of the table."),
        JobField("mapping.new_fields", .fieldTypes, default: .object([:]), example: "{ LOYALTY_TIER: STR25 }",
            "Fields that the run adds to the table when they are not there."),
        JobField("mapping.ignore", .strings, default: .array([]), example: "[internal_note]", "Columns of the file that are left out on purpose."),
        JobField("mapping.columns", .strings, default: .array([]), example: "[mail, first, last]",
            "Names of the columns in order, for a file without a header line or in place of it."),
    ]

    static let limitFields: [JobField] = [
        JobField("limits.min_records", .integer(minimum: 0, maximum: .max), default: .integer(0), example: "1000",
            "With fewer records in the file nothing is loaded."),
        JobField("limits.max_records", .integer(minimum: 0, maximum: .max), example: "2000000",
            "With more records in the file nothing is loaded."),
        JobField("limits.max_deviation_percent", .number(minimum: 0, maximum: 1_000_000), example: "30",
            "With more than so much less or more than the job's last runs had on average, nothing is loaded. Asked once there were three."),
        JobField("limits.deviation_runs", .integer(minimum: 3, maximum: 500), default: .integer(7), example: "7",
            "How many of the last runs the average is taken of."),
        JobField("limits.max_rejected_percent", .number(minimum: 0, maximum: 100), default: .number(100), example: "2",
            "With a larger share of rejected records nothing is loaded."),
    ]

    static let optionFields: [JobField] = [
        JobField("options.fail_if_empty", .boolean, default: .bool(false), example: "true", "Whether a file without records fails the run (IMP-16)."),
        JobField("options.same_content", .choice(SameContent.allCases.map(\.rawValue)), default: .string("warn"), example: "refuse",
            "What becomes of a file with the very bytes of an earlier one of this job: warn loads it and says so, refuse loads nothing."),
    ]
}

import ConnectModel
import RecordEngine

/// Import of a delimited file into a profile list (IMP-1, list data).
public struct ListImport: ImportKind {
    public init() {}
    public var id: String { "import-list" }
    public var title: String { "Import list data" }
    public var summary: String { "Reads a delimited file from a file server and merges its records into a profile list." }

    public var targetFields: [JobField] { Self.mergeFields + Self.valueFields + Self.scopeFields + LoadTraceFields.all }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        var policy = try MergeFields.policy(values, match: try values.strings("target", "match"))
        policy.rejectIfEmpty = try values.strings("target", "reject_if_empty").compactMap(Channel.init(rawValue:))
        policy.defaultPermission = try values.choice("target", "default_permission")
        policy.optInAgain = try values.boolean("target", "opt_in_again")
        var target = ImportTarget(table: try values.string("target", "list"), kind: .list, policy: policy)
        if let file = values.optionalString("target", "scope_file"), let pet = values.optionalString("target", "scope_pet") {
            target.scope = ImportTarget.Scope(file: file, pet: pet)
        }
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
        JobField("file.name", .string, required: true, unless: "source.server", example: "\"Customer_List_{YYYYMMDD}.csv\"",
            "Name of the file. {YYYY} {YY} {MM} {DD} {HH24} {MI} {SS} and runs of them such as {YYYYMMDD} stand for the run's date in `file.zone`; "
                + "* and ? match any text and any one character, oldest file first (IMP-2)."),
        JobField("file.date_prefix", .choice(NameDate.allNames), default: .string("none"), example: "YYYYMMDD",
            "The run's date in `file.zone` before the name, in this form, joined by file.date_separator (IMP-2)."),
        JobField("file.date_suffix", .choice(NameDate.allNames), default: .string("none"), example: "YYYY-MM-DD",
            "The same behind the name, before its first dot: Customer_List_2026-01-31.csv."),
        JobField("file.date_separator", .choice(["_", "-", ".", ""]), default: .string("_"), example: "\"-\"", "What joins the date and the name."),
        JobField("file.count_file", .string, example: "\"{NAME}.cnt\"",
            "A file beside it with the number of records, or with as many records; {NAME} stands for the data file's name up to its first dot. "
                + "When the numbers differ nothing is loaded (IMP-5)."),
        JobField("file.settle_seconds", .integer(minimum: 0, maximum: 3600), default: .integer(0), example: "30",
            "How long the file must not have changed before it is taken, for servers whose writers do not rename. A count file makes it needless."),
        JobField("file.zone", .string, default: .string("UTC"), example: "Europe/Berlin", "Time zone of the date in the name."),
        JobField("file.encryption", .choice(["auto"] + Encryption.allCases.map(\.rawValue)), default: .string("auto"), example: "pgp",
            "pgp: an OpenPGP message, decrypted with the host's keys (`connecthost keys`); auto goes by the end of the file's name: .pgp, .gpg, .asc (IMP-4)."),
        JobField("file.signature", .choice(SignatureWish.allCases.map(\.rawValue)), default: .string("none"), example: "required",
            "Whether an encrypted file must be signed by a key of file.signed_by: required, when_present, or none, which looks at no signature."),
        JobField("file.signed_by", .strings, default: .array([]), example: "[0123456789ABCDEF0123456789ABCDEF01234567]",
            "Whole fingerprints of the keys whose signature is accepted; their public halves must be in the key ring."),
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

    private static let scopeFields: [JobField] = [
        JobField("target.scope_file", .string, example: "\"{NAME}_scope.csv\"",
            "An audience scope file beside the data file, in the same format, with the match fields and the fields of `target.scope_pet` as columns; {NAME} stands for the "
                + "data file's name up to its first dot. For accounts with audience-scope turned on (IMP-1)."),
        JobField("target.scope_pet", .string, example: "CONTACTS_SCOPE", "The PET of the list that the records of the scope file go into."),
    ]

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
        JobField("target.date_format", .string, default: .string("Standard_Long_NoMillis"), example: "\"DD.MM.YYYY HH24:MI\"",
            "How timestamps are written in the file: YYYY RRRR RR MM MON DD HH24 HH MI SS AM and what stands between them, or a name: "
                + NamedDateFormat.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + "."),
        JobField("target.long_text", .choice(CheckRules.LongText.allCases.map(\.rawValue)), default: .string("reject"), example: "truncate",
            "What becomes of text that is longer than its field: reject the record, or truncate the text and count it. Match fields are never cut (IMP-9)."),
        JobField("target.mobile_format", .choice(["account"] + CheckRules.MobileFormat.allCases.map(\.rawValue)), default: .string("account"), example: "local",
            "e164: numbers with their country code; local: national numbers of the record's MOBILE_COUNTRY_, else of target.mobile_country; "
                + "none: any text; account: as `connecthost account imports` says, e164 unless it says otherwise (IMP-9)."),
        JobField("target.mobile_country", .string, example: "DE", "ISO code of the country of national numbers whose record names none; left out: the account's."),
    ]

    static let mappingFields: [JobField] = [
        JobField("mapping.auto", .boolean, default: .bool(true), example: "true",
            "Whether columns find like-named fields by themselves: CUST_ID becomes CUSTOMER_ID_ (IMP-6)."),
        JobField("mapping.fields", .map, default: .object([:]), example: "{ mail: EMAIL_ADDRESS_ }", "Column of the file to field of the table."),
        JobField("mapping.new_fields", .fieldTypes, default: .object([:]), example: "{ LOYALTY_TIER: STR25 }",
            "Fields that the run adds to the table when they are not there."),
        JobField("mapping.ignore", .strings, default: .array([]), example: "[internal_note]", "Columns of the file that are left out on purpose."),
        JobField("mapping.file", .string, example: "contacts_header.csv",
            "A file in the same directory and of the same format, whose first line names the columns of a file without a header line, or in place of it."),
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

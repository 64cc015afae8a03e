import ConnectModel
import RecordEngine

/// The fields that every kind of import asks alike, by section of the job file; what a kind asks of its own stands with the kind.
enum ImportFields {
    /// Where the file is, what it is called, and how it is wrapped and written.
    static let file: [JobField] = [
        JobField(
            "file.server", .string, default: .string(FileServer.embeddedName), example: "partner",
            "The file server to read from, as `servers list` names it; left out: the account's own."),
        JobField(
            "file.directory", .string, example: "outgoing",
            "Directory below the server's own; left out: `upload` on the account's own server, the server's directory on others."),
        JobField(
            "file.archive_directory", .string, default: .string("archive"), example: "archive",
            "Where the file goes after the run, on the same server; made when it is not there (IMP-7)."),
        JobField(
            "file.name", .string, required: true, unless: "source.server", example: "\"Customer_List_{YYYYMMDD}.csv\"",
            "Name of the file. {YYYY} {YY} {MM} {DD} {HH24} {MI} {SS} and runs of them such as {YYYYMMDD} stand for the run's date in `file.zone`; "
                + "* and ? match any text and any one character, oldest file first (IMP-2)."),
        JobField(
            "file.date_prefix", .choice(NameDate.allNames), default: .string("none"), example: "YYYYMMDD",
            "The run's date in `file.zone` before the name, in this form, joined by file.date_separator (IMP-2)."),
        JobField(
            "file.date_suffix", .choice(NameDate.allNames), default: .string("none"), example: "YYYY-MM-DD",
            "The same behind the name, before its first dot: Customer_List_2026-01-31.csv."),
        JobField("file.date_separator", .choice(["_", "-", ".", ""]), default: .string("_"), example: "\"-\"", "What joins the date and the name."),
        JobField(
            "file.count_file", .string, example: "\"{NAME}.cnt\"",
            "A file beside it with the number of records, or with as many records; {NAME} stands for the data file's name up to its first dot. "
                + "When the numbers differ nothing is loaded (IMP-5). It may be compressed and encrypted; the end of its name tells."),
        JobField(
            "file.ready_file", .string, example: "\"{NAME}.ready\"",
            "A file beside it that says it is whole: until it is there the data file is not taken. Both are archived. {NAME} stands for the data file's name up to its first dot."
        ),
        JobField(
            "file.settle_seconds", .integer(minimum: 0, maximum: 3600), default: .integer(0), example: "30",
            "How long the file must not have changed before it is taken, for servers whose writers do not rename. A count file or ready file makes it needless."
        ),
        JobField("file.zone", .string, default: .string("UTC"), example: "Europe/Berlin", "Time zone of the date in the name."),
        JobField(
            "file.encryption", .choice(["auto"] + Encryption.allCases.map(\.rawValue)), default: .string("auto"), example: "pgp",
            "pgp: an OpenPGP message, decrypted with the host's keys (`connecthost keys`); auto goes by the end of the file's name: .pgp, .gpg, .asc (IMP-4)."
        ),
        JobField(
            "file.signature", .choice(SignatureWish.allCases.map(\.rawValue)), default: .string("none"), example: "required",
            "Whether an encrypted file must be signed by a key of file.signed_by: required, when_present, or none, which looks at no signature."),
        JobField(
            "file.signed_by", .strings, default: .array([]), example: "[0123456789ABCDEF0123456789ABCDEF01234567]",
            "Whole fingerprints of the keys whose signature is accepted; their public halves must be in the key ring."),
        JobField(
            "file.compression", .choice(["auto"] + Compression.allCases.map(\.rawValue)), default: .string("auto"), example: "auto",
            "auto goes by the end of the file's name: .gz, .gzip, .zip."),
        JobField(
            "file.member", .string, example: "\"contacts_*.csv\"",
            "The file to take from a zip archive, by name or pattern; left out: the only one in it."),
        JobField(
            "file.max_expansion", .integer(minimum: 1, maximum: 1_000_000), default: .integer(200), example: "200",
            "A compressed file that grows to more than so many times its size is refused."),
        JobField(
            "file.max_decoded_bytes", .integer(minimum: 1, maximum: .max), default: .integer(50 << 30), example: "53687091200",
            "A compressed file that grows to more than this is refused."),
        JobField("file.charset", .string, default: .string("UTF-8"), example: "UTF-8", "Character set of the file (IMP-3)."),
        JobField("file.delimiter", .string, default: .string(","), example: "\",\"", "One character between fields; `tab` for the tabulator."),
        JobField(
            "file.enclosure", .choice(["none", "double", "single"]), default: .string("double"), example: "double",
            "What text with delimiters or line ends in it is enclosed by."),
        JobField("file.header", .boolean, default: .bool(true), example: "true", "Whether the first line holds the names of the columns."),
        JobField(
            "file.max_record_bytes", .integer(minimum: 1024, maximum: 1 << 30), default: .integer(1 << 20), example: "1048576",
            "A longer record is rejected."),
    ]

    /// How its values are written, and what is asked of them.
    static let values: [JobField] = [
        JobField(
            "target.reject_if_empty", .choices(Channel.allCases.map(\.rawValue)), default: .array([]), example: "[email]",
            "Records without an address for one of these channels are rejected (IMP-9)."),
        JobField(
            "target.default_permission", .choice(["OPTIN", "OPTOUT"]), default: .string("OPTOUT"), example: "OPTOUT",
            "Permission of a channel that gets its first address and brings no status (IMP-9)."),
        JobField(
            "target.opt_in_again", .boolean, default: .bool(false), example: "false",
            "Whether an opt-in value in the file may overrule an opt-out in the list."),
        JobField("target.opt_in_value", .string, default: .string("I"), example: "I", "What opt in is called in the file."),
        JobField("target.opt_out_value", .string, default: .string("O"), example: "O", "What opt out is called in the file."),
        JobField("target.html_value", .string, default: .string("H"), example: "H", "What the HTML format is called in the file."),
        JobField("target.text_value", .string, default: .string("T"), example: "T", "What the text format is called in the file."),
        JobField(
            "target.date_format", .string, default: .string("Standard_Long_NoMillis"), example: "\"DD.MM.YYYY HH24:MI\"",
            "How timestamps are written in the file: YYYY RRRR RR MM MON DD HH24 HH MI SS AM and what stands between them, or a name: "
                + NamedDateFormat.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + "."),
        JobField(
            "target.long_text", .choice(CheckRules.LongText.allCases.map(\.rawValue)), default: .string("reject"), example: "truncate",
            "What becomes of text that is longer than its field: reject the record, or truncate the text and count it. Match fields are never cut (IMP-9)."
        ),
        JobField(
            "target.mobile_format", .choice(["account"] + CheckRules.MobileFormat.allCases.map(\.rawValue)), default: .string("account"),
            example: "local",
            "e164: numbers with their country code; local: national numbers of the record's MOBILE_COUNTRY_, else of target.mobile_country; "
                + "none: any text; account: as `connecthost account imports` says, e164 unless it says otherwise (IMP-9)."),
        JobField(
            "target.mobile_check", .choice(CheckRules.MobileCheck.allCases.map(\.rawValue)), default: .string("fast"), example: "strict",
            "fast: calling code and number of digits; strict: only numbers that a country gives out for mobile phones, by libphonenumber, which is installed "
                + "beside the program and checks some 30,000 a second (IMP-9)."),
        JobField(
            "target.mobile_country", .string, example: "DE",
            "ISO code of the country of national numbers whose record names none; left out: the account's."),
    ]

    /// Which column goes where.
    static let mapping: [JobField] = [
        JobField(
            "mapping.auto", .boolean, default: .bool(true), example: "true",
            "Whether columns find like-named fields by themselves: CUST_ID becomes CUSTOMER_ID_ (IMP-6)."),
        JobField(
            "mapping.fields", .map, default: .object([:]), example: "{ mail: EMAIL_ADDRESS_ }", "Column of the file or stream to field of the table."),
        JobField(
            "mapping.new_fields", .fieldTypes, default: .object([:]), example: "{ LOYALTY_TIER: STR25 }",
            "Fields that the run adds to the table when they are not there."),
        JobField(
            "mapping.ignore", .strings, default: .array([]), example: "[internal_note]", "Columns of the file or stream that are left out on purpose."
        ),
        JobField(
            "mapping.file", .string, example: "contacts_header.csv",
            "A file in the same directory and of the same format, whose first line names the columns of a file without a header line, or in place of it."
        ),
        JobField(
            "mapping.columns", .strings, default: .array([]), example: "[mail, first, last]",
            "Names of the columns in order, for a file without a header line or in place of it."),
    ]

    /// What is demanded of the file as a whole.
    static let limits: [JobField] = [
        JobField(
            "limits.min_records", .integer(minimum: 0, maximum: .max), default: .integer(0), example: "1000",
            "With fewer records in the file nothing is loaded."),
        JobField(
            "limits.max_records", .integer(minimum: 0, maximum: .max), example: "2000000",
            "With more records in the file nothing is loaded."),
        JobField(
            "limits.max_deviation_percent", .number(minimum: 0, maximum: 1_000_000), example: "30",
            "With more than so much less or more than the job's last runs had on average, nothing is loaded. Asked once there were three."),
        JobField(
            "limits.deviation_runs", .integer(minimum: 3, maximum: 500), default: .integer(7), example: "7",
            "How many of the last runs the average is taken of."),
        JobField(
            "limits.max_rejected_percent", .number(minimum: 0, maximum: 100), default: .number(100), example: "2",
            "With a larger share of rejected records nothing is loaded."),
    ]

    /// What becomes of files that are out of the ordinary.
    static let options: [JobField] = [
        JobField("options.fail_if_empty", .boolean, default: .bool(false), example: "true", "Whether a file without records fails the run (IMP-16)."),
        JobField(
            "options.same_content", .choice(SameContent.allCases.map(\.rawValue)), default: .string("warn"), example: "refuse",
            "What becomes of a file with the very bytes of an earlier one of this job: warn loads it and says so, refuse loads nothing."),
    ]
}

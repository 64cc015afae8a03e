import ConnectorKit

extension ImportSettings {
    /// Every setting once: the account's first, then the job's.
    static func schema(for data: ORCEData) -> SettingsSchema { SettingsSchema(accountFields(data) + jobFields + mappingFileFields) }

    private static func accountFields(_ data: ORCEData) -> [SettingField] {
        [
            SettingField("server", title: "Server", help: "The file server that ORCE puts its files on.", kind: .string(minLength: 1), required: true)
                .naming(.server),
            SettingField(
                "directory", title: "Directory", help: "Where on the server they lie; the server's own directory when left out.", kind: .string()),
            SettingField(
                "archive_directory", title: "Archive", help: "Where a file goes after its run; archive when left out.", kind: .string(minLength: 1),
                default: .string("archive")),
            SettingField(
                "file_name", title: "File name",
                help: "The name, with * and ? and with {YYYYMMDD} and the like for the day of the run; \(data.fileName) when left out.",
                kind: .string(minLength: 1), default: .string(data.fileName)),
            SettingField("charset", title: "Character set", help: "UTF-8 when left out.", kind: .string(minLength: 1), default: .string("UTF-8")),
            SettingField(
                "delimiter", title: "Delimiter", help: "One character between fields, or tab; | when left out.",
                kind: .string(minLength: 1, maxLength: 3),
                default: .string("|")),
            enclosure("enclosure", "Enclosure", "What text is enclosed by; double quotes when left out."),
            SettingField(
                "header", title: "Header line", help: "Whether the first line names the columns; it does when left out.", kind: .boolean,
                default: .boolean(true)),
            SettingField(
                "date_format", title: "Date format", help: "How dates are written, by the name of a format; the host's own when left out.",
                kind: .string(minLength: 1), advanced: true),
        ].map(\.accountWide)
    }

    private static let jobFields: [SettingField] = [
        SettingField("list", title: "List", help: "The profile list that the table belongs to.", kind: .string(minLength: 1), required: true).naming(
            .list),
        SettingField(
            "pet", title: "Profile extension table", help: "The table that the records go into. It must exist; a job never makes one.",
            kind: .string(minLength: 1), required: true
        ).naming(.table),
        SettingField(
            "replace_all", title: "Replace all", help: "Remove all existing records of the table, then insert the new ones; false when left out.",
            kind: .boolean, default: .boolean(false)),
        SettingField(
            "match", title: "Match", help: "The field of the list by which a record finds its person; CUSTOMER_ID_ when left out.",
            kind: .choice([("CUSTOMER_ID_", "Customer id"), ("EMAIL_ADDRESS_", "E-mail address"), ("MOBILE_NUMBER_", "Mobile number")]),
            default: .string("CUSTOMER_ID_")),
        SettingField(
            "auto_map", title: "Map by name", help: "Whether incoming fields find like-named fields by themselves; they do when left out.",
            kind: .boolean, default: .boolean(true)),
        SettingField("mapping", title: "Mapping", help: "Incoming field to field of the table or, for the match field, of the list.", kind: .map),
        SettingField("ignore", title: "Ignore", help: "Incoming fields that are left out on purpose.", kind: .strings),
    ]

    private static let mappingFileFields: [SettingField] = [
        SettingField(
            "mapping_file", title: "Mapping file",
            help:
                "The text of a mapping file. Its first line names the columns of the data file in order; or, without such a line, each line is an incoming field and the field it matches.",
            kind: .string(minLength: 1, maxLength: 65536)),
        SettingField(
            "mapping_file_delimiter", title: "Delimiter of the mapping file", help: "One character or tab; a comma when left out.",
            kind: .string(minLength: 1, maxLength: 3), default: .string(",")),
        enclosure("mapping_file_enclosure", "Enclosure of the mapping file", "What its names are enclosed by; double quotes when left out."),
        SettingField(
            "mapping_file_header", title: "First line names columns",
            help: "Whether its first line holds the names of the columns; it does when left out.",
            kind: .boolean, default: .boolean(true)),
    ]

    private static func enclosure(_ name: String, _ title: String, _ help: String) -> SettingField {
        SettingField(
            name, title: title, help: help, kind: .choice([("double", "Double quotes"), ("single", "Single quotes"), ("none", "None")]),
            default: .string("double"))
    }
}

import ConnectorKit

extension FeedSettings {
    /// Every setting once: the account's, the job's, and those of a repeat.
    static func schema(isAgain: Bool) -> SettingsSchema {
        SettingsSchema(accountFields + [types(isAgain: isAgain)] + (isAgain ? windowFields : []) + fileFields(isAgain: isAgain) + readyFields)
    }

    private static let accountFields: [SettingField] = [
        SettingField(
            "account_id", title: "Account", help: "The account's id, with which every file's name begins.",
            kind: .string(minLength: 1, maxLength: 64),
            required: true),
        SettingField(
            "device_columns", title: "Device columns", help: "Which columns about devices opens, clicks and conversions have; none when left out.",
            kind: .choice([
                ("none", "None"), ("classic", "User agent, system, browser, browser type"), ("detailed", "User agent and the _INFO columns"),
            ]),
            default: .string("none")),
        SettingField(
            "zone", title: "Time zone of dates", help: "UTC when left out; a name like Europe/Berlin writes dates in that zone.",
            kind: .string(minLength: 1),
            default: .string("UTC")),
        SettingField(
            "event_type_ids", title: "Numbers of types", help: "Type to EVENT_TYPE_ID, where the account's readers expect others than ours.",
            kind: .map,
            advanced: true),
        SettingField(
            "columns", title: "Columns of types",
            help: "Type to its columns in order, by blanks, in place of ours; $CUSTOM and $DEVICE are places.", kind: .map, advanced: true),
    ].map(\.accountWide)

    private static func types(isAgain: Bool) -> SettingField {
        let field = SettingField(
            "types", title: "Event types",
            help: isAgain ? "Which types." : "Which types; each can be in one active job only.",
            kind: .choices(EventTypes.all.map { ($0.token, $0.title) }), required: true
        ).eventTypes(ofChannels: EventTypes.channels)
        return isAgain ? field : field.exclusive
    }

    private static let windowFields: [SettingField] = [
        SettingField(
            "from", title: "From", help: "Events stored at this time or later, like 2025-03-01T00:00:00Z.", kind: .string(minLength: 10),
            required: true),
        SettingField("to", title: "To", help: "Events stored before this time.", kind: .string(minLength: 10), required: true),
    ]

    private static func fileFields(isAgain: Bool) -> [SettingField] {
        [
            SettingField(
                "server", title: "Server", help: "The file server; the account's own when left out.", kind: .string(minLength: 1),
                default: .string("files")
            )
            .naming(.server),
            SettingField(
                "directory", title: "Directory", help: "Where on the server; download when left out.", kind: .string(), default: .string("download")),
            SettingField("charset", title: "Character set", help: "UTF-8 when left out.", kind: .string(minLength: 1), default: .string("UTF-8")),
            SettingField(
                "delimiter", title: "Delimiter", help: "Between columns; a comma when left out.",
                kind: .choice([(",", "Comma"), (";", "Semicolon"), ("tab", "Tab"), ("|", "Pipe")]), default: .string(",")),
            SettingField(
                "enclosure", title: "Enclosure",
                help: "What every value is enclosed by; double quotes when left out. With none, delimiters within values become blanks.",
                kind: .choice([("double", "Double quotes"), ("single", "Single quotes"), ("none", "None")]), default: .string("double")),
            SettingField(
                "header", title: "Header line", help: "Whether the first line names the columns; it does when left out.", kind: .boolean,
                default: .boolean(true)),
            SettingField(
                "compression", title: "Compression", help: "none when left out.", kind: .choice([("none", "None"), ("zip", "ZIP"), ("gz", "GZ")]),
                default: .string("none")),
            SettingField(
                "recipients", title: "Encrypt for", help: "OpenPGP keys that the files are encrypted for; left out, they are not encrypted.",
                kind: .strings
            ).naming(.pgpRecipient),
            SettingField(
                "sign_with", title: "Sign with", help: "Key that encrypted files are signed with; left out, they are not signed.",
                kind: .string(minLength: 1)
            )
            .naming(.pgpSigner),
            SettingField(
                "extension", title: "Extension",
                help: "Of the files; when left out txt, zip or txt.gz, as the compression is, and .gpg behind it where they are encrypted.",
                kind: .string(minLength: 1, maxLength: 32)),
            SettingField(
                "empty", title: "Without events", help: "Whether a type without new events gets a file all the same: write (when left out) or skip.",
                kind: .choice([("write", "Write a file without records"), ("skip", "Write no file")]), default: .string(isAgain ? "skip" : "write")),
        ]
    }

    private static let readyFields: [SettingField] = [
        SettingField(
            "ready_file", title: "Ready file",
            help: "A file that says the data file is complete: none (when left out), empty, or with the number of records.",
            kind: .choice([("none", "None"), ("empty", "Empty"), ("count", "Number of records")]), default: .string("none")),
        SettingField(
            "ready_name", title: "Name of the ready file",
            help: "Whether its extension takes the place of the data file's or is appended; replace when left out.",
            kind: .choice([("replace", "Replace"), ("append", "Append")]), default: .string("replace")),
        SettingField(
            "ready_extension", title: "Extension of the ready file", help: "ready when left out.", kind: .string(minLength: 1, maxLength: 32),
            default: .string("ready")),
    ]
}

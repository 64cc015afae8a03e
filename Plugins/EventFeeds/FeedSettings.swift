import ConnectorKit

/// What the account and a job say, and the host's feed made of it.
struct FeedSettings {
    var accountID: String
    var deviceColumns: String
    var zone: String
    var typeNumbers: [String: String]
    var columns: [String: String]
    var types: [String]
    var server: String
    var directory: String
    var charset: String
    var delimiter: String
    var enclosure: String
    var hasHeader: Bool
    var compression: String
    var recipients: [String]
    var signer: String?
    var fileExtension: String?
    var readyFile: String
    var readyName: String
    var readyExtension: String
    var empty: String
    /// Both set: a repeat of what was stored in that time.
    var from: String?
    var to: String?

    init(_ values: SettingValues) {
        accountID = values.string("account_id") ?? ""
        deviceColumns = values.string("device_columns") ?? "none"
        zone = values.string("zone") ?? "UTC"
        typeNumbers = values.map("event_type_ids") ?? [:]
        columns = values.map("columns") ?? [:]
        types = values.strings("types") ?? []
        server = values.string("server") ?? "files"
        directory = values.string("directory") ?? "download"
        charset = values.string("charset") ?? "UTF-8"
        delimiter = values.string("delimiter") ?? ","
        enclosure = values.string("enclosure") ?? "double"
        hasHeader = values.boolean("header") ?? true
        compression = values.string("compression") ?? "none"
        recipients = values.strings("recipients") ?? []
        signer = values.string("sign_with")
        fileExtension = values.string("extension")
        readyFile = values.string("ready_file") ?? "none"
        readyName = values.string("ready_name") ?? "replace"
        readyExtension = values.string("ready_extension") ?? "ready"
        empty = values.string("empty") ?? "write"
        from = values.string("from")
        to = values.string("to")
    }

    private static let namePattern = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

    /// What the schema cannot say.
    var problems: [SettingProblem] {
        var found: [SettingProblem] = []
        func problem(_ setting: String, _ message: String) { found.append(SettingProblem(path: "/\(setting)", message: message)) }
        if accountID.prefix(100).contains(where: { !Self.namePattern.contains($0) }) {
            problem("account_id", "\"account_id\" has letters, digits, - and _ only.")
        }
        for (name, text) in [("extension", fileExtension ?? "txt"), ("ready_extension", readyExtension)]
        where text.isEmpty || text.prefix(100).contains(where: { !Self.namePattern.contains($0) }) {
            problem(name, "\"\(name)\" has letters, digits, dots, - and _ only.")
        }
        if types.isEmpty { problem("types", "Choose at least one type of events.") }
        if Set(types).count < types.count { problem("types", "A type stands there twice.") }
        for (setting, given) in [("event_type_ids", typeNumbers), ("columns", columns)] {
            for token in given.keys.filter({ EventTypes.type($0) == nil }).sorted().prefix(20) {
                problem(setting, "There is no type of events \"\(token)\".")
            }
        }
        for (token, number) in typeNumbers.filter({ Int64($0.value) == nil }).sorted(by: { $0.key < $1.key }).prefix(20) {
            problem("event_type_ids", "The number of \(token) is a whole number; \"\(number)\" is not.")
        }
        for token in columns.keys.filter({ columnNames($0).isEmpty }).sorted().prefix(20) {
            problem("columns", "The columns of \(token) are none; name at least one, or take \(token) out for ours.")
        }
        if let from, FeedTime(from) == nil { problem("from", "\"\(from)\" is no time; write it like 2025-03-01T00:00:00Z.") }
        if let to, FeedTime(to) == nil { problem("to", "\"\(to)\" is no time; write it like 2025-03-02T00:00:00Z.") }
        if let from = from.flatMap(FeedTime.init), let to = to.flatMap(FeedTime.init), from >= to {
            problem("to", "\"to\" is not later than \"from\".")
        }
        if signer != nil, recipients.isEmpty { problem("sign_with", "Only encrypted files are signed; name keys in \"recipients\", too.") }
        if readyFile != "none", readyName == "replace", readyExtension == self.extension {
            problem("ready_extension", "The ready file would have the name of the data file; give it another extension, or append it.")
        }
        return found
    }

    private var `extension`: String {
        fileExtension ?? (compression == "zip" ? "zip" : compression == "gz" ? "txt.gz" : "txt") + (recipients.isEmpty ? "" : ".gpg")
    }

    /// The host's feed (`connecthost.event_feed/1`).
    var request: PlanValue {
        let files = types.compactMap(EventTypes.type).map { type in
            PlanValue.object([
                "type": .text(type.token),
                "name": .text("\(accountID)_\(type.token)_\(from == nil ? "" : "REPEAT_"){YYYYMMDD}_{HHMMSS}"),
                "columns": .array(columns(of: type)),
            ])
        }
        var request: [String: PlanValue] = [
            "files": .array(files), "server": .text(server), "directory": .text(directory), "extension": .text(self.extension),
            "member_extension": .text("txt"),
            "charset": .text(charset), "delimiter": .text(delimiter), "enclosure": .text(enclosure), "header": .boolean(hasHeader),
            "compression": .text(compression == "gz" ? "gzip" : compression), "ready_file": .text(readyFile), "ready_name": .text(readyName),
            "ready_extension": .text(readyExtension), "zone": .text(zone), "empty": .text(empty),
        ]
        if !recipients.isEmpty {
            let keys = PlanValue.array(recipients.map(PlanValue.text))
            request["encryption"] = .object(signer.map { ["recipients": keys, "sign_with": .text($0)] } ?? ["recipients": keys])
        }
        if let from, let to { request["window"] = .object(["from": .text(from), "to": .text(to)]) }
        return .object(request)
    }

    /// The account's own for a type.
    private func columnNames(_ token: String) -> [String] {
        (columns[token] ?? "").split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
    }

    private func columns(of type: EventType) -> [PlanValue] {
        let names = columns[type.token] == nil ? type.columns : columnNames(type.token)
        return names.flatMap { name -> [PlanValue] in
            switch name {
            case "$CUSTOM": [.object(["source": .text("custom"), "channel": .text(type.channel)])]
            case "$DEVICE": deviceNames.map { .object(["name": .text($0)]) }
            case "EVENT_TYPE_ID": [.object(["name": .text(name), "constant": .text(typeNumbers[type.token] ?? String(type.number))])]
            case "ACCOUNT_ID": [.object(["name": .text(name), "constant": .text(accountID)])]
            case "EVENT_CAPTURED_DT": [.object(["name": .text(name), "source": .text("captured")])]
            // What the field's files have where a program is not known.
            case "PROGRAM_ID": [.object(["name": .text(name), "default": .text("-1")])]
            case "EVENT_STORED_DT": [.object(["name": .text(name), "source": .text("stored")])]
            default: [EventType.isTime(name) ? .object(["name": .text(name), "source": .text("time")]) : .object(["name": .text(name)])]
            }
        }
    }

    /// Device columns, where the account has them on (EVT-2).
    private var deviceNames: [String] {
        switch deviceColumns {
        case "classic": ["USER_AGENT_STRING", "OPERATING_SYSTEM", "BROWSER", "BROWSER_TYPE"]
        case "detailed": ["USER_AGENT_STRING", "OPERATING_SYSTEM_INFO", "OS_VENDOR_INFO", "BROWSER_INFO", "BROWSER_TYPE_INFO", "DEVICE_TYPE_INFO"]
        default: []
        }
    }
}

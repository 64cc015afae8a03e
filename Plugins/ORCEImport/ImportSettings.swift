import ConnectorKit

/// What the account and a job say. A draft may lack anything; what is missing is told by the schema.
struct ImportSettings {
    /// Of the account.
    var server: String?
    var directory: String?
    var archiveDirectory: String
    var fileName: String
    var charset: String
    var delimiter: String
    var enclosure: String
    var hasHeader: Bool
    var dateFormat: String?
    /// Of the job.
    var list: String?
    var pet: String?
    var replacesAll: Bool
    var match: String
    var mapsAutomatically: Bool
    var mapping: [String: String]
    var ignored: [String]
    var mappingText: MappingText?

    init(_ values: SettingValues) {
        server = values.string("server")
        directory = values.string("directory")
        archiveDirectory = values.string("archive_directory") ?? "archive"
        fileName = values.string("file_name") ?? "*"
        charset = values.string("charset") ?? "UTF-8"
        delimiter = values.string("delimiter") ?? "|"
        enclosure = values.string("enclosure") ?? "double"
        hasHeader = values.boolean("header") ?? true
        dateFormat = values.string("date_format")
        list = values.string("list")
        pet = values.string("pet")
        replacesAll = values.boolean("replace_all") ?? false
        match = values.string("match") ?? "CUSTOMER_ID_"
        mapsAutomatically = values.boolean("auto_map") ?? true
        mapping = values.map("mapping") ?? [:]
        ignored = values.strings("ignore") ?? []
        mappingText = values.string("mapping_file").map { text in
            MappingText(
                text, delimiter: values.string("mapping_file_delimiter") ?? ",", enclosure: values.string("mapping_file_enclosure") ?? "double",
                hasNames: values.boolean("mapping_file_header") ?? true)
        }
    }

    /// What the schema cannot say.
    var problems: [SettingProblem] {
        var found: [SettingProblem] = []
        if delimiter != "tab", delimiter.count != 1 {
            found.append(SettingProblem(path: "/delimiter", message: "\"delimiter\" is one character, or tab."))
        }
        if let mappingText { found += mappingText.problems.map { SettingProblem(path: "/mapping_file", message: $0) } }
        for (name, uses) in Dictionary(grouping: mapping.values, by: { $0.uppercased() }).sorted(by: { $0.key < $1.key }) where uses.count > 1 {
            found.append(
                SettingProblem(path: "/mapping", message: "\(uses.count) incoming fields are mapped to \(name); map one of them, or rename."))
        }
        if !hasHeader, mappingText?.names.isEmpty ?? true {
            found.append(
                SettingProblem(
                    path: "/mapping_file",
                    message: "The account's files have no header line, so the job needs a mapping file whose first line names the columns in order."))
        }
        return found
    }

    /// The import into the table that exists (never made by the job), as the host's own kind of job describes it.
    var plan: JobPlan {
        var file: [String: PlanValue] = [
            "archive_directory": .text(archiveDirectory), "name": .text(fileName), "charset": .text(charset), "delimiter": .text(delimiter),
            "enclosure": .text(enclosure), "header": .boolean(hasHeader),
        ]
        if let server { file["server"] = .text(server) }
        if let directory { file["directory"] = .text(directory) }
        var target: [String: PlanValue] = ["match": .array([.text(match)]), "replace_all": .boolean(replacesAll)]
        if let list { target["list"] = .text(list) }
        if let pet { target["pet"] = .text(pet) }
        if let dateFormat { target["date_format"] = .text(dateFormat) }
        let fields = mapping.merging(mappingText?.pairs ?? [:]) { own, _ in own }
        var columns: [String: PlanValue] = [
            "auto": .boolean(mapsAutomatically), "fields": .object(fields.mapValues(PlanValue.text)), "ignore": .array(ignored.map(PlanValue.text)),
        ]
        if let names = mappingText?.names, !names.isEmpty { columns["columns"] = .array(names.map(PlanValue.text)) }
        return JobPlan(
            kind: "import-pet", definition: .object(["file": .object(file), "target": .object(target), "mapping": .object(columns)]),
            fields: Self.origins)
    }

    /// Which setting each place of the plan comes from.
    private static let origins = [
        "file.server": "server", "file.directory": "directory", "file.archive_directory": "archive_directory", "file.name": "file_name",
        "file.charset": "charset", "file.delimiter": "delimiter", "file.enclosure": "enclosure", "file.header": "header",
        "target.list": "list", "target.pet": "pet", "target.match": "match", "target.replace_all": "replace_all", "target.date_format": "date_format",
        "mapping": "mapping", "mapping.columns": "mapping_file", "mapping.ignore": "ignore",
    ]
}

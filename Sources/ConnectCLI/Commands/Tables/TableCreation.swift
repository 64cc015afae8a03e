import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

/// Fields as the command line writes them.
struct FieldOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("A field of your own; types: \(FieldType.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name:type"))
    var field: [String] = []

    func fields() throws -> [Field] {
        try field.map { text in
            let parts = text.split(separator: ":")
            guard parts.count == 2, let type = FieldType(rawValue: parts[1].uppercased()) else {
                throw ValidationError("--field takes NAME:TYPE, like FIRST_NAME:STR100; \"\(text)\" is not that.")
            }
            return Field(parts[0].uppercased(), type)
        }
    }
}

private func create(_ table: AudienceTable, _ host: HostOptions, _ output: OutputOptions) throws {
    let opened = try host.open()
    try opened.createTable(table)
    let fields = table.kind.mayHaveCustomFields ? " with \(Moment.counted(table.customFields.count, "field")) of its own" : ""
    let noun = table.kind.noun.prefix(1).uppercased() + table.kind.noun.dropFirst()
    try Output(output).show(TableReport(table, rows: 0, loads: []), text: "\(noun) \"\(table.name)\" was made\(fields).")
}

private func names(_ text: String?) -> [String] {
    text?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).uppercased() } ?? []
}

struct ListsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a profile list: the system fields and your own.",
        discussion: "Example: connecthost lists create CONTACTS --field FIRST_NAME:STR100 --field BIRTH_DATE:TIMESTAMP")
    @Argument(help: "The list.") var name: String
    @OptionGroup var own: FieldOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws { try create(AudienceTable(name: name, customFields: try own.fields()), host, output) }
}

struct PetsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a PET of a list, or of an App Channel list.",
        discussion: "Example: connecthost pets create LOYALTY --list CONTACTS --field TIER:STR25 --field POINTS:INTEGER")
    @Argument(help: "The PET.") var name: String
    @Option(name: .long, help: "The profile list whose people it says more of.") var list: String?
    @Option(name: .long, help: "The App Channel list whose installs it says more of, in place of --list.") var app: String?
    @OptionGroup var own: FieldOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (list == nil) != (app == nil) else { throw ValidationError("A PET belongs to a --list or to an --app, to one of the two.") }
    }

    func run() throws {
        try create(AudienceTable(name: name, kind: app == nil ? .pet : .appPet, customFields: try own.fields(), owner: app ?? list), host, output)
    }
}

struct TablesCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a supplemental table.",
        discussion: "Example: connecthost tables create ORDERS --field ORDER_ID:STR50 --field CUSTOMER:STR50 --field TOTAL:NUMBER --key ORDER_ID")
    @Argument(help: "The table.") var name: String
    @Option(name: .long, help: ArgumentHelp("Fields whose values together are unique, by commas; left out: rows have no key.", valueName: "a,b"))
    var key: String?
    @Option(name: .long, help: ArgumentHelp("Fields that refer to people (the data extraction key), by commas.", valueName: "a,b"))
    var dataExtractionKey: String?
    @OptionGroup var own: FieldOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let table = AudienceTable(
            name: name, kind: .supplemental, customFields: try own.fields(), keyFields: names(key), dataExtractionKey: names(dataExtractionKey))
        try create(table, host, output)
    }
}

struct AppsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make the App Channel list of a profile list; its fields are fixed.",
        discussion: "Example: connecthost apps create \"CONTACTS apps\" --list CONTACTS")
    @Argument(help: "The App Channel list.") var name: String
    @Option(name: .long, help: "The profile list it belongs to.") var list: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws { try create(AudienceTable(name: name, kind: .app, owner: list), host, output) }
}

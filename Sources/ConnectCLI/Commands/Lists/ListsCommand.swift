import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

struct ListsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lists", abstract: "Profile lists: the people, their fields, a look at the rows.",
        subcommands: [ListsCreate.self, ListsList.self, ListsShow.self, ListsCount.self, ListsQuery.self, ListsDrop.self])
}

struct ListsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a profile list: the system fields and your own.",
        discussion: "Example: connecthost lists create CONTACTS --field FIRST_NAME:STR100 --field BIRTH_DATE:TIMESTAMP")
    @Argument(help: "The list.") var name: String
    @Option(name: .long, help: ArgumentHelp("A field of your own; types: \(FieldType.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name:type"))
    var field: [String] = []
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let fields = try field.map { text in
            let parts = text.split(separator: ":")
            guard parts.count == 2, let type = FieldType(rawValue: parts[1].uppercased()) else {
                throw ValidationError("--field takes NAME:TYPE, like FIRST_NAME:STR100; \"\(text)\" is not that.")
            }
            return Field(parts[0].uppercased(), type)
        }
        let opened = try host.open()
        try opened.createList(name, fields: fields)
        try Output(output).show(try opened.audience.table(named: name), text: "List \"\(name)\" was made with \(Moment.counted(fields.count, "field")) of its own.")
    }
}

/// A list as JSON presents it; keys are a contract.
struct ListReport: Encodable {
    var name: String
    var rows: Int64
    var fields: [Field]
}

struct ListsList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the profile lists.", discussion: "Example: connecthost lists list")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let lists = try host.open().lists()
        var table = Table(["NAME", "ROWS", "OWN FIELDS"])
        for (list, count) in lists { table.add([list.name, Moment.number(count), list.customFields.map(\.name).joined(separator: " ")]) }
        try Output(output).show(
            lists.map { ListReport(name: $0.list.name, rows: $0.count, fields: $0.list.fields) },
            text: lists.isEmpty ? "No lists. Make one with `connecthost lists create`." : table.text)
    }
}

struct ListsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a list's fields and their types.", discussion: "Example: connecthost lists show CONTACTS")
    @Argument(help: "The list.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let store = try host.open().audience
        let list = try store.table(named: name)
        let count = try store.count(of: name)
        var table = Table(["FIELD", "TYPE", ""])
        for field in list.fields { table.add([field.name, field.type.rawValue, ProfileList.derivedFields.contains(field.name) ? "set by the host" : ""]) }
        try Output(output).show(
            ListReport(name: list.name, rows: count, fields: list.fields), text: "\(list.name): \(Moment.counted(count, "row"))\n\(table.text)")
    }
}

struct ListsCount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "Count a list's rows.", discussion: "Example: connecthost lists count CONTACTS")
    @Argument(help: "The list.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let store = try host.open().audience
        _ = try store.table(named: name)
        let count = try store.count(of: name)
        try Output(output).show(["count": count], text: String(count))
    }
}

struct ListsDrop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Delete a list with all its rows.", discussion: "Example: connecthost lists drop OLD --yes")
    @Argument(help: "The list.") var name: String
    @Flag(name: .long, help: "Yes, delete every row.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let count = try opened.audience.count(of: try opened.audience.table(named: name).name)
        guard yes else {
            throw ConnectError(
                "list.unconfirmed", .configuration, "List \"\(name)\" has \(Moment.counted(count, "row")), which would be lost.",
                remedy: "Say so with --yes.")
        }
        try opened.dropList(name)
        try Output(output).show(["dropped": name], text: "List \"\(name)\" and its \(Moment.counted(count, "row")) were deleted.")
    }
}

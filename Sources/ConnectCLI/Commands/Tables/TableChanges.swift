import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

struct TableAlter<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "alter", abstract: "Add fields of your own; they are empty in the rows that are there.",
            discussion: "Example: connecthost \(Noun.command) alter \(Noun.example) --field SIZE:NUMBER")
    }
    @Argument(help: "Its name.") var name: String
    @OptionGroup var own: FieldOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if own.field.isEmpty { throw ValidationError("Say which field to add: --field NAME:TYPE.") }
    }

    func run() throws {
        let opened = try host.open()
        let added = try own.fields()
        let table = try opened.addFields(added, to: try opened.table(name, of: Noun.kinds).name)
        try Output(output).show(
            TableReport(table, rows: try opened.audience.count(of: name), loads: []),
            text: "\"\(name)\" has got \(added.map { "\($0.name) (\($0.type.rawValue))" }.joined(separator: ", ")).")
    }
}

struct TableDrop<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "drop", abstract: "Delete a \(Noun.noun) with all its rows.",
            discussion: "Example: connecthost \(Noun.command) drop OLD --yes")
    }
    @Argument(help: "Its name.") var name: String
    @Flag(name: .long, help: "Yes, delete every row.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let table = try opened.table(name, of: Noun.kinds)
        let count = try opened.audience.count(of: name)
        guard yes else {
            throw ConnectError(
                "table.unconfirmed", .configuration, "The \(table.kind.noun) \"\(name)\" has \(Moment.counted(count, "row")), which would be lost.",
                remedy: "Say so with --yes.")
        }
        try opened.dropTable(name)
        try Output(output).show(["dropped": name], text: "The \(table.kind.noun) \"\(name)\" and its \(Moment.counted(count, "row")) were deleted.")
    }
}

/// Drops what runs have made for a while (IMP-14).
struct PetsExpire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire", abstract: "Drop the PETs that runs made and whose days are over; never one that a person made.",
        discussion: "`serve` does this by itself. Example: connecthost pets expire")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let dropped = try host.open().dropExpiredTables(atUnixMilliseconds: Composition.now())
        try Output(output).show(["dropped": dropped], text: dropped.isEmpty ? "None has expired." : "Dropped: \(dropped.joined(separator: ", ")).")
    }
}

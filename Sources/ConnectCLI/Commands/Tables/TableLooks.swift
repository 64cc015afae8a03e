import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

/// A table as JSON presents it; keys are a contract.
struct TableReport: Encodable {
    var name: String
    var kind: TableKind
    var rows: Int64
    var fields: [Field]
    var owner: String?
    var key: [String]?
    var dataExtractionKey: [String]?
    var expiresAtUnixMilliseconds: Int64?
    var latestLoads: [LoadReport]?

    struct LoadReport: Encodable {
        var name: String
        var run: RunID
        var rows: Int64
        var loaded_at: Int64
    }

    init(_ table: AudienceTable, rows: Int64, loads: [LoadSet]) {
        name = table.name
        kind = table.kind
        self.rows = rows
        fields = table.fields
        owner = table.owner
        key = table.keyFields.isEmpty ? nil : table.keyFields
        dataExtractionKey = table.dataExtractionKey.isEmpty ? nil : table.dataExtractionKey
        expiresAtUnixMilliseconds = table.expiresAtUnixMilliseconds
        latestLoads =
            loads.isEmpty ? nil : loads.map { LoadReport(name: $0.name, run: $0.run, rows: $0.rows, loaded_at: $0.loadedAtUnixMilliseconds) }
    }

    enum CodingKeys: String, CodingKey {
        case name, kind, rows, fields, owner, key
        case dataExtractionKey = "data_extraction_key"
        case expiresAtUnixMilliseconds = "expires_at"
        case latestLoads = "latest_loads"
    }
}

struct TableList<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list", abstract: "List them, with their rows and fields.", discussion: "Example: connecthost \(Noun.command) list")
    }
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let tables = try host.open().tables(of: Noun.kinds)
        let belongs = Noun.kinds.contains { $0.ownerKind != nil }
        var shown = Table(["NAME", "ROWS"] + (belongs ? ["BELONGS TO"] : []) + ["OWN FIELDS"])
        for (table, count) in tables {
            shown.add(
                [table.name, Moment.number(count)] + (belongs ? [table.owner ?? ""] : []) + [table.customFields.map(\.name).joined(separator: " ")])
        }
        try Output(output).show(
            tables.map { TableReport($0.table, rows: $0.count, loads: []) },
            text: tables.isEmpty ? "There are none. Make one with `connecthost \(Noun.command) create`." : shown.text)
    }
}

struct TableShow<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Show what a \(Noun.noun) is made of.",
            discussion: "Example: connecthost \(Noun.command) show \(Noun.example)")
    }
    @Argument(help: "Its name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let table = try opened.table(name, of: Noun.kinds)
        let count = try opened.audience.count(of: name)
        let loads = try opened.audience.loadSets(of: name)
        var lines = ["\(table.name): \(Moment.counted(count, "row"))"]
        if let owner = table.owner { lines.append("belongs to \(owner)") }
        if let expiry = table.expiresAtUnixMilliseconds { lines.append("made by a run; dropped after \(Moment.text(expiry))") }
        for load in loads {
            lines.append(
                "latest load \"\(load.name)\": \(Moment.counted(load.rows, "row")), run \(load.run), \(Moment.text(load.loadedAtUnixMilliseconds))")
        }
        var shown = Table(["FIELD", "TYPE", ""])
        for field in table.fields { shown.add([field.name, field.type.rawValue, note(on: field.name, table)]) }
        try Output(output).show(TableReport(table, rows: count, loads: loads), text: (lines + [shown.text]).joined(separator: "\n"))
    }

    private func note(on field: String, _ table: AudienceTable) -> String {
        if table.keyFields.contains(field) { return "key" }
        if table.dataExtractionKey.contains(field) { return "data extraction key" }
        return table.kind.derivedFields.contains(field) ? "set by the host" : ""
    }
}

struct TableCount<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "count", abstract: "Count the rows.", discussion: "Example: connecthost \(Noun.command) count \(Noun.example)")
    }
    @Argument(help: "Its name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let count = try opened.audience.count(of: try opened.table(name, of: Noun.kinds).name)
        try Output(output).show(["count": count], text: String(count))
    }
}

/// Events that loads have raised for their customers and that are not in the event store yet (IMP-11).
struct TableCustomEvents<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "custom-events", abstract: "Show the custom events that loads raised and that wait to be taken over into the event store.",
            discussion:
                "A run takes them over at its end; `connecthost events query CUSTOM_EVENT` shows them then.\n\nExample: connecthost \(Noun.command) custom-events \(Noun.example) --limit 5"
        )
    }
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "Most events to show.") var limit = 20
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let events = try opened.audience.customEvents(of: try opened.table(name, of: Noun.kinds).name, after: nil, limit: limit)
        var shown = Table(["EVENT", "RIID_", "RUN", "RAISED"])
        for event in events { shown.add([event.name, String(event.recipient), event.run.description, Moment.text(event.raisedAtUnixMilliseconds)]) }
        try Output(output).show(events.map(CustomEventReport.init), text: events.isEmpty ? "No events wait." : shown.text)
    }
}

/// Keys are a contract.
private struct CustomEventReport: Encodable {
    var id: String
    var event: String
    var riid: Int64
    var run: RunID
    var raised_at: Int64

    init(_ event: CustomEvent) {
        id = event.id
        self.event = event.name
        riid = event.recipient
        run = event.run
        raised_at = event.raisedAtUnixMilliseconds
    }
}

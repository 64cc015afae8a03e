import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "The event store: take events in, look at what is there.",
        subcommands: [EventsIngest.self, EventsTypes.self, EventsCount.self, EventsQuery.self, EventsColumns.self])
}

struct EventsIngest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Take events in from a file or standard input; each event once, by its id.",
        discussion: """
            NDJSON: one object a line, {"id": "…", "type": "TYPE", "time": "2025-03-01T12:00:00Z", "RIID": 7, …}; every other name is a field. CloudEvents are
            understood too. CSV: the same names in the header line. The same input again adds nothing. Lines that hold no event are told and left out.
            Exit code 1 when there were any.

            Example: connecthost events ingest events.ndjson
            """)
    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file")) var file: String
    @Option(name: .long, help: "\(EventFormat.allCases.map(\.rawValue).joined(separator: " or ")); left out: by the end of the file's name.")
    var format: String?
    @Option(name: .long, help: "One character between fields of CSV; tab for the tabulator.") var delimiter = ","
    @Flag(name: .customLong("any-type"), help: "Take types that no connector's feed knows.") var anyType = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private static let mostRejectsShown = 10

    func run() throws {
        let chosen =
            try format.map { text in
                guard let known = EventFormat(rawValue: text) else { throw ValidationError("--format is ndjson or csv.") }
                return known
            } ?? EventFormat(fileName: file)
        let descriptor = file == "-" ? 0 : open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ConnectError("events.file", .configuration, "The file \(file) cannot be read: \(String(cString: strerror(errno))).")
        }
        let opened = try host.open()
        var shown = 0
        let counts = try opened.ingestEvents(
            DescriptorSource(descriptor), format: chosen, delimiter: delimiter == "tab" ? "\t" : delimiter, anyType: anyType,
            reject: { reject in
                shown += 1
                if shown <= Self.mostRejectsShown { Output.complain("line \(reject.line): \(reject.message)") }
            },
            progress: { if !output.json, isatty(2) == 1 { FileHandle.standardError.write(Data("\r\(Moment.number($0.stored)) stored ".utf8)) } })
        let text =
            "\(Moment.number(counts.stored)) stored, \(Moment.number(counts.repeated)) there already, \(Moment.number(counts.rejected)) refused."
        try Output(output).show(counts, text: text)
        if counts.rejected > 0 { throw ExitCode(ExitStatus.runFailed.rawValue) }
    }
}

/// An open file or pipe of this process.
private final class DescriptorSource: ByteSource {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { if descriptor > 2 { close(descriptor) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw ConnectError("events.file", .transient, "The input cannot be read: \(String(cString: strerror(errno))).")
            }
        }
    }
}

struct EventsTypes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types", abstract: "List the types of events that are there, how many, and how many feeds have exported.",
        discussion: "Example: connecthost events types")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let types = try host.open().events().types()
        var table = Table(["TYPE", "EVENTS", "EXPORTED TO", "WAITING", "LAST STORED"])
        for type in types {
            table.add([
                type.type, Moment.number(type.events), Moment.number(type.exported), Moment.number(type.newest - type.exported),
                Moment.text(type.lastStoredUnixMilliseconds),
            ])
        }
        try Output(output).show(types, text: types.isEmpty ? "No events. `connecthost events ingest` takes them in." : table.text)
    }
}

struct EventsCount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "Count events, of all types or one.",
        discussion: "`events types` lists them.\n\nExample: connecthost events count TYPE")
    @Argument(help: "The type.") var type: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let types = try host.open().events().types().filter { type == nil || $0.type == type?.uppercased() }
        let count = types.reduce(0) { $0 + $1.events }
        try Output(output).show(["events": count], text: String(count))
    }
}

struct EventsQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Look at events of one type, one JSON object a line; changes nothing.",
        discussion: "Each has its number, by which feeds go.\n\nExample: connecthost events query TYPE --after 1000 --limit 5")
    @Argument(help: "The type.") var type: String
    @Option(name: .long, help: "Only events with a higher number.") var after: Int64 = 0
    @Option(name: .long, help: "Most events to show; 0 for all.") var limit = 20
    @OptionGroup var host: HostOptions

    private struct Row: Encodable {
        var number: Int64
        var captured: String
        var stored: String
        var fields: [String: String]
    }

    func run() throws {
        try host.open().queryEvents(EventWindow(type: type.uppercased(), after: after), limit: limit) { event, values in
            print(
                try Output.line(
                    Row(
                        number: event.number, captured: Moment.text(event.capturedUnixMilliseconds),
                        stored: Moment.text(event.storedUnixMilliseconds),
                        fields: values)))
        }
    }
}

struct EventsColumns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "columns", abstract: "The account's own columns of a channel's feeds.",
        subcommands: [EventsColumnsList.self, EventsColumnsAdd.self])
}

struct EventsColumnsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the account's own columns.", discussion: "Example: connecthost events columns list")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let columns = try host.open().events().customColumns()
        let lines = columns.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.joined(separator: " "))" }
        try Output(output).show(columns, text: lines.isEmpty ? "No columns of the account's own." : lines.joined(separator: "\n"))
    }
}

struct EventsColumnsAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a column to a channel's feeds, at most 12 a channel; its values are fields of that name in events.",
        discussion: "Feeds have it from their next file on.\n\nExample: connecthost events columns add STORE_ID --channel email")
    @Argument(help: "The column.") var name: String
    @Option(name: .long, help: "The channel.") var channel: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try host.open().addEventColumn(name, channel: channel)
        try Output(output).show(
            ["added": name.uppercased(), "channel": channel], text: "Column \(name.uppercased()) was added to the channel \(channel).")
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel

struct FiltersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filters", abstract: "Saved conditions over a list, its extensions and supplemental tables, for exports.",
        subcommands: [
            FiltersCreate.self, SelectionsList<FilterNoun>.self, SelectionsShow<FilterNoun>.self, SelectionsTest<FilterNoun>.self,
            SelectionsDrop<FilterNoun>.self,
        ])
}

struct AudiencesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audiences", abstract: "Saved combinations of filters, for exports.",
        subcommands: [
            AudiencesCreate.self, SelectionsList<AudienceNoun>.self, SelectionsShow<AudienceNoun>.self, SelectionsTest<AudienceNoun>.self,
            SelectionsDrop<AudienceNoun>.self,
        ])
}

struct ViewsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "views", abstract: "Saved SELECTs over any tables, for exports.",
        subcommands: [
            ViewsCreate.self, SelectionsList<ViewNoun>.self, SelectionsShow<ViewNoun>.self, SelectionsTest<ViewNoun>.self,
            SelectionsDrop<ViewNoun>.self,
        ])
}

/// What the common commands are about.
protocol SelectionNoun { static var kind: SavedSelection.Kind { get } }
enum FilterNoun: SelectionNoun { static var kind: SavedSelection.Kind { .filter } }
enum AudienceNoun: SelectionNoun { static var kind: SavedSelection.Kind { .audience } }
enum ViewNoun: SelectionNoun { static var kind: SavedSelection.Kind { .view } }

struct SelectionsList<Noun: SelectionNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list", abstract: "List the \(Noun.kind.rawValue)s.", discussion: "Example: connecthost \(Noun.kind.rawValue)s list")
    }
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let all = try host.open().selections(Noun.kind).map(SelectionReport.init)
        var table = Table(["NAME", "WHAT"])
        for report in all { table.add([report.name, report.sentence]) }
        try Output(output).show(all, text: all.isEmpty ? "No \(Noun.kind.rawValue)s." : table.text)
    }
}

struct SelectionsShow<Noun: SelectionNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Show one \(Noun.kind.rawValue).", discussion: "Example: connecthost \(Noun.kind.rawValue)s show Gold")
    }
    @Argument(help: "Its name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let report = SelectionReport(try host.open().selection(Noun.kind, name))
        try Output(output).show(report, text: "\(report.name): \(report.sentence)")
    }
}

struct SelectionsTest<Noun: SelectionNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "test", abstract: "Run it now: how many rows, and the first of them. Nothing is written.",
            discussion: "Example: connecthost \(Noun.kind.rawValue)s test Gold --rows 3")
    }
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "How many rows to show.") var rows = 5
    @Option(name: .long, help: "Most rows to count.") var limit = 1_000_000
    @Option(name: .long, help: "Longest time, in seconds.") var seconds = 30
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard rows >= 0, limit > 0, seconds > 0 else { throw ValidationError("--rows, --limit and --seconds are positive numbers.") }
    }

    func run() throws {
        let trial = try host.open().tryOut(Noun.kind, name, rows: rows, limit: limit, seconds: seconds)
        var table = Table(trial.columns)
        for row in trial.firstRows { table.add(row.map { $0.count > 24 ? String($0.prefix(23)) + "…" : $0 }) }
        let count = "\(Moment.number(trial.rows)) rows\(trial.isCut ? " or more" : "")"
        try Output(output).show(trial, text: trial.firstRows.isEmpty ? count : "\(table.text)\n\(count)")
    }
}

struct SelectionsDrop<Noun: SelectionNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "drop", abstract: "Drop it; refused while a job or an audience uses it.",
            discussion: "Example: connecthost \(Noun.kind.rawValue)s drop Gold")
    }
    @Argument(help: "Its name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try host.open().dropSelection(Noun.kind, name)
        try Output(output).show(["dropped": name], text: "Dropped \(Noun.kind.rawValue) \"\(name)\".")
    }
}

/// A filter, audience or view as JSON presents it; keys are a contract, those of the document's sections.
struct SelectionReport: Encodable {
    let name: String
    private let selection: SavedSelection

    init(_ selection: SavedSelection) {
        name = selection.name
        self.selection = selection
    }

    enum CodingKeys: String, CodingKey { case name, list, condition = "where", all, any, except, sql }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        switch selection {
        case .filter(let filter):
            try container.encode(filter.list, forKey: .list)
            try container.encode(filter.condition, forKey: .condition)
        case .audience(let audience):
            try container.encode(audience.list, forKey: .list)
            try container.encode(audience.all, forKey: .all)
            try container.encode(audience.any, forKey: .any)
            try container.encode(audience.except, forKey: .except)
        case .view(let view): try container.encode(view.sql, forKey: .sql)
        }
    }

    var sentence: String {
        switch selection {
        case .filter(let filter): "\(filter.list) where \(filter.condition)"
        case .view(let view): view.sql
        case .audience(let audience):
            "\(audience.list): "
                + [("all of", audience.all), ("any of", audience.any), ("except", audience.except)].filter { !$0.1.isEmpty }
                .map { "\($0.0) \($0.1.joined(separator: ", "))" }.joined(separator: "; ")
        }
    }
}

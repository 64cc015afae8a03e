import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct FiltersCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Save a filter, or change the one of its name.",
        discussion: """
            The condition is an SQL expression over the fields of the list. Its extensions are joined where they are named; other tables are asked by subqueries.

            Example: connecthost filters create Gold --list CONTACTS --where "TIERS.LEVEL = 'GOLD' AND COUNTRY_ = 'DE'"
            """)
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "The list whose rows it chooses.") var list: String
    @Option(name: .customLong("where"), help: "The condition.") var condition: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws { try save(.filter(ListFilter(name: name, list: list, condition: condition)), host, output) }
}

struct AudiencesCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Save an audience, or change the one of its name.",
        discussion: "Example: connecthost audiences create \"Spring mailing\" --list CONTACTS --any Gold,Silver --except Bounced")
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "The list that its filters are of.") var list: String
    @Option(name: .long, help: "Filters that must all be met, with commas between them.") var all: String?
    @Option(name: .long, help: "Filters of which one must be met.") var any: String?
    @Option(name: .long, help: "Filters that must not be met.") var except: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let names = { (text: String?) in (text ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty } }
        try save(.audience(Audience(name: name, list: list, all: names(all), any: names(any), except: names(except))), host, output)
    }
}

struct ViewsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Save a view, or change the one of its name.",
        discussion: """
            To export only what has changed, the SELECT needs a column MODIFIED_DATE_.

            Example: connecthost views create Orders --sql "SELECT NUMBER, TOTAL, MODIFIED_DATE_ FROM ORDERS WHERE TOTAL > 100"
            """)
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "The SELECT.") var sql: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws { try save(.view(SQLView(name: name, sql: sql)), host, output) }
}

private func save(_ selection: SavedSelection, _ host: HostOptions, _ output: OutputOptions) throws {
    try host.open().save(selection)
    try Output(output).show(SelectionReport(selection), text: "Saved \(selection.kind.rawValue) \"\(selection.name)\".")
}

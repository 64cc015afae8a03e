import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

struct TableQueryCommand<Noun: TableNoun>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "query", abstract: "Look at rows; changes nothing.",
            discussion: """
                The condition is an SQL expression over the fields. --json prints one object a line.

                Example: connecthost \(Noun.command) query \(Noun.example) --where "MODIFIED_DATE_ > '2026-01-01'" --limit 5
                """)
    }
    @Argument(help: "Its name.") var name: String
    @Option(name: .customLong("where"), help: "Which rows.") var condition: String?
    @Option(name: .long, help: ArgumentHelp("Which fields, by commas; left out: those that have a value.", valueName: "a,b")) var fields: String?
    @Option(name: .long, help: "Only rows of the latest load that a job keeps under this name (target.latest_load).") var load: String?
    @Option(name: .long, help: "Most rows to show; 0 for all.") var limit = 20
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let wanted = fields?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).uppercased() } ?? []
        let query = TableQuery(table: name, fields: wanted, condition: condition, loadSet: load, limit: limit > 0 ? limit : nil)
        let opened = try host.open()
        _ = try opened.table(name, of: Noun.kinds)
        let store = opened.audience
        if output.json { try streamJSON(store, query) } else { try showTable(store, query) }
    }

    private func streamJSON(_ store: any AudienceStore, _ query: TableQuery) throws {
        let names = try columnNames(store, query)
        _ = try store.query(query) { row in
            var object: [String: String] = [:]
            for (name, value) in zip(names, row) { if let value { object[name] = value } }
            print(try Output.line(object))
        }
    }

    private func showTable(_ store: any AudienceStore, _ query: TableQuery) throws {
        var rows: [[String?]] = []
        let names = try store.query(query) { rows.append($0) }
        let shown = names.indices.filter { column in fields != nil || rows.contains { $0[column] != nil } }
        var table = Table(shown.map { names[$0] })
        for row in rows { table.add(shown.map { row[$0] ?? "" }) }
        print(rows.isEmpty ? "No rows." : table.text)
    }

    private func columnNames(_ store: any AudienceStore, _ query: TableQuery) throws -> [String] {
        query.fields.isEmpty ? try store.table(named: name).fields.map(\.name) : query.fields
    }
}

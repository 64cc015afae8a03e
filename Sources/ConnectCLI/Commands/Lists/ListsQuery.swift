import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import StoreAPI

struct ListsQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Look at rows of a list; changes nothing.",
        discussion: """
            The condition is an SQL expression over the list's fields. --json prints one object a line.

            Example: connecthost lists query CONTACTS --where "LOYALTY_TIER = 'GOLD'" --fields RIID_,EMAIL_ADDRESS_ --limit 5
            """)
    @Argument(help: "The list.") var name: String
    @Option(name: .customLong("where"), help: "Which rows.") var condition: String?
    @Option(name: .long, help: ArgumentHelp("Which fields, by commas; left out: those that have a value.", valueName: "a,b")) var fields: String?
    @Option(name: .long, help: "Most rows to show; 0 for all.") var limit = 20
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let wanted = fields?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).uppercased() } ?? []
        let query = TableQuery(table: name, fields: wanted, condition: condition, limit: limit > 0 ? limit : nil)
        let store = try host.open().audience
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

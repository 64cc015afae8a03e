import ArgumentParser
import ConnectHost
import ConnectModel

struct ServersList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the file servers.", discussion: "Example: connecthost servers list --json")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let servers = try host.open().servers()
        var table = Table(["NAME", "CONNECTOR", "SETTINGS"])
        for server in servers { table.add([server.name, server.connector, SettingText.line(server)]) }
        try Output(output).show(servers, text: servers.isEmpty ? "No servers. Add one with `connecthost servers add`." : table.text)
    }
}

struct ServersShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a server's settings; secrets only by where they come from.",
        discussion: "Example: connecthost servers show partner")
    @Argument(help: "The server.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let details = try host.open().serverDetails(name)
        try Output(output).show(details, text: text(details))
    }

    private func text(_ details: ServerDetails) -> String {
        var lines = ["\(details.server.name): \(details.connectorName ?? details.server.connector)"]
        lines += details.server.settings.sorted { $0.key < $1.key }.map { "  \($0.key) = \(SettingText.value($0.value))" }
        lines += details.server.secrets.sorted { $0.key < $1.key }.map { "  \($0.key) = ••• (\($0.value))" }
        lines += details.problems.map { "  \($0.severity.rawValue): \($0.message)" }
        return lines.joined(separator: "\n")
    }
}

/// Settings as text.
enum SettingText {
    static func line(_ server: FileServer) -> String {
        server.settings.filter { $0.value.arrayValue == nil }.sorted { $0.key < $1.key }.map { "\($0.key)=\(value($0.value))" }.joined(separator: " ")
    }

    static func value(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let truth): String(truth)
        case .null: ""
        case .array(let values): values.map(Self.value).joined(separator: ", ")
        case .object: "{…}"
        }
    }
}

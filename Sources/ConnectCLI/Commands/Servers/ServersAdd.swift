import ArgumentParser
import ConnectHost
import ConnectModel

struct ServersAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a file server, or a source of rows.",
        discussion: """
            `connecthost connectors describe CONNECTOR` shows the settings a connector takes.

            Example: connecthost servers add partner CONNECTOR --set host=files.example.com --set username=feeds --secret password
            """)

    @Argument(help: "The name jobs will use.") var name: String
    @Argument(help: "The connector, by id or short name.") var connector: String
    @OptionGroup var values: ServerSettingOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        try opened.addServer(
            name: name, connector: connector, settings: values.settingValues(), secretValues: values.secretValues(),
            references: values.secretReferences())
        let next = try opened.canBeTrusted(name) ? "servers trust \(name), then servers test \(name)" : "servers test \(name)"
        try Output(output).show(try opened.serverDetails(name).server, text: "Server \"\(name)\" was added. Next: connecthost \(next)")
    }
}

struct ServersSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change settings or secrets of a server.",
        discussion: "An empty value takes a setting back to its default.\n\nExample: connecthost servers set partner --set port=2222")

    @Argument(help: "The server.") var name: String
    @OptionGroup var values: ServerSettingOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        try opened.setServer(
            name: name, settings: values.settingValues(), secretValues: values.secretValues(), references: values.secretReferences())
        try Output(output).show(try opened.serverDetails(name).server, text: "Server \"\(name)\" was changed.")
    }
}

struct ServersRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a server and its secrets; refused while a job uses it.",
        discussion: "Example: connecthost servers remove partner")

    @Argument(help: "The server.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try host.open().removeServer(name)
        try Output(output).show(["removed": name], text: "Server \"\(name)\" was removed.")
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

struct ConnectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors", abstract: "Connectors: what is loaded, what was refused and why.",
        subcommands: [
            ConnectorsList.self, ConnectorsDescribe.self, ConnectorsCheck.self, ConnectorsTest.self, ConnectorsNew.self, ConnectorsLock.self,
            ConnectorsVerify.self,
            ConnectorsProfile.self,
        ])
}

extension HostOptions {
    /// Connectors can be looked at without an installation.
    var catalog: ConnectorCatalog { Composition.catalog(layout.isInitialised ? layout : nil, connectors) }
}

struct ConnectorsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List every connector file: what it provides, or why it was refused.",
        discussion: "Example: connecthost connectors list --json")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let files = host.catalog.scan()
        try Output(output).show(files, text: Self.text(files))
    }

    static func text(_ files: [ConnectorFile]) -> String {
        var table = Table(["ID", "SHORT", "KIND", "VERSION", "ABI", "LICENCE", "FILE"])
        for file in files {
            for info in file.connectors {
                table.add([info.id, info.aliases.first ?? "-", info.kind.rawValue, info.version, file.abi ?? "-", info.license, file.path])
            }
        }
        let refused = files.compactMap { file in file.refused.map { "refused: \(file.path) \($0)." } }
        let loaded = files.contains { !$0.connectors.isEmpty } ? [table.text] : ["No connectors are loaded."]
        return (loaded + refused).joined(separator: "\n")
    }
}

struct ConnectorsDescribe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a connector and every setting it takes.",
        discussion: "Example: connecthost connectors describe org.connecthost.local")
    @Argument(help: "The connector, by id or short name.") var id: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let found = try host.catalog.connector(id)
        try Output(output).show(found.info, text: text(found.info, found.file))
    }

    private func text(_ info: ConnectorInfo, _ file: String) -> String {
        var lines = [
            "\(info.name) \(info.version) (\(info.id))", info.summary, "  file: \(file)", "  by: \(info.vendor), \(info.license)", "", "Settings",
        ]
        for field in SettingsForm(info).fields {
            let marks = [field.isRequired ? "required" : nil, field.isSecret ? "secret" : nil, field.isPin ? "set by `servers trust`" : nil]
                .compactMap { $0 }
            let value = field.defaultValue.map { " = \(SettingText.value($0))" } ?? ""
            let choices = field.choices.isEmpty ? field.type : field.choices.map(SettingText.value).joined(separator: " | ")
            lines.append("  \(field.name)\(value)  (\(([choices] + marks).joined(separator: ", ")))")
            lines.append("      \(field.help)")
        }
        return lines.joined(separator: "\n")
    }
}

struct ConnectorsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look at one connector file and say whether it would be loaded.",
        discussion: "Exit code 3 when it is refused.\n\nExample: connecthost connectors check ./libmine.so")
    @Argument(help: "The file.") var file: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let checked = host.catalog.check(file)
        try Output(output).show(checked, text: ConnectorsList.text([checked]))
        if checked.refused != nil { throw ExitCode(ExitStatus.configuration.rawValue) }
    }
}

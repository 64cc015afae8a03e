import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "What the account may use, and how it sends mails, events and launches.",
        subcommands: [
            AccountShow.self, AccountSet.self, AccountMail.self, AccountCampaigns.self, AccountNetwork.self, AccountFileNames.self,
            AccountImportsCommand.self,
        ])

    fileprivate static func text(_ capabilities: [Capability]) -> String {
        let width = capabilities.map(\.name.count).max() ?? 0
        return capabilities.map { capability in
            "\(capability.isOn ? "on " : "off") \(capability.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(capability.summary)"
        }.joined(separator: "\n")
    }
}

struct AccountShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show every capability and whether it is on.", discussion: "Example: connecthost account show")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let capabilities = try host.open().capabilities()
        try Output(output).show(["capabilities": capabilities], text: AccountCommand.text(capabilities))
    }
}

struct AccountSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Turn capabilities on or off.",
        discussion: "A job or server that needs one that is off is refused.\n\nExample: connecthost account set external-servers=off")
    @Argument(help: "NAME=on or NAME=off, any number of them.") var changes: [String]
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let capabilities = try host.open().setCapabilities(Dictionary(try changes.map(Self.change)) { _, last in last })
        try Output(output).show(["capabilities": capabilities], text: AccountCommand.text(capabilities))
    }

    private static func change(_ text: String) throws -> (String, Bool) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let isOn = ["on": true, "off": false][parts[1]] else {
            throw ValidationError("\"\(text)\" is not NAME=on or NAME=off.")
        }
        return (parts[0], isOn)
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import RecordEngine
import RunEngine

struct AccountImportsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imports", abstract: "What imports do where their jobs leave it to the account.", subcommands: [Show.self, Set.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show it.", discussion: "Example: connecthost account imports show")
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let account = try host.open().accountImports()
            try Output(output).show(["imports": account.json], text: AccountImportsCommand.text(account))
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Change it; what is not given stays.",
            discussion: """
                Settings: mobile_format (e164, local, none), mobile_country (ISO code of the country of national numbers; empty: none).

                Example: connecthost account imports set --set mobile_format=local --set mobile_country=DE
                """)
        @Option(name: .customLong("set"), help: ArgumentHelp("A setting; may be given several times.", valueName: "key=value")) var given: [String] =
            []
        @OptionGroup var host: HostOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let account = try host.open().setAccountImports(try OptionPairs.read(given, "--set"))
            try Output(output).show(["imports": account.json], text: AccountImportsCommand.text(account))
        }
    }

    fileprivate static func text(_ account: AccountImports) -> String {
        "mobile_format   \(account.mobileFormat.rawValue)\nmobile_country  \(account.mobileCountry ?? "none")"
    }
}

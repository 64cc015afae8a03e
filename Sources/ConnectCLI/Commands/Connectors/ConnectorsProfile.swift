import ArgumentParser
import ConnectHost
import ConnectModel

struct ConnectorsProfile: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "The account's settings of a connector's job kind: the same for all its jobs.",
        subcommands: [ConnectorsProfileShow.self, ConnectorsProfileSet.self])
}

struct ConnectorsProfileShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the account's settings of a job kind, and what is missing.",
        discussion: "`connecthost jobs kinds` shows the kinds.\n\nExample: connecthost connectors profile show KIND")
    @Argument(help: "The kind of job.") var kind: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let profile = try host.open().profile(ofKind: kind)
        var lines: [String] = []
        for setting in profile.settings {
            let mark = setting.isSet ? "" : setting.value == nil ? setting.isRequired ? "  (required)" : "  (not set)" : "  (default)"
            let value = setting.value.map(SettingText.value) ?? "-"
            lines.append("  \(setting.name) = \(setting.isSecret && setting.isSet ? "••• (\(value))" : value)\(mark)")
            lines.append("      \(setting.help)")
        }
        try Output(output).show(profile, text: (lines + profile.problems.map { "error: \($0.message)" }).joined(separator: "\n"))
    }
}

struct ConnectorsProfileSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set the account's settings of a job kind; its jobs take them from their next run on.",
        discussion: """
            An empty value takes a setting back to its default, and a secret away. Secrets are stored encrypted, or left where they are and read at each run.

            Examples:
              connecthost connectors profile set KIND --set server=partner --set delimiter=tab
              connecthost connectors profile set KIND --secret token
            """)
    @Argument(help: "The kind of job.") var kind: String
    @OptionGroup var values: SettingOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let (settings, references) = (try values.settings(), try values.secrets.references())
        let opened = try host.open()
        try opened.setProfile(ofKind: kind, settings, secretValues: try values.secrets.values(), references: references)
        let profile = try opened.profile(ofKind: kind)
        let missing = profile.problems.map { "  still to do: \($0.message)" }
        try Output(output).show(profile, text: (["The profile of \(kind) was saved."] + missing).joined(separator: "\n"))
    }
}

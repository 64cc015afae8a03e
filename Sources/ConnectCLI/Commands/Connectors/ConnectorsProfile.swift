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
            lines.append("  \(setting.name) = \(setting.value.map(SettingText.value) ?? "-")\(mark)")
            lines.append("      \(setting.help)")
        }
        try Output(output).show(profile, text: (lines + profile.problems.map { "error: \($0.message)" }).joined(separator: "\n"))
    }
}

struct ConnectorsProfileSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set the account's settings of a job kind; its jobs take them from their next run on.",
        discussion: "An empty value takes a setting back to its default.\n\nExample: connecthost connectors profile set KIND --set server=partner --set delimiter=tab")
    @Argument(help: "The kind of job.") var kind: String
    @Option(name: .customLong("set"), help: ArgumentHelp("A setting; may be given several times.", valueName: "key=value")) var settings: [String] = []
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let pairs = try settings.map { text in
            guard let cut = text.firstIndex(of: "=") else { throw ValidationError("--set takes KEY=VALUE; \"\(text)\" is not that.") }
            return (String(text[..<cut]), String(text[text.index(after: cut)...]))
        }
        let opened = try host.open()
        try opened.setProfile(ofKind: kind, Dictionary(pairs) { _, last in last })
        let profile = try opened.profile(ofKind: kind)
        let missing = profile.problems.map { "  still to do: \($0.message)" }
        try Output(output).show(profile, text: (["The profile of \(kind) was saved."] + missing).joined(separator: "\n"))
    }
}

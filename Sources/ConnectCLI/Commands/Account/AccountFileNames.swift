import ArgumentParser
import ConnectHost

struct AccountFileNames: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file-names", abstract: "Show or set the form of the names of exported files.",
        discussion: """
            A form is text with {JOB} {RUN} {PREFIX} {NAME} {SUFFIX}; {RUN} and {NAME} must be in it. The extension comes last by itself.

            Example: connecthost account file-names "{JOB}_{RUN}_{PREFIX}{NAME}{SUFFIX}"
            """)
    @Argument(help: "The form; left out: show it.") var form: String?
    @Flag(name: .long, help: "Go back to the standard form.") var standard = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        if standard || form != nil { try opened.setExportFileNameForm(standard ? nil : form) }
        let now = try opened.exportFileNameForm()
        try Output(output).show(["file_names": now], text: now)
    }
}

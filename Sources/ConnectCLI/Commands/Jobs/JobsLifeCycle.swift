import ArgumentParser
import ConnectHost
import ConnectModel

struct JobsActivate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Let a job run and follow its schedule; every error is shown at once.",
        discussion: "Example: connecthost jobs activate \"Nightly contacts\"")
    @Argument(help: "The job, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let job = try host.open().activateJob(name)
        try Output(output).show(["job": job.name, "activation": "active"], text: "Job \"\(job.name)\" is active.")
    }
}

struct JobsDeactivate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Keep a job from running; what runs now goes on.",
        discussion: "Example: connecthost jobs deactivate \"Nightly contacts\"")
    @Argument(help: "The job, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let job = try host.open().deactivateJob(name)
        try Output(output).show(["job": job.name, "activation": "inactive"], text: "Job \"\(job.name)\" is inactive.")
    }
}

struct JobsCopy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy an inactive job; the copy is inactive and has a name of its own.",
        discussion: "Example: connecthost jobs copy \"Nightly contacts\" \"Weekly contacts\"")
    @Argument(help: "The job, by name or number.") var name: String
    @Argument(help: "The copy's name.") var copy: String
    @Option(name: .long, help: "The copy's description; left out: the job's.") var description: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let job = try host.open().copyJob(name, as: copy, description: description)
        try Output(output).show(["id": job.id.description, "name": job.name], text: "Job \(job.id), \"\(job.name)\", is an inactive copy.")
    }
}

struct JobsStop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a job's run; nothing is left half done.",
        discussion: "Example: connecthost jobs stop \"Nightly contacts\" --yes")
    @Argument(help: "The job, by name or number.") var name: String
    @Flag(name: .long, help: "Yes, stop it.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard yes else {
            throw ConnectError("job.unconfirmed", .configuration, "The run of job \"\(name)\" would be stopped.", remedy: "Say so with --yes.")
        }
        let run = try host.open().stopJob(name)
        try Output(output).show(RunReport(run), text: RunText(run).text)
    }
}

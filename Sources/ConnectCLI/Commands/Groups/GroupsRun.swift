import ArgumentParser
import ConnectHost
import ConnectModel

struct GroupsRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a group now and wait for its end.",
        discussion: """
            Each job runs when the one before has succeeded; after a failure the later ones are skipped. Exit code 0 when all succeeded, 1 otherwise.

            Example: connecthost groups run "Daily updates"
            """)
    @Argument(help: "The group, by name or number.") var name: String
    @Flag(name: .long, help: "Leave it to the running server, print the run's number and return.") var detach = false
    @Flag(name: .long, help: "No progress on standard error.") var quiet = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        if detach {
            let run = try opened.queueGroup(name)
            return try Output(output).show(["run": run.id.description], text: "Run \(run.id) waits for the server.")
        }
        let interrupt = Interrupt()
        let display = ProgressDisplay(quiet: quiet || output.json)
        let run = try opened.runGroup(name, stop: { interrupt.isRaised }, onMember: { _ in }, onMessage: display.show)
        display.end()
        try Output(output).show(GroupRunReport(run), text: GroupRunText(run).text)
        if run.status != .succeeded { throw ExitCode(ExitStatus.runFailed.rawValue) }
    }
}

struct GroupsRuns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List runs of groups, newest first.", discussion: "Example: connecthost groups runs --group \"Daily updates\"")
    @Option(name: .long, help: "Only runs of this group.") var group: String?
    @Option(name: .long, help: "Most to show.") var limit = 20
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let runs = try host.open().groupRuns(group, limit: limit)
        var table = Table(["RUN", "GROUP", "STATUS", "STARTED", "DURATION", "JOBS"])
        for run in runs {
            let members = run.members.map { "\($0.name): \($0.status.rawValue)" }.joined(separator: ", ")
            table.add([
                run.id.description, run.groupName, run.status.rawValue, Moment.text(run.createdAtUnixMilliseconds),
                Moment.duration(run.durationMilliseconds),
                members,
            ])
        }
        try Output(output).show(runs.map(GroupRunReport.init), text: runs.isEmpty ? "No runs of groups." : table.text)
    }
}

struct GroupsStop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a group's run: its running job is stopped, later ones are skipped.",
        discussion: "Example: connecthost groups stop \"Daily updates\" --yes")
    @Argument(help: "The group, by name or number.") var name: String
    @Flag(name: .long, help: "Yes, stop it.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard yes else {
            throw ConnectError("group.unconfirmed", .configuration, "The run of group \"\(name)\" would be stopped.", remedy: "Say so with --yes.")
        }
        let run = try host.open().stopGroup(name)
        try Output(output).show(GroupRunReport(run), text: GroupRunText(run).text)
    }
}

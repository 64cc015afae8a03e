import ArgumentParser
import ConnectHost
import ConnectModel

struct GroupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "Groups: imports that run one after another.",
        subcommands: [
            GroupsList.self, GroupsShow.self, GroupsCandidates.self, GroupsCreate.self, GroupsEdit.self, GroupsActivate.self, GroupsDeactivate.self,
            GroupsRun.self, GroupsRuns.self, GroupsStop.self, GroupsDelete.self,
        ])
}

struct GroupsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the groups.", discussion: "Example: connecthost groups list --json")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let groups = try opened.groupSummaries()
        var table = Table(["ID", "NAME", "RUNNING", "NEXT RUN", "PREVIOUS RUN", "SCHEDULE TYPE", "ACTIVATION"])
        for group in groups {
            table.add([
                group.group.id.description, group.group.name, group.running?.id.description ?? "",
                LocalMoment.text(group.next?.at, zone: group.schedule.zone),
                Moment.text(group.previous?.createdAtUnixMilliseconds), group.schedule.kind.rawValue, group.group.active ? "active" : "inactive",
            ])
        }
        try Output(output).show(
            groups.map(GroupReport.init), text: groups.isEmpty ? "No groups. Make one with `connecthost groups create`." : table.text)
    }
}

struct GroupsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a group: its jobs, schedule and last run.",
        discussion: "Example: connecthost groups show \"Daily updates\"")
    @Argument(help: "The group, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let group = try opened.existingGroup(name)
        guard let summary = try opened.groupSummaries().first(where: { $0.group.id == group.id }) else { return }
        try Output(output).show(GroupReport(summary), text: text(summary))
    }

    private func text(_ summary: GroupSummary) -> String {
        var lines = ["Group \(summary.group.id): \(summary.group.name) (\(summary.group.active ? "active" : "inactive"))"]
        if !summary.group.description.isEmpty { lines.append("  \(summary.group.description)") }
        lines += summary.jobNames.enumerated().map { "  \($0 + 1). \($1)" }
        lines.append("  runs \(summary.schedule.text)")
        if let next = summary.next { lines.append("  next \(LocalMoment.text(next.at, zone: summary.schedule.zone))") }
        if let previous = summary.previous { lines.append(GroupRunText(previous).text) }
        return lines.joined(separator: "\n")
    }
}

struct GroupsCandidates: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "candidates", abstract: "List the jobs that may be in a group, and why the others may not.",
        discussion: "Example: connecthost groups candidates")
    @Option(name: .long, help: "A group that is being changed: its own jobs qualify.") var group: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var id: JobID
        var name: String
        var qualifies: Bool
        var reason: String?
    }

    func run() throws {
        let candidates = try host.open().groupCandidates(for: group)
        var table = Table(["ID", "NAME", "QUALIFIES", "BECAUSE"])
        for one in candidates { table.add([one.job.id.description, one.job.name, one.reason == nil ? "yes" : "no", one.reason ?? ""]) }
        let reports = candidates.map { Report(id: $0.job.id, name: $0.job.name, qualifies: $0.reason == nil, reason: $0.reason) }
        try Output(output).show(reports, text: candidates.isEmpty ? "No jobs." : table.text)
    }
}

struct GroupsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a group of jobs, in the order given.",
        discussion: """
            Groups with a schedule or options are written in a file, section `groups`, and applied.

            Example: connecthost groups create "Daily updates" "Contacts" "Loyalty" --inactive
            """)
    @Argument(help: "Its name, up to 30 characters.") var name: String
    @Argument(help: "The jobs, at least two.") var jobs: [String]
    @Option(name: .long, help: "What it is for.") var description: String?
    @Flag(name: .long, help: "It is not to run yet.") var inactive = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let group = try host.open().saveGroup(name: name, description: description ?? "", jobs: jobs, definition: [:], active: !inactive)
        try Output(output).show(
            ["id": group.id.description, "name": group.name], text: "Group \(group.id), \"\(group.name)\", has \(group.jobs.count) jobs.")
    }
}

struct GroupsEdit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a group's name, description or jobs.",
        discussion: "Example: connecthost groups edit \"Daily updates\" --jobs \"Loyalty\" --jobs \"Contacts\"")
    @Argument(help: "The group, by name or number.") var name: String
    @Option(name: .long, help: "Another name.") var rename: String?
    @Option(name: .long, help: "Another description.") var description: String?
    @Option(name: .long, help: "The jobs in their order; given once for each.") var jobs: [String] = []
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let group = try opened.editGroup(name, rename: rename, description: description, jobs: jobs.isEmpty ? nil : jobs)
        try Output(output).show(["id": group.id.description, "name": group.name], text: "Group \"\(group.name)\" was changed.")
    }
}

struct GroupsActivate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Let a group run and follow its schedule.",
        discussion: "Example: connecthost groups activate \"Daily updates\"")
    @Argument(help: "The group, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let group = try host.open().setGroup(name, active: true)
        try Output(output).show(["group": group.name, "activation": "active"], text: "Group \"\(group.name)\" is active.")
    }
}

struct GroupsDeactivate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deactivate", abstract: "Keep a group from running.", discussion: "Example: connecthost groups deactivate \"Daily updates\"")
    @Argument(help: "The group, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let group = try host.open().setGroup(name, active: false)
        try Output(output).show(["group": group.name, "activation": "inactive"], text: "Group \"\(group.name)\" is inactive.")
    }
}

struct GroupsDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a group; its jobs and runs stay.",
        discussion: "Example: connecthost groups delete \"Daily updates\" --yes")
    @Argument(help: "The group, by name or number.") var name: String
    @Flag(name: .long, help: "Yes, delete it.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let group = try opened.existingGroup(name)
        guard yes else {
            throw ConnectError(
                "group.unconfirmed", .configuration, "Group \"\(group.name)\" would be deleted; its jobs stay.", remedy: "Say so with --yes.")
        }
        _ = try opened.deleteGroup(name)
        try Output(output).show(["deleted": group.name], text: "Group \"\(group.name)\" was deleted; its jobs stay.")
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import RunEngine
import StoreAPI

struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Jobs: write, look at, preview and run them.",
        subcommands: [
            JobsKinds.self, JobsNew.self, JobsList.self, JobsShow.self, JobsErrors.self, JobsPreview.self, JobsRun.self, JobsStop.self, JobsEdit.self,
            JobsCopy.self, JobsActivate.self, JobsDeactivate.self, JobsDelete.self,
        ])
}

struct JobsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a job's definition.", discussion: "Example: connecthost jobs show \"Nightly contacts\"")
    @Argument(help: "The job, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let job = try host.open().existingJob(name)
        try Output(output).show(job, text: text(job))
    }
}

extension JobsShow {
    private func text(_ job: Job) -> String {
        var lines = ["Job \(job.id): \(job.name) (\(job.kind), \(job.active ? "active" : "not active"))"]
        if !job.description.isEmpty { lines.append("  \(job.description)") }
        for (section, value) in job.definition.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(section):")
            for (name, member) in (value.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("    \(name): \(SettingText.value(member))")
            }
        }
        return lines.joined(separator: "\n")
    }
}

struct JobsDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a job; its runs, their logs and the loaded records stay.",
        discussion: "Example: connecthost jobs delete \"Nightly contacts\" --yes")
    @Argument(help: "The job, by name or number.") var name: String
    @Flag(name: .long, help: "Yes, delete it.") var yes = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let job = try opened.existingJob(name)
        guard yes else {
            throw ConnectError("job.unconfirmed", .configuration, "Job \"\(job.name)\" would be deleted.", remedy: "Say so with --yes.")
        }
        try opened.deleteJob(name)
        try Output(output).show(["deleted": job.name], text: "Job \"\(job.name)\" was deleted.")
    }
}

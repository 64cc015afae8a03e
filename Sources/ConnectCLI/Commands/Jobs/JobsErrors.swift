import ArgumentParser
import ConnectHost
import ConnectModel

struct JobsErrors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "errors", abstract: "Show everything that keeps a job from being activated, each with its field.",
        discussion: "Exit code 3 when there is an error.\n\nExample: connecthost jobs errors \"Loyalty accounts\"")
    @Argument(help: "The job, by name or number.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var job: JobID
        var name: String
        var problems: [Problem]
    }

    func run() throws {
        let (job, problems) = try host.open().errors(ofJob: name)
        let lines = problems.map { "\($0.path.isEmpty ? "" : "\($0.path): ")\($0.severity.rawValue): \($0.message)" }
        try Output(output).show(
            Report(job: job.id, name: job.name, problems: problems), text: lines.isEmpty ? "No problems." : lines.joined(separator: "\n"))
        if problems.contains(where: { $0.severity == .error }) { throw ExitCode(ExitStatus.configuration.rawValue) }
    }
}

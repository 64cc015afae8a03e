import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

/// "Completed jobs" and those that go on (guide §8.3).
struct RunsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List runs, newest first.",
        discussion:
            "20 of them where --limit says nothing else; --offset leaves out the newest.\n\nExample: connecthost runs list --job \"Nightly contacts\" --status failed"
    )
    @Argument(help: "Only runs with this text in the job's name or the file's path.") var search: String?
    @Option(name: .long, help: "Only runs of this job.") var job: String?
    @Option(name: .long, help: "Only runs by this group.") var group: String?
    @Option(name: .long, help: "Only runs of this kind of job.") var kind: String?
    @Option(name: .long, help: "Only runs with this status: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", ")).") var status: RunStatus?
    @Option(name: .long, help: "Only runs that began so: manual, schedule, file, group.") var trigger: String?
    @Option(name: .long, help: "Only runs of this day (UTC) or later, written 2026-03-29.") var since: String?
    @Option(name: .long, help: "Order: \(RunQuery.Order.allCases.map(\.rawValue).joined(separator: ", ")).") var sort = RunQuery.Order.newest
    @OptionGroup var page: PageOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard since == nil || since.flatMap(CivilDate.init) != nil else { throw ValidationError("--since is a day like 2026-03-29.") }
    }

    func run() throws {
        var query = RunQuery()
        query.text = search
        query.job = job
        query.group = group
        query.kind = kind
        query.status = status
        query.trigger = trigger
        query.since = since.flatMap(CivilDate.init).map { Int64($0.daysSince1970) * 86_400_000 }
        query.order = sort
        let limit = page.limit ?? 20
        query.limit = limit
        query.offset = page.offset
        let (runs, hasMore) = try host.open().runPage(query)
        var table = Table([
            "RUN", "JOB", "JOB TYPE", "GROUP RUN", "STATUS", "TRIGGER", "STARTED", "DURATION", "READ", "INSERTED", "UPDATED", "REJECTED",
        ])
        for run in runs {
            table.add([
                run.id.description, run.jobName, run.kind, run.group?.description ?? "", run.status.rawValue, run.trigger,
                Moment.text(run.startedAtUnixMilliseconds), Moment.duration(run.durationMilliseconds), Moment.number(run.records.read),
                Moment.number(run.records.inserted), Moment.number(run.records.updated), Moment.number(run.records.rejected),
            ])
        }
        try Output(output).show(runs.map(RunReport.init), text: runs.isEmpty ? "No runs." : table.text + page.hint(limit, hasMore: hasMore))
    }
}

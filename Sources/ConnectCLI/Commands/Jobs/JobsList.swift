import ArgumentParser
import ConnectHost
import ConnectModel

/// "All jobs" (guide §8.1).
struct JobsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the jobs: what runs, what comes next, how it went last.",
        discussion:
            "All of them where --limit says nothing else.\n\nExample: connecthost jobs list --active --schedule recurring --sort next --limit 50")
    @Argument(help: "Only jobs with this text in their name or description.") var search: String?
    @Option(name: .long, help: "Only jobs of this kind.") var kind: String?
    @Option(name: .long, help: "Only jobs of this group.") var group: String?
    @Option(name: .long, help: "Only jobs of this schedule type: \(Schedule.Kind.allCases.map(\.rawValue).joined(separator: ", ")).") var schedule:
        Schedule.Kind?
    @Option(name: .long, help: "Only jobs whose last run is: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", ")).") var last: RunStatus?
    @Flag(name: .long, help: "Only active jobs.") var active = false
    @Flag(name: .long, help: "Only inactive jobs.") var inactive = false
    @Flag(name: .long, help: "Only jobs that are running.") var running = false
    @Option(name: .long, help: "Order: \(JobQuery.Order.allCases.map(\.rawValue).joined(separator: ", ")).") var sort = JobQuery.Order.id
    @Flag(name: .long, help: "The other way round.") var reverse = false
    @OptionGroup var page: PageOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !active || !inactive else { throw ValidationError("--active and --inactive exclude each other.") }
    }

    func run() throws {
        var query = JobQuery()
        query.text = search
        query.kind = kind
        query.group = group
        query.scheduleKind = schedule
        query.lastStatus = last
        query.active = active ? true : inactive ? false : nil
        query.running = running
        query.order = sort
        query.descending = reverse
        query.limit = page.limit
        query.offset = page.offset
        let (found, hasMore) = try host.open().jobPage(query)
        var table = Table(["ID", "GROUP", "NAME", "JOB TYPE", "RUNNING", "NEXT RUN", "PREVIOUS RUN", "STATUS", "SCHEDULE TYPE", "ACTIVATION"])
        for one in found {
            table.add([
                one.job.id.description, one.group ?? "", one.job.name, one.job.kind, one.running?.id.description ?? "",
                LocalMoment.text(one.next?.at, zone: one.schedule.zone), Moment.text(one.previous?.startedAtUnixMilliseconds),
                one.previous?.status.rawValue ?? "-", one.schedule.kind.rawValue, one.job.active ? "active" : "inactive",
            ])
        }
        let isAll =
            search == nil && kind == nil && group == nil && schedule == nil && last == nil && !active && !inactive && !running
            && page.limit == nil && page.offset == 0
        let nothing = isAll ? "No jobs. Write one with `connecthost jobs new import-list`." : "No job is like that."
        try Output(output).show(found.map(JobReport.init), text: found.isEmpty ? nothing : table.text + page.hint(page.limit, hasMore: hasMore))
    }
}

/// A job in a list as JSON presents it; the keys are a contract (OPS-4, Docs/cli.md).
struct JobReport: Encodable {
    var id: JobID
    var name: String
    var kind: String
    var active: Bool
    var group: String?
    var running: RunID?
    var nextRun: String?
    var scheduleType: String
    var schedule: String
    var lastRun: RunReport?

    init(_ summary: JobSummary) {
        id = summary.job.id
        name = summary.job.name
        kind = summary.job.kind
        active = summary.job.active
        group = summary.group
        running = summary.running?.id
        nextRun = summary.next.map { Moment.text($0.at * 1000) }
        scheduleType = summary.schedule.kind.rawValue
        schedule = summary.schedule.text
        lastRun = summary.previous.map(RunReport.init)
    }
}

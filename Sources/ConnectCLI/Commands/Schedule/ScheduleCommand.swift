import ArgumentParser
import ConnectHost
import ConnectModel
import StoreAPI

struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Schedules: coming starts, and what became of earlier ones.",
        subcommands: [ScheduleNext.self, ScheduleHistory.self])
}

struct ScheduleNext: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Print the coming starts of a job or group.",
        discussion: "The minutes are those at which it will start.\n\nExample: connecthost schedule next \"Nightly contacts\" -n 20")
    @Argument(help: "The job or group, by name or number.") var name: String
    @Option(name: [.short, .long], help: "How many.") var number = 10
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        struct Start: Encodable {
            var at: String
            var local: String
            var slot: String
        }
        var name: String
        var active: Bool
        var schedule: String
        var type: String
        var starts: [Start]
    }

    func run() throws {
        let coming = try host.open().comingStarts(name, count: max(0, number))
        let zone = coming.schedule.zone
        let starts = coming.starts.map {
            Report.Start(at: Moment.text($0.at * 1000), local: LocalMoment.text($0.at, zone: zone), slot: LocalMoment.text($0.slot, zone: zone))
        }
        let report = Report(
            name: coming.name, active: coming.isActive, schedule: coming.schedule.text, type: coming.schedule.kind.rawValue, starts: starts)
        try Output(output).show(report, text: text(report))
    }

    private func text(_ report: Report) -> String {
        var lines = ["\"\(report.name)\" runs \(report.schedule)\(report.active ? "" : " (not active, so it does not start)")"]
        if report.starts.isEmpty { lines.append("No start by itself comes any more.") }
        var table = Table(["LOCAL", "UTC"])
        for start in report.starts { table.add([start.local, start.at]) }
        if !report.starts.isEmpty { lines.append(table.text) }
        return lines.joined(separator: "\n")
    }
}

struct ScheduleHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "List what became of earlier starts: started, missed, overlapped, refused.",
        discussion: "Example: connecthost schedule history \"Nightly contacts\"")
    @Argument(help: "The job or group; left out: all.") var name: String?
    @Option(name: .long, help: "Most to show.") var limit = 20
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var owner: Int64
        var due: String
        var starts: Int64
        var outcome: StartRecord.Outcome
        var run: String?
        var reason: String?
    }

    func run() throws {
        let records = try host.open().startRecords(name, limit: limit)
        var table = Table(["DUE", "OWNER", "STARTS", "OUTCOME", "RUN", "REASON"])
        for record in records {
            table.add([
                Moment.text(record.at * 1000), String(record.owner), String(record.count), record.outcome.rawValue, record.run ?? "-",
                record.reason ?? "",
            ])
        }
        let reports = records.map {
            Report(owner: $0.owner, due: Moment.text($0.at * 1000), starts: $0.count, outcome: $0.outcome, run: $0.run, reason: $0.reason)
        }
        try Output(output).show(reports, text: records.isEmpty ? "Nothing has started by itself." : table.text)
    }
}

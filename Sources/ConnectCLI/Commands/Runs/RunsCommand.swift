import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Runs: what happened, the log, the rejected records.",
        subcommands: [RunsList.self, RunsShow.self, RunsLog.self, RunsRejects.self, RunsStop.self, RunsRecover.self])
}

struct RunsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one run.", discussion: "Example: connecthost runs show 3.17 --json")
    @Argument(help: ArgumentHelp("The run, written JobID.RunID.", valueName: "run")) var number: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let found = try host.open().existingRun(number)
        try Output(output).show(RunReport(found), text: RunText(found).text)
    }
}

struct RunsLog: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show a run's log.",
        discussion: "--json prints one object a line.\n\nExample: connecthost runs log 3.17 --follow")
    @Argument(help: ArgumentHelp("The run, written JobID.RunID.", valueName: "run")) var number: String
    @Flag(name: [.short, .long], help: "Go on until the run has ended.") var follow = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        var tail = opened.logTail(of: try opened.existingRun(number).id)
        while true {
            // Asked before the lines are read, so that the last line of a run that has just ended is among them.
            let found = try opened.existingRun(number)
            for line in tail.next() { print(output.json ? try Output.line(line) : text(line)) }
            guard follow, !found.status.isFinal, found.status != .interrupted else { return }
            fflush(nil)
            usleep(200_000)
        }
    }

    private func text(_ line: LogLine) -> String {
        let fields = line.fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return "\(Moment.text(line.atUnixMilliseconds))  \(line.level.rawValue)  \(line.message)\(fields.isEmpty ? "" : "  [\(fields)]")"
    }
}

struct RunsRejects: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects", abstract: "Print a run's rejected records: line, reason, raw text, as CSV.",
        discussion: "Example: connecthost runs rejects 3.17 > rejects.csv")
    @Argument(help: ArgumentHelp("The run, written JobID.RunID.", valueName: "run")) var number: String
    @Flag(name: .long, help: "Print the path of the file and the counts instead of its contents.") var summary = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var run: RunID
        var file: String?
        var rejected: Int64
        var byReason: [String: Int64]
        enum CodingKeys: String, CodingKey {
            case run, file, rejected
            case byReason = "by_reason"
        }
    }

    func run() throws {
        let opened = try host.open()
        let found = try opened.existingRun(number)
        let file = opened.rejectsFile(of: found.id)
        let report = Report(run: found.id, file: file, rejected: found.records.rejected, byReason: found.rejectedByReason)
        if output.json || summary {
            return try Output(output).show(report, text: "\(Moment.number(report.rejected)) rejected\(file.map { ", in \($0)" } ?? "")")
        }
        guard let file, let handle = FileHandle(forReadingAtPath: file) else { return Output.complain("Run \(found.id) rejected no record.") }
        while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { try FileHandle.standardOutput.write(contentsOf: chunk) }
    }
}

struct RunsStop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop a run; nothing is left half done.", discussion: "Example: connecthost runs stop 3.17")
    @Argument(help: ArgumentHelp("The run, written JobID.RunID.", valueName: "run")) var number: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let stopped = try host.open().stopRun(number)
        try Output(output).show(RunReport(stopped), text: RunText(stopped).text)
    }
}

struct RunsRecover: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Finish or redo every run that was interrupted.",
        discussion: "Runs that are going on are left alone.\n\nExample: connecthost runs recover")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let interrupt = Interrupt()
        let display = ProgressDisplay(quiet: output.json)
        let opened = try host.open()
        let runs = try opened.recoverRuns(stop: { interrupt.isRaised }, onMessage: display.show)
        display.end()
        try Output(output).show(
            runs.map(RunReport.init), text: runs.isEmpty ? "Nothing to recover." : runs.map { RunText($0).text }.joined(separator: "\n"))
        fflush(nil)
        if !runs.isEmpty { opened.deliverAfterRun(withinMilliseconds: 10_000, stop: { interrupt.isRaised }) }
        if runs.contains(where: { $0.status != .succeeded }) { throw ExitCode(ExitStatus.runFailed.rawValue) }
    }
}

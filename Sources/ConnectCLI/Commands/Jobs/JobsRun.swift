import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import Synchronization

struct JobsRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a job now and wait for its end.",
        discussion: """
            An earlier run of the job that was interrupted is finished first. Ctrl-C stops the run in good order: nothing is left half done.
            Exit code 0 when the run succeeded, 1 when it failed. What follows the run (mails, events, campaigns) is delivered after its result has
            been printed, for ten seconds at most; what could not be delivered waits for a server, the next run, or `outbox deliver`.

            Example: connecthost jobs run "Nightly contacts"
            """)
    @Argument(help: "The job, by name or number.") var name: String
    @Flag(name: .long, help: "Start the run, print its number and return; `runs show` tells how it went.") var detach = false
    @Flag(name: .long, help: "This start is one of the job's schedule, kept by cron or a timer; for kinds that are not run out of turn.")
    var scheduled = false
    @Flag(name: .long, help: "No progress on standard error.") var quiet = false
    @Flag(name: .long, help: "Leave what follows the run to a server or to `outbox deliver`.") var leaveOutbox = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        if detach {
            let run = try opened.detachJob(name)
            return try Output(output).show(
                ["run": run.id.description], text: "Run \(run.id) has started. Follow it with `connecthost runs log \(run.id) --follow`.")
        }
        let interrupt = Interrupt()
        let display = ProgressDisplay(quiet: quiet)
        let run = try opened.runJob(name, isScheduled: scheduled, stop: { interrupt.isRaised }, onStart: { _ in }, onMessage: display.show)
        display.end()
        try Output(output).show(RunReport(run), text: RunText(run).text)
        fflush(nil)
        if !leaveOutbox { opened.deliverAfterRun(withinMilliseconds: 10_000, stop: { interrupt.isRaised }) }
        if run.status != .succeeded { throw ExitCode(ExitStatus.runFailed.rawValue) }
    }
}

/// Ctrl-C and SIGTERM as a wish that can be asked for.
final class Interrupt: Sendable {
    private static let raised = Atomic<Bool>(false)

    init() {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in Interrupt.raised.store(true, ordering: .relaxed) } }
    }

    var isRaised: Bool { Self.raised.load(ordering: .relaxed) }
}

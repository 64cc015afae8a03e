import ConnectModel
import Foundation
import PluginABI

/// Job kinds: what they may do is tried with the run's own directory, no rows and a server that notes every change.
enum JobChecks {
    static let all: [ConformanceCheck] = [dryRun, errors, cancel]

    private static let dryRun = ConformanceCheck(
        "job.dry-run", "A dry run changes nothing outside, and puts a result", kinds: [.job], need: .connection, timeLimit: 60
    ) { context in
        guard context.has(1 << 0) else { throw CheckSkipped(sentence: "It does not claim CH_JF_DRY_RUN.") }
        let job = try context.unwrap(try context.connector().job, "The job kind has no functions.")
        let (call, run, sink) = (RawCall(), try context.makeRun(), RawSink())
        context.doing("a dry run")
        let status = call.perform("run") { job.pointee.run($0, run.raw, context.settingsJSON, sink.sink) }
        context.expect(
            run.attempted.isEmpty, "A dry run tried to change something: \(run.attempted.joined(separator: ", ")). Look at run->dry_run first.")
        if status == CH_OK {
            context.expect(
                JSONText.value(sink.bytes)?.objectValue != nil,
                "run put \"\(String(decoding: sink.bytes.prefix(60), as: UTF8.self))\" as its result, which is no JSON object; put {} when there is nothing to say."
            )
        } else {
            context.note("The dry run ended with \(StatusName.of(status)) \(call.words): it had no rows and no files.")
        }
        call.violations.forEach { context.fail($0) }
    }

    private static let errors = ConformanceCheck("job.errors", "A run that fails says why", kinds: [.job], need: .file, timeLimit: 60) { context in
        guard context.has(1 << 0) else { throw CheckSkipped(sentence: "It does not claim CH_JF_DRY_RUN, so it is not run with wrong settings.") }
        let job = try context.unwrap(try context.connector().job, "The job kind has no functions.")
        for settings in ["{}", "[]", "{\"nobody-knows-this\":true}"] {
            let (call, run, sink) = (RawCall(), try context.makeRun(), RawSink())
            context.doing("a dry run with the settings \(settings)")
            let status = call.perform("run") { job.pointee.run($0, run.raw, settings, sink.sink) }
            context.expect(status <= 0, "run returned \(status), which is no status of the interface.")
            context.expect(run.attempted.isEmpty, "A dry run tried to change something: \(run.attempted.joined(separator: ", ")).")
            if status == CH_OK, !SettingsSubset.required(context.request.connector.schema).isEmpty {
                context.fail("run took the settings \(settings), in which required ones are missing.")
            }
            call.violations.forEach { context.fail($0) }
        }
    }

    private static let cancel = ConformanceCheck(
        "job.cancel", "A run that is cancelled comes back within two seconds", kinds: [.job], need: .connection, timeLimit: 30
    ) { context in
        guard context.has(1 << 0) else { throw CheckSkipped(sentence: "It does not claim CH_JF_DRY_RUN.") }
        let connector = try context.connector()
        let (call, run, settings) = (RawCall(cancelled: true), try context.makeRun(), context.settingsJSON)
        context.doing("a dry run that is cancelled already")
        let ended = SideThread.run(seconds: 2) { () -> Int32 in
            let sink = RawSink()
            return call.perform("run") { connector.job?.pointee.run($0, run.raw, settings, sink.sink) ?? CH_OK }
        }
        let status = try context.unwrap(ended, "run did not come back within two seconds of being cancelled. Poll call->cancel_fd while you wait.")
        context.expect(
            status == CH_OK || status == CH_E_CANCELLED, "A cancelled run returned \(StatusName.of(status)) \(call.words) instead of CH_E_CANCELLED.")
    }
}

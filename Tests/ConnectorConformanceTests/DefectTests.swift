import ConnectTesting
import Foundation
import Testing

/// Each check can fail: a connector with one defect makes it say so. `outcome` "failure" stands for failed or crashed, where the defect is
/// undefined behaviour.
struct Defect: Sendable, CustomTestStringConvertible {
    let name: String
    let check: String
    let outcome: String
    /// A word of the sentence that the author gets.
    let saying: String

    init(_ name: String, _ check: String, _ outcome: String, _ saying: String = "") {
        self.name = name
        self.check = check
        self.outcome = outcome
        self.saying = saying
    }

    var testDescription: String { "\(name) → \(check) \(outcome)" }
}

@Suite struct DefectTests {
    @Test("CON-8: a defect of a transport is found by the check for it", arguments: transportDefects)
    func transport(_ defect: Defect) throws { try expect(defect, in: "defective_transport.c") }

    @Test("CON-8: a defect of a source is found by the check for it", arguments: sourceDefects)
    func source(_ defect: Defect) throws { try expect(defect, in: "defective_source.c") }

    @Test("CON-8: a defect of a job kind is found by the check for it", arguments: jobDefects)
    func job(_ defect: Defect) throws { try expect(defect, in: "defective_job.c") }

    private func expect(_ defect: Defect, in source: String) throws {
        let trial = try Trial()
        let file = try trial.build(source, "-DDEFECT=\(defect.name)")
        let (status, report) = try trial.run(file, "--check", defect.check)
        let result = report["results"][0]
        let outcome = result["outcome"].string ?? "none"
        let message = result["message"].string ?? ""
        let matches = defect.outcome == "failure" ? ["failed", "crashed"].contains(outcome) : outcome == defect.outcome
        #expect(matches, "\(outcome): \(message)")
        #expect(defect.saying.isEmpty || message.contains(defect.saying), "\(message)")
        #expect((status == 0) == ["warning", "passed", "skipped"].contains(outcome))
        // Without the defect the very same check has nothing to say, so it is the defect that it found.
        let sound = try trial.run(try trial.build(source), "--check", defect.check)
        let quiet = sound.report["results"][0]["outcome"].string
        #expect(quiet == "passed" || quiet == "skipped", "\(sound.report["results"][0]["message"].string ?? "")")
    }

    @Test("CON-8: a file that is refused, traps at load or lacks a symbol is told so, and nothing else is tried")
    func refused() throws {
        let trial = try Trial()
        for (option, outcome) in [("-DDEFECT=traps_at_load", "crashed"), ("-DUNRESOLVED", "failed")] {
            let (status, report) = try trial.run(try trial.build("defective_transport.c", option))
            #expect(status == 1)
            #expect(report["results"].count == 1)
            #expect(report["results"][0]["check"].string == "load.accepted")
            #expect(report["results"][0]["outcome"].string == outcome, "\(report["results"][0]["message"].string ?? "")")
        }
    }

    @Test("CON-8: a secret in an error text is found, and never shown")
    func secret() throws {
        let trial = try Trial()
        let file = try trial.build("defective_transport.c", "-DDEFECT=tells_secret")
        let config = try trial.config(#"{"settings":{"directory":"\#(trial.temporary.path)/files","password":"hunter22"}}"#)
        let found = try trial.start(file, ["--config", config, "--check", "transport.errors"])
        #expect(found.status == 1)
        #expect(found.output.contains("The value of a secret setting stands in an error text"))
        // A check that repeats the connector's words: they come without the secret.
        let repeated = try trial.start(file, ["--config", config, "--check", "transport.names"])
        #expect(!(found.output + found.errors + repeated.output + repeated.errors).contains("hunter22"))
    }

    @Test("CON-8: a check that hangs is killed after its time and told with what it was doing")
    func hangs() throws {
        let trial = try Trial()
        let file = try trial.build("defective_transport.c", "-DDEFECT=hangs_in_read")
        let (status, report) = try trial.run(file, "--check", "transport.round-trip", "--time-limit", "1")
        #expect(status == 1)
        #expect(report["results"][0]["outcome"].string == "timed_out")
        #expect(report["results"][0]["message"].string?.contains("1 seconds") == true)
    }
}

private let transportDefects = [
    Defect("slow_to_load", "load.time", "warning", "took"),
    Defect("thread_at_load", "load.threads", "warning", "started 1 thread"),
    Defect("prints_at_load", "load.silence", "warning", "hello"),
    Defect("moves_at_load", "load.process", "failed", "working directory"),
    Defect("handler_at_load", "load.process", "warning", "signals 15"),
    Defect("short_id", "descriptor.identity", "failed", "reverse domain"),
    Defect("no_version", "descriptor.identity", "failed", "newest"),
    Defect("no_summary", "descriptor.identity", "failed", "summary"),
    Defect("no_vendor", "descriptor.identity", "warning", "vendor"),
    Defect("odd_features", "descriptor.features", "failed", "10000000000"),
    Defect("any_extension", "descriptor.extensions", "failed", "NULL"),
    Defect("nested", "schema.form", "failed", "object"),
    Defect("unknown_keyword", "schema.form", "warning", "oneOf"),
    Defect("untitled", "schema.texts", "failed", "title"),
    Defect("undescribed", "schema.texts", "warning", "description"),
    Defect("unmarked_secret", "schema.secrets", "failed", "writeOnly"),
    Defect("secret_default", "schema.secrets", "failed", "default"),
    Defect("wrong_default", "schema.defaults", "failed", "maximum"),
    Defect("wrong_example", "schema.examples", "failed", "directry"),
    Defect("refuses_examples", "validate.examples", "failed", "refuses"),
    Defect("no_pointers", "validate.wrong-types", "failed", "JSON pointer"),
    Defect("traps_on_arrays", "validate.hostile", "crashed", "validate with []"),
    Defect("first_problem_only", "validate.all-at-once", "failed", "other"),
    Defect("loses_last_byte", "transport.round-trip", "failed", "bytes instead of"),
    Defect("traps_in_read", "transport.round-trip", "crashed", "signal 6"),
    Defect("exits_in_read", "transport.round-trip", "crashed", "exit code 0"),
    Defect("needs_large_buffers", "transport.short-reads", "failed", "CH_E_INTERNAL"),
    Defect("overruns", "transport.short-reads", "failed", "behind the buffer"),
    Defect("takes_too_much", "transport.short-writes", "failed", "how many it took"),
    Defect("ignores_offset", "transport.seek", "failed", "from byte"),
    Defect("goes_on_anywhere", "transport.append", "failed"),
    Defect("cuts_nothing", "transport.append", "failed", "CH_E_DATA"),
    Defect("cuts_offset", "transport.large-offsets", "failed", "32 bits"),
    Defect("cuts_size", "transport.large-files", "failed", "5368709123"),
    Defect("keeps_time", "transport.modified", "failed", "1600000000"),
    Defect("abort_keeps", "transport.abort", "failed", "After abort"),
    Defect("visible_early", "transport.visibility", "failed", "CH_TF_PARTIAL_VIS"),
    Defect("abort_removes", "transport.half-read", "failed"),
    Defect("lists_dots", "transport.list-stat", "failed", "leave out"),
    Defect("ascii_only", "transport.names", "failed", "Grüße"),
    Defect("takes_absolute", "transport.hostile-names", "failed", "open_read took"),
    Defect("missing_is_internal", "transport.missing", "failed", "CH_E_NOT_FOUND"),
    Defect("rename_overwrites", "transport.rename", "failed", "CH_E_EXISTS"),
    Defect("remove_does_nothing", "transport.remove", "failed", "still there"),
    Defect("mkdir_only_new", "transport.directories", "failed", "mkdir of a directory that is there"),
    Defect("check_fails", "transport.check", "failed", "The network is gone"),
    Defect("check_is_silent", "transport.check", "warning", "step"),
    Defect("says_nothing", "transport.errors", "failed", "did not call set_error"),
    Defect("odd_status", "transport.errors", "failed", "-99"),
    Defect("takes_anything", "transport.bad-settings", "failed", "required"),
    Defect("deaf", "transport.cancelled-before", "failed", "CH_E_CANCELLED"),
    Defect("deaf", "transport.cancelled-during", "failed", "went on"),
    Defect("shared_session", "transport.two-sessions", "failed"),
    Defect("leaks_memory", "transport.leaks", "failed", "bytes of memory"),
    Defect("leaks_descriptor", "transport.leaks", "failed", "file descriptors"),
    Defect("leaks_thread", "transport.leaks", "failed", "threads"),
]

private let sourceDefects = [
    Defect("no_modes", "source.streams", "failed", "full"),
    Defect("untitled_stream", "source.streams", "warning", "title"),
    Defect("other_schema", "source.schema", "failed", "number"),
    Defect("wrong_null_count", "source.batches", "failed", "null_count"),
    Defect("short_column", "source.batches", "failed", "score"),
    Defect("not_utf8", "source.batches", "failed", "UTF-8"),
    Defect("release_without_mark", "source.release", "failure"),
    Defect("releases_moved", "source.release", "failure"),
    Defect("lends_batches", "source.outlives", "failure"),
    Defect("any_stream", "source.errors", "failed", "CH_E_NOT_FOUND"),
    Defect("deaf", "source.cancel", "failed", "ECANCELED"),
    Defect("shared_position", "source.two-readers", "failed", "rows"),
    Defect("leaks_batches", "source.leaks", "failed", "bytes of memory"),
    Defect("cursor_ahead", "source.cursor-resume", "failed", "instead of 6"),
    Defect("cursor_behind", "source.cursor-resume", "failed", "instead of 6"),
    Defect("cursor_no_json", "source.cursor-resume", "failed", "not JSON"),
    Defect("ignores_cursor", "source.cursor-end", "failed", "6 rows"),
    Defect("any_cursor", "source.cursor-foreign", "failed", "CH_E_CURSOR"),
]

private let jobDefects = [
    Defect("writes_in_dry_run", "job.dry-run", "failed", "open_write of \"report\""),
    Defect("keeps_state_in_dry_run", "job.dry-run", "failed", "state_put"),
    Defect("no_result", "job.dry-run", "failed", "JSON object"),
    Defect("says_nothing", "job.errors", "failed", "did not call set_error"),
    Defect("deaf", "job.cancel", "failed", "two seconds"),
]

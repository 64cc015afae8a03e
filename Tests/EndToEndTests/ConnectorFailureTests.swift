import ConnectTesting
import Foundation
import Testing

/// Connectors in C in a real installation: one that works, and ones that fail in the middle of a run (CON-6).
@Suite(.waits) struct ConnectorFailureTests {
    private static let lists = """
        lists:
          - name: CONTACTS
            fields: { NAME: STR100 }
        jobs:
          - name: contacts
            kind: import-list
            file: { server: exchange, name: contacts.csv }
            target: { list: CONTACTS }
            mapping: { fields: { mail: EMAIL_ADDRESS_ } }
        """
    private static let records = "mail,NAME\nann@example.com,Ann\nbob@example.com,Bob\n"

    /// An installation whose server "exchange" is served by the file at `build`.
    private func installation(_ connector: String, _ build: (Installation) throws -> Void) throws -> Installation {
        let installation = try Installation()
        try build(installation)
        try installation.directory.write("exchange/contacts.csv", Self.records)
        try installation.expectSuccess("servers", "add", "exchange", connector, "--set", "directory=\(installation.directory.path)/exchange")
        try installation.apply(Self.lists)
        return installation
    }

    private func failing(_ failure: String) throws -> Installation {
        let installation = try installation("com.example.failing") { installation in
            try CompiledConnector.build(
                "Tests/ConnectorTests/Fixtures/failing_read.c", into: installation.connectors + "/failing.so", "-DFAILURE=\(failure)")
        }
        try installation.directory.write("exchange/fail", "")
        return installation
    }

    /// Without the reason to fail, the next run does what the failed one should have done.
    private func expectNextRunWorks(_ installation: Installation) throws {
        try FileManager.default.removeItem(atPath: installation.directory.path + "/exchange/fail")
        // Where the failed run was interrupted it is finished first, and then there is no file left for the new one.
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded" || run["error"]["code"].string == "file.missing", "\(run["error"]["message"].string ?? "")")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        #expect(try installation.rows("CONTACTS", "NAME") == [#"{"NAME":"Ann"}"#, #"{"NAME":"Bob"}"#])
        #expect(installation.directory.names(in: "exchange/archive").count == 1, "archived once")
        #expect(!installation.directory.names(in: "exchange").contains("contacts.csv"))
        #expect(try installation.expectSuccess("connectors", "list").contains("com.example.failing"))
    }

    @Test("CON-1, CON-8: a transport in C, built with cc and the header alone, serves an import")
    func transportInC() throws {
        let installation = try installation("c-directory") { installation in
            let built = try CompiledConnector.buildExample("c-transport", into: installation.directory.path)
            try FileManager.default.copyItem(atPath: built, toPath: installation.connectors + "/directory_transport.so")
        }
        #expect(try installation.expectSuccess("servers", "test", "exchange").contains("works"))
        #expect(try installation.expectSuccess("connectors", "describe", "com.example.c-directory").contains("directory"))
        let run = try installation.json("jobs", "run", "contacts")
        #expect(run["status"].string == "succeeded", "\(run["error"]["message"].string ?? "")")
        #expect(run["records"]["inserted"].int == 2)
        #expect(try installation.rows("CONTACTS", "NAME") == [#"{"NAME":"Ann"}"#, #"{"NAME":"Bob"}"#])
        #expect(installation.directory.names(in: "exchange") == ["archive"])
        #expect(installation.directory.names(in: "exchange/archive") == ["contacts.csv.1.1"])
    }

    @Test(
        "CON-6: a connector that crashes while it reads takes only its run with it",
        arguments: [("abort()", "signal 6"), ("__builtin_trap()", "signal 4")])
    func crashes(failure: String, words: String) throws {
        let installation = try failing(failure)
        let result = try installation.run("jobs", "run", "contacts", "--json")
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("worker.died") && result.output.contains(words), "\(result.output)\(result.errors)")
        #expect(try installation.expectSuccess("runs", "log", "1.1").contains(words))
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 0)
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: a connector that ends the process while it reads fails its run with the exit code", arguments: [3, 0])
    func exits(code: Int) throws {
        let installation = try failing("exit(\(code))")
        let result = try installation.run("jobs", "run", "contacts", "--json")
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("exit code \(code)"), "\(result.output)\(result.errors)")
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: a run whose connector hangs and hears nothing is ended by runs stop", .timeLimit(.minutes(10)))
    func hangs() throws {
        let installation = try failing("for (;;) pause()")
        #expect(mkfifo(installation.directory.path + "/exchange/started", 0o600) == 0)
        let child = try installation.start(["jobs", "run", "contacts", "--json"])
        // Opens once the connector has opened the other end.
        #expect(FileHandle(forReadingAtPath: installation.directory.path + "/exchange/started") != nil)
        let stopped = try installation.run("runs", "stop", "1.1", "--json")
        #expect(stopped.status == 0, "\(stopped.output)\(stopped.errors)")
        let result = child.wait()
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(try installation.expectSuccess("runs", "log", "1.1").contains("signal 9"))
        #expect(["cancelled", "interrupted"].contains(try installation.json("runs", "show", "1.1")["status"].string))
        try FileManager.default.removeItem(atPath: installation.directory.path + "/exchange/started")
        try expectNextRunWorks(installation)
    }

    private func limit(_ installation: Installation, _ worker: String) throws {
        try installation.apply(Self.lists + "\n    worker: { \(worker) }")
    }

    @Test("CON-6: a run that takes more memory than its job allows ends, and the reason names the connector")
    func memoryLimit() throws {
        let eats = "for (;;) { char *p = malloc(1 << 20); if (p == 0) abort(); for (int i = 0; i < 1 << 20; i += 512) p[i] = 1; }"
        let installation = try failing(eats)
        try limit(installation, "memory_mb: 256")
        let result = try installation.run("jobs", "run", "contacts", "--json")
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(result.output.contains("worker.died") && result.output.contains("com.example.failing"), "\(result.output)\(result.errors)")
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: a connector gets no more open files than the job allows, and its run ends in order")
    func openFilesLimit() throws {
        let installation = try failing(
            "{ int n = 0; while (dup(2) >= 0) n++; call->set_error(call, CH_E_INTERNAL, n < 128 ? \"fewer than 128\" : \"more\", NULL, 0); return CH_E_INTERNAL; }"
        )
        try limit(installation, "open_files: 128")
        let result = try installation.run("jobs", "run", "contacts", "--json")
        #expect(result.status == 1 && result.output.contains("fewer than 128"), "\(result.output)\(result.errors)")
        #expect(try installation.json("runs", "show", "1.1")["status"].string == "failed")
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: a run that takes longer than its job allows is stopped and its log says why", .timeLimit(.minutes(10)))
    func timeLimit() throws {
        let installation = try failing("{ wait_for_cancel(call); return check_cancelled(call); }")
        try limit(installation, "seconds: 1")
        let result = try installation.run("jobs", "run", "contacts", "--json")
        #expect(result.status == 1, "\(result.output)\(result.errors)")
        #expect(try installation.expectSuccess("runs", "log", "1.1").contains("worker.seconds"))
        try limit(installation, "seconds: 600")
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: a call that watches the cancel descriptor ends at once when the run is stopped", .timeLimit(.minutes(10)))
    func cancelDescriptor() throws {
        let installation = try failing("{ wait_for_cancel(call); return check_cancelled(call); }")
        #expect(mkfifo(installation.directory.path + "/exchange/started", 0o600) == 0)
        let child = try installation.start(["jobs", "run", "contacts", "--json"])
        #expect(FileHandle(forReadingAtPath: installation.directory.path + "/exchange/started") != nil)
        try installation.expectSuccess("runs", "stop", "1.1")
        #expect(child.wait().status == 1)
        #expect(try installation.json("runs", "show", "1.1")["status"].string == "cancelled")
        try FileManager.default.removeItem(atPath: installation.directory.path + "/exchange/started")
        try expectNextRunWorks(installation)
    }

    @Test("CON-4: a connector's file that is overwritten in place while a run uses it does that run no harm, and the next run uses the new one")
    func overwritten() throws {
        // Waits in the middle of its work, and then goes on as if nothing had been.
        let waits =
            "{ while (faccessat(file->parent, \"go\", F_OK, 0) != 0) poll(NULL, 0, 10); return transport_read(file, call, buffer, capacity); }"
        let installation = try failing(waits)
        let connector = installation.connectors + "/failing.so"
        let next = try CompiledConnector.build(
            "Tests/ConnectorTests/Fixtures/failing_read.c", into: installation.directory.path + "/next.so", "-DFAILURE=return CH_E_INTERNAL")
        #expect(mkfifo(installation.directory.path + "/exchange/started", 0o600) == 0)
        let child = try installation.start(["jobs", "run", "contacts", "--json"])
        #expect(FileHandle(forReadingAtPath: installation.directory.path + "/exchange/started") != nil)
        // As `cp` does: the file is emptied, and for a while there is nothing in it.
        let file = try #require(FileHandle(forWritingAtPath: connector))
        try file.truncate(atOffset: 0)
        try FileManager.default.removeItem(atPath: installation.directory.path + "/exchange/started")
        try installation.directory.write("exchange/go", "")
        let result = child.wait()
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(try installation.json("lists", "count", "CONTACTS")["count"].int == 2)
        try file.write(contentsOf: Data(contentsOf: URL(fileURLWithPath: next)))
        try file.close()
        try installation.directory.write("exchange/contacts.csv", Self.records)
        #expect(try installation.json("jobs", "run", "contacts")["error"]["code"].string == "connector.defect", "the next run uses the new file")
    }

    /// The lines of a run's log, once the death of its worker stands there.
    private func obituary(_ installation: Installation) throws -> String {
        var log = ""
        try installation.waitUntil("the log tells how the worker ended", seconds: 300) {
            log = (try? installation.expectSuccess("runs", "log", "1.1")) ?? ""
            return log.contains("before it could finish")
        }
        return log
    }

    /// A failure that says something to the log and to standard error before it kills.
    private static let lastWords = "{ call->log(call, CH_LOG_INFO, \"reading the last record\", NULL); dprintf(2, \"out of tune\"); abort(); }"

    @Test("CON-6: of a detached run whose worker dies, the log has the signal, the connector and its last words")
    func detachedDeath() throws {
        let installation = try failing(Self.lastWords)
        let started = try installation.run("jobs", "run", "contacts", "--detach", "--json")
        #expect(started.status == 0, "\(started.output)\(started.errors)")
        let log = try obituary(installation)
        #expect(
            log.contains("signal 6") && log.contains("com.example.failing") && log.contains("reading the last record") && log.contains("out of tune"),
            "\(log)")
        try installation.waitUntil("the run counts as interrupted", seconds: 300) {
            try installation.json("runs", "show", "1.1")["status"].string == "interrupted"
        }
        try expectNextRunWorks(installation)
    }

    @Test("CON-6: so has that of a run that the server started", .timeLimit(.minutes(10)))
    func serverDeath() throws {
        let installation = try failing(Self.lastWords)
        // Queued while nobody carries it out: the group's member is the server's to run.
        let server = try RunningServer(installation)
        try installation.apply(Self.lists + "\n    schedule: { repeat: file_arrival, every_seconds: 5 }")
        let log = try obituary(installation)
        #expect(
            log.contains("signal 6") && log.contains("com.example.failing") && log.contains("reading the last record") && log.contains("out of tune"),
            "\(log)")
        server.send(signal: SIGTERM)
        _ = server.wait()
    }
}

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
}

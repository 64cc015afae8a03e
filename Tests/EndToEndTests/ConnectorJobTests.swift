import ConnectTesting
import Foundation
import Testing

/// Job kinds that live in connectors, used the way a person uses them.
@Suite(.waits) struct ConnectorJobTests {
    /// An installation with the example of a job kind dropped in.
    private static func host() throws -> Installation {
        let host = try Installation()
        let target = host.home + "/connectors/libDiskSpaceJob.so"
        try FileManager.default.copyItem(atPath: Installation.buildDirectory + "/libDiskSpaceJob.so", toPath: target)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target)
        return host
    }

    private static func job(_ name: String, _ settings: String) -> String {
        "jobs:\n  - name: \(name)\n    kind: disk-space\n    settings: \(settings)\n"
    }

    @Test("CON-4: a job kind that is dropped in is listed with its fields, and has a template that is valid once filled in")
    func listed() throws {
        let host = try Self.host()
        let kinds = try host.json("jobs", "kinds")
        let names = (0..<kinds.count).compactMap { kinds[$0]["kind"].string }
        #expect(names.contains("import-list") && names.contains("com.example.disk-space"))
        let place = try #require(names.firstIndex(of: "com.example.disk-space"))
        #expect(kinds[place]["allows"]["run_now"].bool == true && kinds[place]["allows"]["group"].bool == false)
        #expect(kinds[place]["connector"].string == "com.example.disk-space")
        let template = try host.expectSuccess("jobs", "new", "disk-space")
        #expect(template.contains("kind: disk-space") && template.contains("minimum_free_mb: 1000"))
        let filled = template.replacingOccurrences(of: "directory: \"\"", with: "directory: /tmp")
        #expect(try host.run("validate", "-", input: filled).status == 0)
        #expect(try host.run("validate", "-", input: template).status == 3, "the directory of the template is empty, which the schema refuses")
    }

    @Test("CON-1: a job of a connector's kind is saved, run in a worker, and remembers from run to run")
    func runs() throws {
        let host = try Self.host()
        try host.apply(Self.job("Room", "{ directory: /tmp, minimum_free_mb: 1 }"))
        let first = try host.json("jobs", "run", "Room")
        #expect(first["status"].string == "succeeded" && first["kind"].string == "com.example.disk-space")
        #expect(first["result"]["free_mb"].int != nil && first["result"]["change_mb"].int == nil)
        let second = try host.json("jobs", "run", "Room")
        #expect(second["result"]["change_mb"].int != nil, "the state of the first run is there in the second")
        #expect(try host.expectSuccess("runs", "log", second["run"].string ?? "").contains("MB are free in /tmp"))
    }

    @Test("CON-1: a connector's failure is the run's, in its own words")
    func fails() throws {
        let host = try Self.host()
        try host.apply(Self.job("Room", "{ directory: /tmp, minimum_free_mb: 1000000000 }"))
        let run = try host.json("jobs", "run", "Room")
        #expect(run["status"].string == "failed" && run["error"]["category"].string == "transient")
        #expect(run["error"]["message"].string?.contains("1000000000 MB are wanted") == true)
    }

    @Test("CON-5: the schema and the connector itself check a job, everything at once and with the line")
    func checked() throws {
        let host = try Self.host()
        let schema = try host.run("validate", "-", input: Self.job("Room", "{ directory: /tmp, minimum_free_mb: -1, nonsense: 1 }"))
        #expect(
            schema.status == 3 && schema.output.contains("minimum_free_mb") && schema.output.contains("nonsense") && schema.output.contains(":4:"))
        let own = try host.run("validate", "-", input: Self.job("Room", "{ directory: tmp }"))
        #expect(own.status == 3 && own.output.contains("whole path that begins with /"))
        try host.apply(Self.job("Room", "{ directory: /tmp }"))
        #expect(try host.expectSuccess("jobs", "errors", "Room").contains("No problems."))
    }

    @Test("CON-5, OPS-3: a secret of a job kind lies in the vault, reaches the connector, and is in no file, log, error, result or output")
    func secrets() throws {
        let seed = "seed-7f3a91"
        let host = try Installation()
        try CompiledConnector.build("Tests/ConnectorTests/Fixtures/secret_job.c", into: host.home + "/connectors/libSecretJob.so")
        let job = "jobs:\n  - name: Secret\n    kind: secret-job\n"
        let without = try host.run("apply", "-", input: job)
        #expect(without.status == 3 && without.errors.contains("connectors profile set secret-job --secret token"))
        #expect(try host.run("connectors", "profile", "set", "secret-job", "--set", "token=\(seed)").errors.contains("is a secret"))
        #expect(try host.run("validate", "-", input: job + "    settings: { token: \(seed) }\n").status == 3, "a job file is no place for it")

        try host.expectSuccess("connectors", "profile", "set", "secret-job", "--secret", "token", input: seed + "\n")
        let shown = try host.expectSuccess("connectors", "profile", "show", "secret-job")
        #expect(shown.contains("token = ••• (vault)"))
        #expect(try host.expectSuccess("secrets", "list").contains("connector/com.example.secret-job"))
        try host.apply(job)
        let run = try host.expectSuccess("jobs", "run", "Secret", "--json")
        let records = JSONObject(try JSONSerialization.jsonObject(with: Data(run.utf8)))["records"]
        #expect(records["inserted"].int == 1, "the connector got it: \(run)")
        try host.apply(job + "    settings: { fail: true }\n")
        let failed = try host.run("jobs", "run", "Secret", "--json")
        #expect(failed.status == 1 && failed.output.contains("was refused"))
        let log = try host.expectSuccess("runs", "log", "1.1")
        #expect(log.contains("token"))
        for text in [
            shown, run, failed.output, failed.errors, log, try host.expectSuccess("runs", "log", "1.2"), try host.expectSuccess("export"),
            try host.expectSuccess("audit", "list", "--json"),
        ] {
            #expect(!text.contains(seed))
        }
        #expect(try ChildRun("grep", ["-rl", seed, host.home, "--include=*.sqlite*", "--include=*.log", "--include=*.json*"]).wait().output.isEmpty)

        // Left where it is.
        try host.expectSuccess("connectors", "profile", "set", "secret-job", "--secret-from", "token=env:JOB_TOKEN")
        try host.expectSuccess("apply", "-", environment: ["JOB_TOKEN": seed], input: job)
        #expect(try host.run("jobs", "run", "Secret", environment: ["JOB_TOKEN": seed]).status == 0)
        let missing = try host.run("jobs", "run", "Secret")
        #expect(missing.status != 0 && (missing.output + missing.errors).contains("JOB_TOKEN"))
    }
}

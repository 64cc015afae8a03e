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
        #expect(schema.status == 3 && schema.output.contains("minimum_free_mb") && schema.output.contains("nonsense") && schema.output.contains(":4:"))
        let own = try host.run("validate", "-", input: Self.job("Room", "{ directory: tmp }"))
        #expect(own.status == 3 && own.output.contains("whole path that begins with /"))
        try host.apply(Self.job("Room", "{ directory: /tmp }"))
        #expect(try host.expectSuccess("jobs", "errors", "Room").contains("No problems."))
    }
}

import ConnectTesting
import Foundation
import Testing

/// What is bundled and what is shown as an example conforms, with nothing to say against it.
@Suite struct ConformingTests {
    /// Checks that were skipped, after making sure that nothing failed and nothing warned.
    private func expectConforming(_ file: String, _ trial: Trial, checks: Int) throws -> Set<String> {
        let (status, report) = try trial.run(file)
        #expect(status == 0)
        #expect(report["conforms"].bool == true)
        var skipped: Set<String> = []
        for index in 0..<report["results"].count {
            let result = report["results"][index]
            let (check, outcome) = (result["check"].string ?? "", result["outcome"].string ?? "")
            #expect(outcome == "passed" || outcome == "skipped", "\(check) \(outcome): \(result["message"].string ?? "")")
            if outcome == "skipped" { skipped.insert(check) }
        }
        #expect(report["results"].count == checks)
        return skipped
    }

    @Test("CON-8: the example transport and the bundled local one conform without a warning, and leave their directory empty")
    func transports() throws {
        let trial = try Trial()
        let local = trial.temporary.path + "/libLocalTransport.so"
        try FileManager.default.copyItem(atPath: Installation.buildDirectory + "/libLocalTransport.so", toPath: local)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: local)
        for file in [try CompiledConnector.buildExample("c-transport", into: trial.temporary.path), local] {
            let skipped = try expectConforming(file, trial, checks: 42)
            #expect(skipped == ["transport.visibility", "validate.all-at-once"])
            #expect(trial.temporary.names(in: "files").isEmpty)
        }
    }

    @Test("CON-9: the example source conforms without a warning, and without settings")
    func source() throws {
        let trial = try Trial()
        let file = try CompiledConnector.buildExample("c-source", into: trial.temporary.path)
        #expect(try expectConforming(file, trial, checks: 29) == ["validate.all-at-once"])
        let result = try trial.start(file, [], json: false)
        #expect(result.status == 0)
        #expect(result.output.contains("passed     source.leaks"))
        #expect(result.output.contains("The connector conforms: 28 passed, 1 skipped."))
    }

    @Test("CON-8: without settings what needs a connection is skipped with the reason, and the rest is tried")
    func withoutSettings() throws {
        let trial = try Trial()
        let file = try CompiledConnector.buildExample("c-transport", into: trial.temporary.path)
        let result = try trial.start(file, [], json: false)
        #expect(result.status == 0)
        #expect(result.output.contains("It needs settings to connect (directory): give a file with --config."))
        #expect(result.output.contains("passed     validate.hostile"))
    }

    @Test("CON-8: a file of settings that others may read is told, one that says something unknown is refused, YAML is taken")
    func settingsFile() throws {
        let trial = try Trial()
        let file = try CompiledConnector.buildExample("c-transport", into: trial.temporary.path)
        let only = ["--check", "transport.seek"]
        let open = try trial.config(#"{"settings":{"directory":"\#(trial.temporary.path)/files"}}"#, mode: 0o644)
        let warned = try trial.start(file, ["--config", open] + only)
        #expect(warned.status == 0)
        #expect(warned.errors.contains("may be read by others"))
        let yaml = try trial.config("settings:\n  directory: \(trial.temporary.path)/files\n")
        let quiet = try trial.start(file, ["--config", yaml] + only)
        #expect(quiet.status == 0)
        #expect(quiet.errors.isEmpty)
        let unknown = try trial.start(file, ["--config", try trial.config(#"{"setings":{}}"#)] + only)
        #expect(unknown.status == 3)
        #expect(unknown.errors.contains("setings"))
        #expect(try trial.start(file, ["--check", "transport.speed"]).status == 3)
    }

    @Test("CON-8: a transport works below the directory it is given and nowhere else")
    func directory() throws {
        let trial = try Trial()
        let file = try CompiledConnector.buildExample("c-transport", into: trial.temporary.path)
        let config = try trial.config(#"{"settings":{"directory":"\#(trial.temporary.path)/files"},"directory":"missing"}"#)
        let failed = try trial.start(file, ["--config", config, "--check", "transport.seek"])
        #expect(failed.status == 1)
        #expect(failed.output.contains("mkdir of a directory to work in failed with CH_E_NOT_FOUND"))
        try FileManager.default.createDirectory(atPath: trial.temporary.path + "/files/missing", withIntermediateDirectories: false)
        #expect(try trial.start(file, ["--config", config, "--check", "transport.seek"]).status == 0)
    }
}

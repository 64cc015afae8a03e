import ConnectTesting
import Foundation
import Testing

/// The bundled job kinds conform, with settings and without a server.
@Suite struct JobConnectorTests {
    @Test(
        "CON-8, ORC-1, EVT-1: the bundled job kinds conform, nothing skipped but what they do not claim",
        arguments: [
            ("ORCEImport", #"{"server":"files","list":"CONTACTS","pet":"LOYALTY"}"#, 3),
            ("EventFeeds", #"{"account_id":"1234","types":["SENT"]}"#, 0),
        ])
    func conform(library: String, settings: String, dryRuns: Int) throws {
        let trial = try Trial()
        let file = trial.temporary.path + "/lib\(library).so"
        try FileManager.default.copyItem(atPath: Installation.buildDirectory + "/lib\(library).so", toPath: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        let result = try trial.start(file, dryRuns > 0 ? ["--config", try trial.config(#"{"settings":\#(settings)}"#)] : [])
        let report = JSONObject(try JSONSerialization.jsonObject(with: Data(result.output.utf8)))
        #expect(result.status == 0 && report["results"].count > 20)
        var ran = 0
        for index in 0..<report["results"].count {
            let (check, outcome) = (report["results"][index]["check"].string ?? "", report["results"][index]["outcome"].string ?? "")
            if check == "job.dry-run", outcome == "passed" { ran += 1 }
            #expect(["passed", "skipped"].contains(outcome), "\(check) \(outcome): \(report["results"][index]["message"].string ?? "")")
        }
        #expect(ran == dryRuns)
    }
}

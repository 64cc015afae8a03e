import ConnectTesting
import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test("CON-8: each check is explained, and each explained check is there")
    func explained() throws {
        let page = try String(contentsOfFile: CompiledConnector.root + "/Docs/connectors/conformance.md", encoding: .utf8)
        let explained = Set(page.matches(of: /\| `([a-z]+\.[a-z-]+)` \|/).map { String($0.1) })
        let trial = try Trial()
        let refused = try trial.start("/nowhere.so", ["--check", "no.such-check"])
        let listed = try #require(refused.errors.split(separator: "There are: ").last)
        let known = Set(listed.matches(of: /[a-z]+\.[a-z-]+/).map { String($0.0) })
        #expect(known.count > 50)
        #expect(explained == known.union(["load.accepted"]))
    }
}

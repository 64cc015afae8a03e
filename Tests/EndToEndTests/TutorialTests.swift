import ConnectTesting
import Foundation
import Testing

/// The tutorials are walked as they stand: their changes are applied to a new project, which is then what the tutorial says it is.
@Suite(.waits) struct TutorialTests {
    private static let docs = CompiledConnector.root + "/Docs/connectors/"

    /// The changes of a tutorial in order: lines that are there and what stands there afterwards.
    private func changes(_ tutorial: String) throws -> [(old: String, new: String)] {
        let text = try String(contentsOfFile: Self.docs + tutorial, encoding: .utf8)
        return text.components(separatedBy: "```diff\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }.map { block in
            let lines = block.components(separatedBy: "\n")
            func side(_ mark: Character) -> String {
                lines.filter { $0.isEmpty || $0.first == " " || $0.first == mark }.map { String($0.dropFirst()) }.joined(separator: "\n")
            }
            return (side("-"), side("+"))
        }
    }

    /// Applies them; each change has one place in one file.
    private func apply(_ changes: [(old: String, new: String)], to project: String) throws {
        let names = try FileManager.default.subpathsOfDirectory(atPath: project).filter {
            ($0.hasSuffix(".c") || $0.hasSuffix(".swift")) && !$0.hasPrefix(".")
        }
        for (old, new) in changes {
            let places = try names.filter { try String(contentsOfFile: project + "/" + $0, encoding: .utf8).components(separatedBy: old).count == 2 }
            try #require(places.count == 1, "\(places) have:\n\(old)")
            let file = project + "/" + places[0]
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try text.replacingOccurrences(of: old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
        }
    }

    /// What a reader types, in order.
    private func commands(_ tutorial: String) throws -> [String] {
        let text = try String(contentsOfFile: Self.docs + tutorial, encoding: .utf8)
        return text.components(separatedBy: "```sh\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
    }

    /// Every command as it stands, except that the project is there already, and that what is slow is built and tried with the changes in it alone.
    private func walk(_ tutorial: String, _ language: String) throws {
        let place = try TemporaryDirectory()
        let project = try AuthoredConnector("acme-files", kind: "transport", language: language, in: place)
        let blocks = try commands(tutorial)
        try #require(blocks.count == 3)
        #expect(blocks[0] == "connecthost connectors new acme-files --kind transport --language \(language)\ncd acme-files\nmake\nmake test\n")
        let planned = try changes(tutorial)
        #expect(planned.count >= 4)
        try apply(planned, to: project.directory)
        #expect(try !project.inside("make").contains("warning"))
        let tried = try project.inside(blocks[1])
        #expect(tried.contains("✓ delete") && tried.contains("bob@example.com"), "\(tried)")
        let changed = try project.inside(blocks[2])
        #expect(changed.contains("The connector conforms") && changed.contains("read_only") && changed.contains("not allowed here"), "\(changed)")
    }

    @Test("CON-8: the tutorial in C leads to a connector with a setting of its own that keeps every rule")
    func inC() throws { try walk("in-c.md", "c") }

    @Test("CON-8: so does the one in Swift")
    func inSwift() throws { try walk("in-swift.md", "swift") }
}

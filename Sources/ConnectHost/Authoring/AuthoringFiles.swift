import ConnectModel
import Foundation

/// What a connector's author builds with, as this installation has it (CON-8).
public struct AuthoringFiles: Sendable {
    /// Templates of projects: `LANGUAGE/KIND`, and `all` in either place for what they share.
    let templates: String
    /// The directory of `connecthost_plugin.h`.
    let headers: String
    /// The Swift package ConnectorKit.
    let connectorKit: String
    /// How the author calls this program.
    let program: String

    public init(templates: String, headers: String, connectorKit: String, program: String) {
        self.templates = templates
        self.headers = headers
        self.connectorKit = connectorKit
        self.program = program
    }

    /// Paths and contents of the files that a project of this kind and language begins with, placeholders and all, sorted by path.
    /// Of two with one path the more particular one counts. Throws `templates.missing`.
    func templates(_ kind: ConnectorInfo.Kind, _ language: ConnectorProject.Language) throws -> [(path: String, text: String)] {
        let own = "\(language.rawValue)/\(kind.rawValue)"
        guard FileManager.default.fileExists(atPath: "\(templates)/\(own)") else {
            throw ConnectError(
                "templates.missing", .configuration, "There is no template of a \(kind.rawValue) in \(language.title) in \(templates).",
                remedy: "It comes with the program: build it with `make build`, or install it again.")
        }
        var found: [String: String] = [:]
        for folder in ["all/all", "all/\(kind.rawValue)", "\(language.rawValue)/all", own] {
            let root = "\(templates)/\(folder)"
            for path in FileManager.default.enumerator(atPath: root)?.compactMap({ $0 as? String }) ?? [] {
                var isDirectory: ObjCBool = false
                guard FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isDirectory), !isDirectory.boolValue else { continue }
                guard let data = FileManager.default.contents(atPath: "\(root)/\(path)") else {
                    throw ConnectError(
                        "templates.missing", .configuration, "The template \(root)/\(path) cannot be read.", remedy: "Correct its rights.")
                }
                found[path] = String(decoding: data, as: UTF8.self)
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct ConnectorsNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Begin a connector: a small project that builds and works as it stands.",
        discussion: """
            Its README says how to build, check and install it, and where to begin.

            Example: connecthost connectors new acme-files --kind transport --language c
            """)
    @Argument(help: "Its name, which is also the short name in job files: acme-files.") var name: String
    @Option(name: .long, help: "transport, source or job.", transform: connectorKind) var kind: ConnectorInfo.Kind
    @Option(name: .long, help: "c, swift or rust.", transform: projectLanguage) var language: ConnectorProject.Language
    @Option(name: .long, help: ArgumentHelp("The project's directory (default: one of its name, here).", valueName: "dir")) var directory: String?
    @Option(name: .long, help: "Its id, a domain of yours turned round (default: com.example.NAME).") var id: String?
    @Option(
        name: .customLong("connectorkit"),
        help: ArgumentHelp("The Swift package ConnectorKit (default: the one of this installation).", valueName: "path"))
    var connectorKit: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let project = try ConnectorProject(name: name, kind: kind, language: language, id: id)
        let target = URL(fileURLWithPath: directory ?? name).standardizedFileURL.path
        let kit = connectorKit.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        let files = try project.write(to: target, with: Composition.authoring(connectorKit: kit))
        let report = Report(name: name, id: project.id, kind: kind.rawValue, language: language.rawValue, directory: target, files: files)
        try Output(output).show(report, text: words(files))
    }

    private struct Report: Encodable {
        var name: String
        var id: String
        var kind: String
        var language: String
        var directory: String
        var files: [String]
    }

    private func words(_ files: [String]) -> String {
        """
        A \(kind.rawValue) in \(language.title), in \(directory ?? name):
        \(files.map { "  \($0)" }.joined(separator: "\n"))

        Next:
          cd \(directory ?? name)
          make            # builds \(name).so
          make check      # what the host says of it
          make install    # into the host's directory of connectors
        README.md says where to begin.
        """
    }
}

@Sendable private func connectorKind(_ text: String) throws -> ConnectorInfo.Kind {
    guard let kind = ConnectorInfo.Kind(rawValue: text) else { throw ValidationError("\"\(text)\" is no kind; there are: transport, source, job.") }
    return kind
}

@Sendable private func projectLanguage(_ text: String) throws -> ConnectorProject.Language {
    guard let language = ConnectorProject.Language(rawValue: text) else {
        throw ValidationError(
            "There are no templates in \"\(text)\"; there are: \(ConnectorProject.Language.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return language
}

import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a home: databases, a key for secrets, and the account's own file server.",
        discussion: "Safe to repeat: what is there stays.\n\nExample: connecthost init --home /srv/connecthost")

    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let layout = host.layout
        let isNew = !layout.isInitialised
        try Installation.prepareHome(layout)
        let opened = try Composition.host(layout, connectorDirectories: host.connectors)
        let hasServer = try opened.addEmbeddedServer()
        let result = Result(home: layout.root, created: isNew, upload: layout.files + "/upload", server: hasServer ? FileServer.embeddedName : nil)
        try Output(output).show(result, text: text(result))
    }

    private struct Result: Encodable {
        var home: String
        var created: Bool
        var upload: String
        var server: String?
    }

    private func text(_ result: Result) -> String {
        let state = result.created ? "A new home was made in \(result.home)." : "The home in \(result.home) is there and in order."
        guard result.server != nil else {
            return state + "\nNo connector offers itself for the account's own file server; see `connecthost connectors list`."
        }
        return state + "\nFiles put into \(result.upload) can be imported. Next: connecthost jobs new import-list > job.yaml"
    }
}

import ArgumentParser
import ConnectModel
import ConnectorRuntime
import Foundation

/// The child that loads one connector file and says what it is. Not for people; they use `connectors check`.
struct ConnectorProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connector-probe", abstract: "Load a connector file and describe it.", shouldDisplay: false)

    @Argument(help: "The file, by its whole path.") var file: String

    func run() throws {
        let answers = FileHandle(fileDescriptor: StandardOutput.takeOver())
        try answers.write(contentsOf: JSONEncoder().encode(ConnectorProbe.probe(file)) + Data("\n".utf8))
        // A connector's threads must not hold up the answer.
        _exit(0)
    }
}

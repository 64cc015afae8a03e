import ArgumentParser
import ConnectModel
import ConnectorRuntime
import Foundation

/// The child that loads one connector file and says what it is. Not for people; they use `connectors check`.
struct ConnectorProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "connector-probe", abstract: "Load a connector file and describe it.", shouldDisplay: false)

    @Argument(help: "The file, by its whole path.") var file: String

    func run() throws {
        print(String(decoding: try JSONEncoder().encode(ConnectorProbe.probe(file)), as: UTF8.self))
        fflush(nil)
        // A connector's threads must not hold up the answer.
        _exit(0)
    }
}

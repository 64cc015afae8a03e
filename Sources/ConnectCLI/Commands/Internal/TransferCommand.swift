import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

/// Copies one file through a server's connector. For measuring and for support.
struct TransferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-transfer", abstract: "Copy one file from or to a server.", shouldDisplay: false)

    enum Direction: String, ExpressibleByArgument, CaseIterable { case get, put }

    @Argument(help: "get or put.") var direction: Direction
    @Argument(help: "The server.") var server: String
    @Argument(help: "Path below the server's directory.") var remote: String
    @Argument(help: "Local path.") var local: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let path = URL(fileURLWithPath: local).standardizedFileURL.path
        let bytes = try host.open().transfer(server: server, upload: direction == .put, remote: remote, local: path)
        try Output(output).show(["bytes": bytes], text: "\(bytes) bytes")
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

/// Copies files through a server's connector. For measuring and for support.
struct TransferCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-transfer", abstract: "Copy one file, or all of a directory, from or to a server.", shouldDisplay: false)

    enum Direction: String, ExpressibleByArgument, CaseIterable { case get, put }

    @Argument(help: "get or put.") var direction: Direction
    @Argument(help: "The server.") var server: String
    @Argument(help: "Path below the server's directory; of a directory with --directory, \"\" for its own.") var remote: String
    @Argument(help: "Local path.") var local: String
    @Flag(name: .long, help: "Copy every file of a directory.") var directory = false
    @Option(name: .long, help: "With --directory: how many at once.") var connections = 4
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let path = URL(fileURLWithPath: local).standardizedFileURL.path
        let task = TransferTask(isUpload: direction == .put, remote: remote, local: path, connections: directory ? max(1, connections) : nil)
        let total = try host.open().transfer(task, server: server)
        try Output(output).show(total, text: "\(total.files) files, \(total.bytes) bytes")
    }
}

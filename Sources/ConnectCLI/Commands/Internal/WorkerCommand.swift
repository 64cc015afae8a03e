import ArgumentParser
import ConnectModel
import Foundation

/// The worker process: one task, told on standard input, answered on standard output. Not for people.
struct WorkerCommand: ParsableCommand {
    static let name = "worker"
    static let configuration = CommandConfiguration(commandName: name, abstract: "Do one task for the host.", shouldDisplay: false)

    func run() throws {
        guard let line = readLine(strippingNewline: true), let request = try? JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8)) else {
            throw ConnectError("worker.request", .internal, "A worker is started by connecthost itself, not by hand.")
        }
        let channel = try WorkerChannel()
        WorkerMain(request: request, channel: channel).perform()
    }
}

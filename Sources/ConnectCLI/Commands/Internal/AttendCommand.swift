import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation
import RunEngine

/// Stays with the worker of a detached run until it has ended; what the worker is asked stands on standard input. Not for people.
struct AttendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "attend", abstract: "Stay with a worker of the host.", shouldDisplay: false)

    func run() throws {
        guard let line = readLine(strippingNewline: true), let request = try? JSONDecoder().decode(WorkerRequest.self, from: Data(line.utf8)) else {
            throw ConnectError("worker.request", .internal, "This is started by connecthost itself, not by hand.")
        }
        try Composition.host(HomeLayout(request.home), connectorDirectories: []).attend(request)
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct ServersTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Connect to a server step by step and say what works.",
        discussion: """
            The last steps write a small file, rename it and delete it again; --read-only leaves them out.

            Example: connecthost servers test partner --directory archive
            """)
    @Argument(help: "The server.") var name: String
    @Option(name: .long, help: "Where to write the test's file, below the server's directory.") var directory = ""
    @Flag(name: .long, help: "Write nothing.") var readOnly = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let steps = Steps()
        var failure: ConnectError?
        do {
            try opened.testServer(name, writingIn: readOnly ? nil : directory) { step in
                steps.finished.append(step)
                if !output.json {
                    print("\(step.succeeded ? "✓" : "✗") \(step.name) (\(String(format: "%.0f", step.milliseconds)) ms) \(step.message)")
                }
            }
        } catch let error as ConnectError {
            failure = error
        }
        if output.json {
            print(
                try Output.encoded(
                    Report(server: name, succeeded: failure == nil, steps: steps.finished, error: failure.map { ErrorReport($0).error })))
            if let failure { throw ExitCode(ExitStatus(failure).rawValue) }
        } else if let failure {
            throw failure
        } else {
            print("Server \"\(name)\" works.")
        }
    }

    private final class Steps { var finished: [ConnectionStep] = [] }

    private struct Report: Encodable {
        var server: String
        var succeeded: Bool
        var steps: [ConnectionStep]
        var error: ErrorReport.Body?
    }
}

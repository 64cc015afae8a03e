public import ArgumentParser
import ConnectModel
import Foundation

/// The program. Every command parses, calls one function of the host and renders its answer.
public struct ConnectHostCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "connecthost",
        abstract: "Moves customer data between file servers and an audience store, exactly once.",
        discussion: """
            Start with `connecthost init`, put a file into the upload directory it names, write a job with `connecthost jobs new import-list`,
            and run it. Every command takes --json; exit codes: 0 ok, 1 the run failed, 2 usage, 3 configuration, 4 connection, 5 something else.
            """,
        version: Composition.fullVersion,
        subcommands: [
            InitCommand.self, ConnectorsCommand.self, ServersCommand.self, FilesCommand.self, KeysCommand.self, AccountCommand.self,
            ListsCommand.self, PetsCommand.self, TablesCommand.self, AppsCommand.self,
            FiltersCommand.self, AudiencesCommand.self, ViewsCommand.self,
            JobsCommand.self, GroupsCommand.self, ScheduleCommand.self, RunsCommand.self, EventsCommand.self, ServeCommand.self,
            OutboxCommand.self, HooksCommand.self, SecretsCommand.self, AuditCommand.self,
            ApplyCommand.self, ValidateCommand.self, DiffCommand.self, ExportCommand.self,
            WorkerCommand.self, AttendCommand.self, ConnectorProbeCommand.self, ConnectorCheckCommand.self, TransferCommand.self,
            WorkerStartCommand.self, ReferenceCommand.self, ImportReferenceCommand.self,
        ])

    public init() {}

    /// Runs the command line and returns the exit code; errors are told in words, or as JSON where the command asked for it.
    public static func run(_ arguments: [String]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parsed(arguments)
            try command.run()
            return ExitStatus.ok.rawValue
        } catch let error as ConnectError {
            report(error, json: arguments.contains("--json"))
            return ExitStatus(error).rawValue
        } catch let exit as ExitCode {
            return exit.rawValue
        } catch {
            let text = fullMessage(for: error)
            let isRequest = exitCode(for: error) == .success
            if isRequest { print(text) } else { Output.complain(text) }
            return isRequest
                ? ExitStatus.ok.rawValue : exitCode(for: error) == .validationFailure ? ExitStatus.usage.rawValue : ExitStatus.other.rawValue
        }
    }

    /// Workers start often, and describing every command to the parser takes a good part of a process's start.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        arguments == [WorkerCommand.name] ? WorkerCommand() : try parseAsRoot(arguments)
    }

    private static func report(_ error: ConnectError, json: Bool) {
        if json, let text = try? Output.encoded(ErrorReport(error)) { print(text) }
        Output.complain("error: \(error.message)")
        if let remedy = error.remedy { Output.complain("  \(remedy)") }
    }
}

import ArgumentParser
import ConnectHost
import ConnectModel
import ConnectorConformance
import Foundation

/// The conformance suite (CON-8, CON-9): each check in a process of its own.
struct ConnectorsTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Try a connector file against every rule of the interface.",
        discussion: """
            Without --config only what needs no connection is tried. The file of --config is JSON or YAML: settings, and for transports directory,
            for sources stream. Exit code 0 when nothing failed, crashed or timed out. Docs/connectors/conformance.md explains every check.

            Example: connecthost connectors test ./libmine.so --config mine.json
            """)
    @Argument(help: "The file.") var file: String
    @Option(name: .long, help: ArgumentHelp("Settings to connect with.", valueName: "file")) var config: String?
    @Option(name: .long, help: ArgumentHelp("Only this check; may be given several times.", valueName: "id")) var check: [String] = []
    @Option(name: .long, help: ArgumentHelp("Seconds that a check may take at most (default: each has its own limit).", valueName: "seconds"))
    var timeLimit: Int?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let timeLimit, !(1...3600).contains(timeLimit) { throw ValidationError("--time-limit is from 1 to 3600 seconds.") }
    }

    func run() throws {
        for id in check where ConformanceSuite.check(id) == nil {
            throw ConnectError(
                "check.missing", .configuration, "There is no check \"\(id)\".",
                remedy: "There are: \(ConformanceSuite.checks.map(\.id).joined(separator: ", ")).")
        }
        let trial = try config.map { try ConnectorTrialSettings(file: $0) } ?? ConnectorTrialSettings()
        trial.warnings.forEach { Output.complain("warning: \($0)") }
        let path = URL(fileURLWithPath: file).resolvingSymlinksInPath().standardizedFileURL.path
        let trials = ConnectorTrials(
            command: [Composition.executablePath, ConnectorCheckCommand.name], file: host.catalog.check(path), path: path, settings: trial,
            isGiven: config != nil, only: Set(check), timeLimit: timeLimit)
        let report = ConformanceReport(file: path, results: try trials.run { result in if !output.json { print(result.line) } })
        if output.json { print(try Output.encoded(report)) } else { print(report.summaryLine) }
        if !report.conforms { throw ExitCode(ExitStatus.runFailed.rawValue) }
    }
}

/// One check's result; keys are a contract (Docs/cli.md).
struct ConformanceResult: Encodable {
    var connector: String?
    var check: String
    var title: String
    var outcome: ConformanceOutcome
    var message: String
    var milliseconds: Int

    /// Outcome and check, and a sentence where there is something to do.
    var line: String {
        let mark = outcome.rawValue.replacingOccurrences(of: "_", with: " ")
        let head = "\(mark.padding(toLength: 9, withPad: " ", startingAt: 0))  \(check.padding(toLength: 27, withPad: " ", startingAt: 0))  \(title)"
        return message.isEmpty ? head : head + "\n           " + message
    }
}

struct ConformanceReport: Encodable {
    var file: String
    var conforms: Bool
    var counts: [String: Int]
    var results: [ConformanceResult]

    init(file: String, results: [ConformanceResult]) {
        self.file = file
        self.results = results
        conforms = !results.contains { $0.outcome.isFailure }
        counts = Dictionary(
            uniqueKeysWithValues: ConformanceOutcome.allCases.map { outcome in
                (outcome.rawValue, results.filter { $0.outcome == outcome }.count)
            })
    }

    var summaryLine: String {
        let told = ConformanceOutcome.allCases.compactMap { outcome in
            counts[outcome.rawValue].flatMap { $0 > 0 ? "\($0) \(outcome.rawValue.replacingOccurrences(of: "_", with: " "))" : nil }
        }
        return "\n\(conforms ? "The connector conforms" : "The connector does not conform"): \(told.joined(separator: ", "))."
    }
}

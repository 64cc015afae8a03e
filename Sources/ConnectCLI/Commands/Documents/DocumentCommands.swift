import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

/// The files a document command reads; `-` is standard input.
struct DocumentArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("YAML files with servers, lists and jobs; - for standard input.", valueName: "file"))
    var files: [String]

    func documents() throws -> [JobDocument] { try files.map(Self.document) }

    /// One file, or standard input.
    static func document(_ file: String) throws -> JobDocument {
        let data: Data
        if file == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else if let contents = FileManager.default.contents(atPath: file) {
            data = contents
        } else {
            throw ConnectError("document.missing", .configuration, "The file \(file) cannot be read.", remedy: "Check its name and your rights.")
        }
        return try JobDocument(yaml: String(decoding: data, as: UTF8.self), file: file == "-" ? "(input)" : file)
    }
}

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make servers, lists and jobs as the files say; shows what changes.",
        discussion: "Applying the same files again changes nothing.\n\nExample: connecthost apply jobs.yaml")
    @OptionGroup var arguments: DocumentArguments
    @Flag(name: .long, help: "Inactive jobs may be incomplete; `jobs errors` lists what is missing, `jobs activate` asks for it.") var draft = false
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let plan = try host.open().apply(arguments.documents(), drafts: draft)
        try Output(output).show(plan, text: PlanText(plan, done: true).text)
    }
}

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what `apply` would change, and change nothing.", discussion: "Example: connecthost diff jobs.yaml")
    @OptionGroup var arguments: DocumentArguments
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let plan = try host.open().plan(arguments.documents())
        try Output(output).show(plan, text: PlanText(plan, done: false).text)
    }
}

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check files and report every problem at once, with its line.",
        discussion: "Exit code 3 when there is an error.\n\nExample: connecthost validate jobs.yaml")
    @OptionGroup var arguments: DocumentArguments
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let problems = try host.open().problems(in: arguments.documents())
        try Output(output).show(Report(problems: problems), text: text(problems))
        if problems.contains(where: { $0.severity == .error }) { throw ExitCode(ExitStatus.configuration.rawValue) }
    }

    private struct Report: Encodable { var problems: [Problem] }

    private func text(_ problems: [Problem]) -> String {
        problems.isEmpty ? "No problems." : problems.map { "\($0.path): \($0.severity.rawValue): \($0.message)" }.joined(separator: "\n")
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print every server, list and job as YAML; secrets by reference only.",
        discussion: "Example: connecthost export > everything.yaml")
    @OptionGroup var host: HostOptions

    func run() throws { print(try host.open().exportDocument(), terminator: "") }
}

/// A plan as text.
struct PlanText {
    let plan: DocumentPlan
    let done: Bool

    init(_ plan: DocumentPlan, done: Bool) {
        self.plan = plan
        self.done = done
    }

    var text: String {
        let lines = plan.changes.flatMap { change in
            ["\(mark(change.action)) \(change.kind) \"\(change.name)\" \(word(change.action))"] + change.details.map { "    \($0)" }
        }
        return (lines + (plan.isEmpty ? ["Nothing to change."] : [])).joined(separator: "\n")
    }

    private func mark(_ action: DocumentPlan.Action) -> String {
        switch action {
        case .create: "+"
        case .update: "~"
        case .unchanged: "="
        }
    }

    private func word(_ action: DocumentPlan.Action) -> String {
        switch action {
        case .create: done ? "created" : "would be created"
        case .update: done ? "updated" : "would be updated"
        case .unchanged: "unchanged"
        }
    }
}

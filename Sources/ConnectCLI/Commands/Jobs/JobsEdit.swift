import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

struct JobsEdit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change a job, in your editor or from a file; another name renames it.",
        discussion: """
            Without --file the job is opened as YAML in $VISUAL or $EDITOR. An inactive job may be saved incomplete; an active one may not.

            Example: connecthost jobs edit "Nightly contacts" --file contacts.yaml
            """)
    @Argument(help: "The job, by name or number.") var name: String
    @Option(name: .long, help: "A file with the job as it shall be; - for standard input.") var file: String?
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let opened = try host.open()
        let job = try opened.existingJob(name)
        let document = try file.map { try DocumentArguments.document($0) } ?? edited(try opened.exportJob(name))
        let changed = try opened.editJob(job.id.description, document)
        try Output(output).show(changed, text: changed == job ? "Job \"\(job.name)\" is as it was." : "Job \"\(changed.name)\" was changed.")
    }

    /// The text after a person has worked on it. It stays in its file when it cannot be taken, so that no work is lost.
    private func edited(_ text: String) throws -> JobDocument {
        let environment = ProcessInfo.processInfo.environment
        guard let editor = [environment["VISUAL"], environment["EDITOR"]].compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw ConnectError(
                "editor.missing", .configuration, "Neither $VISUAL nor $EDITOR names an editor.", remedy: "Set one, or give the job with --file.")
        }
        let path = NSTemporaryDirectory() + "connecthost-job-\(UUID().uuidString).yaml"
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else {
            throw ConnectError("editor.file", .configuration, "The file \(path) cannot be written.")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec \(editor) \"$1\"", "sh", path]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ConnectError(
                "editor.failed", .configuration, "The editor ended with \(process.terminationStatus); nothing was changed.",
                remedy: "Your text is in \(path).")
        }
        do {
            let document = try DocumentArguments.document(path)
            // The text has been taken as it is; a file that cannot be removed does no harm.
            try? FileManager.default.removeItem(atPath: path)
            return document
        } catch let error as ConnectError {
            throw ConnectError(error.code, error.category, error.message, remedy: "Your text is in \(path); give it with --file once it is mended.")
        }
    }
}

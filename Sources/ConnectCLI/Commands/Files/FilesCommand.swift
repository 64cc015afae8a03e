import ArgumentParser
import ConnectHost
import ConnectModel

struct FilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "Files on servers: what is there, and what is in them.", subcommands: [FilesList.self, FilesInspect.self])
}

struct FilesList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a directory of a server.",
        discussion: "Example: connecthost files list partner outgoing")
    @Argument(help: "The server, as `servers list` names it.") var server: String
    @Argument(help: "A directory below the server's own; left out: that one.") var directory = ""
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let files = try host.open().directory(directory, on: server)
        var table = Table(["NAME", "SIZE", "CHANGED"])
        for file in files {
            let changed = file.modifiedUnixNanoseconds.map { Moment.text($0 / 1_000_000) } ?? "-"
            table.add([
                file.name + (file.kind == "directory" ? "/" : ""), file.kind == "directory" ? "-" : file.size.map(Moment.bytes) ?? "-", changed,
            ])
        }
        try Output(output).show(files, text: files.isEmpty ? "Nothing is there." : table.text)
    }
}

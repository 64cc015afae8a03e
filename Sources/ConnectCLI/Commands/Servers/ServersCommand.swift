import ArgumentParser

struct ServersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers", abstract: "File servers: where files are read from and written to.",
        subcommands: [
            ServersAdd.self, ServersSet.self, ServersList.self, ServersShow.self, ServersTest.self, ServersTrust.self, ServersKeygen.self,
            ServersRemove.self,
        ])
}

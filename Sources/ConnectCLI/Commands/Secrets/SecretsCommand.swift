import ArgumentParser
import ConnectHost
import ConnectModel

struct SecretsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Stored secrets, by name: their values are never shown.",
        subcommands: [SecretsList.self, SecretsVerify.self, SecretsRotate.self])
}

struct SecretsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the names of stored secrets.", discussion: "Example: connecthost secrets list")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let secrets = try host.open().secrets()
        var table = Table(["OWNER", "SECRET", "KEY", "OPENS"])
        for secret in secrets { table.add([secret.owner, secret.name, secret.key.isEmpty ? "-" : secret.key, secret.opens ? "yes" : "no"]) }
        try Output(output).show(secrets, text: secrets.isEmpty ? "No secrets are stored." : table.text)
    }
}

struct SecretsVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Open every stored secret with the key there is, and say which do not open.",
        discussion: "Exit code 3 when one does not.\n\nExample: connecthost secrets verify")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var source: String
        var secrets: Int
        var unreadable: [SecretEntry]
    }

    func run() throws {
        let opened = try host.open()
        let secrets = try opened.secrets()
        let unreadable = secrets.filter { !$0.opens }
        let lines =
            unreadable.map { "does not open: \($0.name) of \($0.owner)" }
            + ["\(Moment.counted(secrets.count - unreadable.count, "secret")) of \(secrets.count) open with \(opened.sealingKeySource)."]
        try Output(output).show(
            Report(source: opened.sealingKeySource, secrets: secrets.count, unreadable: unreadable), text: lines.joined(separator: "\n"))
        if !unreadable.isEmpty { throw ExitCode(ExitStatus.configuration.rawValue) }
    }
}

struct SecretsRotate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Seal every secret under a new key, while runs go on.",
        discussion: """
            The home's own key file gets a new key, and the old one leaves it once nothing needs it any more; keep a copy of the new file.
            A key from systemd's credentials or the environment is changed there first: put the new key above the old one, one a line, and run this.

            Example: connecthost secrets rotate
            """)
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var secrets: Int
        var key: String
        var source: String
    }

    func run() throws {
        let opened = try host.open()
        let (count, key) = try opened.rotateSecrets()
        try Output(output).show(
            Report(secrets: count, key: key, source: opened.sealingKeySource),
            text: "\(Moment.counted(count, "secret")) sealed under key \(key), which is in \(opened.sealingKeySource).")
    }
}

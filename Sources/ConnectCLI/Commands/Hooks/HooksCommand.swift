import ArgumentParser
import ConnectHost
import ConnectModel

struct HooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "Who is told of Connect events: webhooks and programs.",
        subcommands: [HooksList.self, HooksAdd.self, HooksSet.self, HooksTest.self, HooksRemove.self])
}

/// A hook as JSON presents it; the keys are a contract.
private struct HookReport: Encodable {
    private let hook: EventHook
    private let signingSecret: String?

    init(_ hook: EventHook, signingSecret: String? = nil) {
        self.hook = hook
        self.signingSecret = signingSecret
    }

    enum CodingKeys: String, CodingKey {
        case name, url, command, arguments, events, secrets
        case timeoutSeconds = "timeout_seconds"
        case signingSecret = "signing_secret"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hook.name, forKey: .name)
        switch hook.way {
        case .webhook(let url): try container.encode(url, forKey: .url)
        case .command(let path, let arguments):
            try container.encode(path, forKey: .command)
            try container.encode(arguments, forKey: .arguments)
        }
        try container.encode(hook.events, forKey: .events)
        try container.encode(hook.secrets, forKey: .secrets)
        try container.encode(hook.timeoutSeconds, forKey: .timeoutSeconds)
        try container.encodeIfPresent(signingSecret, forKey: .signingSecret)
    }
}

struct HooksList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the hooks.", discussion: "Example: connecthost hooks list")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let hooks = try host.open().hooks()
        var table = Table(["NAME", "EVENTS", "HOW"])
        for hook in hooks {
            let way =
                switch hook.way {
                case .webhook(let url): url
                case .command(let path, let arguments): ([path] + arguments).joined(separator: " ")
                }
            table.add([hook.name, hook.events.isEmpty ? "all" : hook.events.joined(separator: ","), way])
        }
        try Output(output).show(hooks.map { HookReport($0) }, text: hooks.isEmpty ? "No hooks. Add one with `connecthost hooks add`." : table.text)
    }
}

struct HooksAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Tell a webhook or a program of this machine of events.",
        discussion: """
            A webhook gets an HTTP POST of the event as a CloudEvent, signed; without --secret signing a secret is made and shown this once.
            A program gets the event as its standard input; there is no shell, and the arguments are always the same.

            Example: connecthost hooks add crm --url https://crm.example.com/connect --event contacts-loaded
                     connecthost hooks add program --command /opt/crm/start-program --argument=--from-connect
            """)
    @Argument(help: "The hook's name.") var name: String
    @Option(name: .long, help: "Address of a webhook.") var url: String?
    @Option(name: .long, help: "Path of a program.") var command: String?
    @Option(name: .long, help: "An argument of the program; may be given several times, in order.") var argument: [String] = []
    @Option(name: .long, help: "Only events of this name; may be given several times.") var event: [String] = []
    @Option(name: .long, help: "Seconds after which the hook has failed.") var timeout: Int64 = 30
    @OptionGroup var values: SecretOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if (url == nil) == (command == nil) { throw ValidationError("Give either --url or --command.") }
        if command == nil, !argument.isEmpty { throw ValidationError("--argument goes with --command.") }
    }

    func run() throws {
        let way: EventHook.Way = url.map { .webhook(url: $0) } ?? .command(path: command ?? "", arguments: argument)
        let hook = EventHook(name: name, way: way, events: event, secrets: try values.references(), timeoutSeconds: timeout)
        let opened = try host.open()
        let made = try opened.addHook(hook, secrets: try values.values())
        let text =
            "Hook \"\(name)\" was added. Try it with `connecthost hooks test \(name)`."
            + (made.map { "\nThe receiver checks signatures with this secret, which is not shown again:\n\($0.reveal())" } ?? "")
        try Output(output).show(HookReport(try opened.existingHook(name), signingSecret: made?.reveal()), text: text)
    }
}

struct HooksSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Give a hook other secrets; those that are not named stay.",
        discussion: "Everything else of a hook is changed by `apply`.\n\nExample: connecthost hooks set crm --secret signing")
    @Argument(help: "The hook's name.") var name: String
    @OptionGroup var values: SecretOptions
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let hook = try host.open().setHook(name, secrets: try values.values(), references: try values.references())
        try Output(output).show(HookReport(hook), text: "Hook \"\(name)\" has: \(hook.secrets.keys.sorted().joined(separator: ", ")).")
    }
}

struct HooksTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send a hook an event named \"test\" now.", discussion: "Example: connecthost hooks test crm")
    @Argument(help: "The hook's name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let answer = try host.open().testHook(name)
        try Output(output).show(["hook": name, "answer": answer], text: "Hook \"\(name)\" has taken it: \(answer).")
    }
}

struct HooksRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a hook and its secrets.", discussion: "Example: connecthost hooks remove crm")
    @Argument(help: "The hook's name.") var name: String
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try host.open().removeHook(name)
        try Output(output).show(["removed": name], text: "Hook \"\(name)\" was removed.")
    }
}

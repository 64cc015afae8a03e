import ArgumentParser
import ConnectModel
import RunEngine

struct JobsNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Print a commented job file to fill in.",
        discussion: "`connecthost jobs kinds` shows what there is.\n\nExample: connecthost jobs new import-list > contacts.yaml")
    @Argument(help: "The kind of job, the host's own or a connector's: import-list, …") var kind: String
    @OptionGroup var host: HostOptions

    func run() throws { print(try host.kinds.kind(kind).template, terminator: "") }
}

struct JobsKinds: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds", abstract: "List the kinds of job: the host's own and those of connectors, and what may be done with each.",
        discussion: "With --json each kind has its fields too.\n\nExample: connecthost jobs kinds")
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let kinds = host.kinds.kinds
        var table = Table(["KIND", "TITLE", "RUN NOW", "COPY", "GROUP", "FROM"])
        for kind in kinds {
            let yes = { (isAllowed: Bool) in isAllowed ? "yes" : "no" }
            let from = kind.connector.map { "connector \($0.id) \($0.version)" } ?? "connecthost"
            table.add([kind.aliases.first ?? kind.id, kind.title, yes(kind.allows.runNow), yes(kind.allows.copy), yes(kind.allows.group), from])
        }
        try Output(output).show(kinds.map(JobKindReport.init), text: table.text)
    }
}

extension HostOptions {
    /// Kinds can be looked at without an installation.
    var kinds: JobKindRegistry { Composition.kinds(catalog) }
}

/// A kind as JSON presents it; keys are a contract.
struct JobKindReport: Encodable {
    struct FieldReport: Encodable {
        var path: String
        var type: String
        var required: Bool
        var standard: JSONValue?
        var help: String
        enum CodingKeys: String, CodingKey {
            case path, type, required, help
            case standard = "default"
        }
    }

    var kind: String
    var aliases: [String]
    var title: String
    var summary: String
    var connector: String?
    var allows: JobAllowances
    var fields: [FieldReport]

    init(_ kind: any JobKind) {
        self.kind = kind.id
        aliases = kind.aliases
        title = kind.title
        summary = kind.summary
        connector = kind.connector?.id
        allows = kind.allows
        fields = kind.fields.map { FieldReport(path: $0.path, type: $0.kind.name, required: $0.isRequired, standard: $0.defaultValue, help: $0.help) }
    }
}

public import ConnectModel
import StoreAPI
import Yams

/// A setting of the installation that documents have as a section of its own.
public enum AccountSetting: Sendable {
    case mail(MailAccount), campaigns(CampaignEndpoint), network(NetworkAllowance)

    /// In the order in which they are written.
    static let sections = [Installation.mailSetting, Installation.campaignSetting, Installation.networkSetting]

    /// As the store and documents have it.
    func value() throws -> JSONValue {
        switch self {
        case .mail(let account): try Installation.encodedSetting(account)
        case .campaigns(let endpoint): try Installation.encodedSetting(endpoint)
        case .network(let allowance): try Installation.encodedSetting(allowance)
        }
    }

    func problems() -> [Problem] {
        switch self {
        case .mail(let account): account.problems()
        case .campaigns(let endpoint): endpoint.problems()
        case .network(let allowance): allowance.problems()
        }
    }
}

/// What follows runs in documents (MGT-6, ACT-1 to ACT-3).
extension Installation {
    func afterProblems(_ document: JobDocument) -> [Problem] {
        let found = document.settings.map { ($0.name, $0.setting.problems()) } + document.hooks.map { ($0.place, $0.hook.problems()) }
        return found.flatMap { place, problems in
            problems.map { Problem(path: "\(place).\($0.path)", severity: $0.severity, message: $0.message, suggestions: $0.suggestions) }
        }
    }

    func change(_ entry: JobDocument.SettingEntry) throws -> DocumentPlan.Change {
        var old = try control.setting(entry.name)
        // One that was saved before it had all members says the same as one that names their standard values.
        if case .network = entry.setting, let saved: NetworkAllowance = try decoded(old) { old = try Self.encodedSetting(saved) }
        let details = DefinitionDifference.lines(old?.objectValue ?? [:], try entry.setting.value().objectValue ?? [:])
        return .init(
            action: old == nil ? .create : details.isEmpty ? .unchanged : .update, kind: "setting", name: entry.name,
            details: old == nil ? [] : details)
    }

    func change(_ entry: JobDocument.HookEntry) throws -> DocumentPlan.Change {
        guard let old = try control.hooks().first(where: { $0.name == entry.hook.name }) else {
            return .init(action: .create, kind: "hook", name: entry.hook.name, details: [])
        }
        let details = DefinitionDifference.lines(old.document, entry.hook.document)
        return .init(action: details.isEmpty ? .unchanged : .update, kind: "hook", name: entry.hook.name, details: details)
    }

    func applyAfter(_ document: JobDocument) throws {
        for entry in document.settings where try change(entry).action != .unchanged { try control.setSetting(entry.name, try entry.setting.value()) }
        for entry in document.hooks where try change(entry).action != .unchanged { try control.save(entry.hook) }
    }

    /// Sections for an export: settings that are set, then hooks.
    func afterNodes() throws -> [(name: String, node: Node)] {
        let settings = try AccountSetting.sections.compactMap { name in try control.setting(name).map { (name: name, node: node($0)) } }
        let hooks = try control.hooks().map { hook in
            let members = hook.document.sorted { $0.key < $1.key }.map { (Node($0.key), node($0.value)) }
            return Node([(Node("name"), node(.string(hook.name)))] + members, .implicit, .block)
        }
        return settings + (hooks.isEmpty ? [] : [(name: "hooks", node: Node(hooks, .implicit, .block))])
    }
}

extension EventHook {
    /// What a document says of it beside its name.
    fileprivate var document: [String: JSONValue] {
        var members: [String: JSONValue] = ["timeout_seconds": .integer(timeoutSeconds)]
        switch way {
        case .webhook(let url): members["url"] = .string(url)
        case .command(let path, let arguments):
            members["command"] = .string(path)
            if !arguments.isEmpty { members["arguments"] = .array(arguments.map { .string($0) }) }
        }
        if !events.isEmpty { members["events"] = .array(events.map { .string($0) }) }
        if !secrets.isEmpty { members["secrets"] = .object(secrets.mapValues { .string($0.description) }) }
        return members
    }
}

import ConnectModel
import RecordEngine
import RunEngine
import StoreAPI

/// Names that will exist once the documents are applied.
struct KnownNames {
    let servers: Set<String>
    /// Why a server cannot be used, by its name.
    let refusals: [String: String]
    let lists: [String: AudienceTable]

    init(_ host: Installation, _ documents: [JobDocument]) throws {
        let added = documents.flatMap(\.servers).map { entry in
            FileServer(name: entry.name, connector: (try? host.catalog.connector(entry.connector).info.id) ?? entry.connector, settings: [:])
        }
        let all = try host.control.servers() + added
        let capabilities = try host.control.capabilities()
        servers = Set(all.map(\.name))
        refusals = Dictionary(all.compactMap { server in capabilities.refusal(of: server).map { (server.name, $0) } }) { _, new in new }
        var lists = Dictionary(uniqueKeysWithValues: try host.audience.lists().map { ($0.name, $0) })
        for entry in documents.flatMap(\.lists) {
            let old = lists[entry.list.name]?.customFields ?? []
            let added = entry.list.customFields.filter { field in !old.contains { $0.name == field.name } }
            lists[entry.list.name] = AudienceTable(name: entry.list.name, customFields: old + added)
        }
        self.lists = lists
    }
}

extension Installation {
    func serverProblems(_ entry: JobDocument.ServerEntry) -> [Problem] {
        let info: ConnectorInfo
        do {
            info = try catalog.connector(entry.connector).info
        } catch {
            return [Problem(path: "\(entry.place).connector", message: "\(error)")]
        }
        guard info.kind == .transport else {
            return [Problem(path: "\(entry.place).connector", message: "\"\(entry.connector)\" is not a transport and cannot be a file server.")]
        }
        return SettingsForm(info).problems(in: entry.settings, secrets: Set(entry.secrets.keys)).map { problem in
            let name = problem.path.split(separator: "/").first.map(String.init) ?? ""
            return Problem(
                path: name.isEmpty ? "\(entry.place).settings" : "\(entry.place).settings.\(name)", severity: problem.severity,
                message: problem.message, suggestions: problem.suggestions)
        }
    }

    func listProblems(_ entry: JobDocument.ListEntry) throws -> [Problem] {
        let old = try audience.lists().first { $0.name == entry.list.name }
        return entry.list.customFields.flatMap { field -> [Problem] in
            let place = "\(entry.place).fields.\(field.name)"
            if let known = old?.field(field.name), known.type != field.type {
                let message = "Field \(field.name) of list \(entry.list.name) is \(known.type.rawValue) and cannot become \(field.type.rawValue)."
                return [Problem(path: place, message: message)]
            }
            return FieldNameRule.problem(with: field.name).map { [Problem(path: place, message: $0)] } ?? []
        }
    }

    func jobProblems(_ entry: JobDocument.JobEntry, _ known: KnownNames) throws -> [Problem] {
        let kind: any JobKind
        do {
            kind = try kinds.kind(entry.kind)
        } catch {
            return [Problem(path: "\(entry.place).kind", message: "\(error)")]
        }
        let schema = JobSchema(kind)
        var found = schema.problems(in: entry.definition)
        if found.isEmpty { found += kind.problems(in: entry.definition) }
        found += FollowUpFields.problems(in: entry.definition)
        if let kind = kind as? ConnectorJobKind {
            found += try connectorProblems(entry, kind, known, afterSchema: found)
        } else {
            found += referenceProblems(schema.filled(entry.definition), known)
        }
        return found.map { problem in
            Problem(path: "\(entry.place).\(problem.path)", severity: problem.severity, message: problem.message, suggestions: problem.suggestions)
        }
    }

    /// Servers and lists a job names must be there, or come with the document.
    private func referenceProblems(_ definition: [String: JSONValue], _ known: KnownNames) -> [Problem] {
        var found: [Problem] = []
        if let server = definition["file"]?["server"]?.stringValue, !known.servers.contains(server) {
            found.append(missing("server", server, "file.server", Array(known.servers)))
        } else if let refusal = definition["file"]?["server"]?.stringValue.flatMap({ known.refusals[$0] }) {
            found.append(Problem(path: "file.server", message: refusal))
        }
        if let list = definition["target"]?["list"]?.stringValue {
            if let target = known.lists[list] {
                found += mappingProblems(definition, target)
            } else {
                found.append(missing("list", list, "target.list", Array(known.lists.keys)))
            }
        }
        return found
    }

    private func mappingProblems(_ definition: [String: JSONValue], _ list: AudienceTable) -> [Problem] {
        let new = Set(definition["mapping"]?["new_fields"]?.objectValue?.keys.map { $0.uppercased() } ?? [])
        let mapped = definition["mapping"]?["fields"]?.objectValue ?? [:]
        return mapped.sorted { $0.key < $1.key }.compactMap { column, target in
            guard let name = target.stringValue?.uppercased(), list.field(name) == nil, !new.contains(name) else { return nil }
            let close = Similarity.closest(to: name, among: list.fields.map(\.name)).map { " Did you mean \($0)?" } ?? ""
            return Problem(
                path: "mapping.fields.\(column)",
                message: "List \(list.name) has no field \(name).\(close) To add it, name it with its type in mapping.new_fields.")
        }
    }

    func missing(_ kind: String, _ name: String, _ path: String, _ known: [String]) -> Problem {
        let close = Similarity.closest(to: name, among: known)
        let advice = close.map { "Did you mean \"\($0)\"?" } ?? "There are: \(known.isEmpty ? "none" : known.sorted().joined(separator: ", "))."
        return Problem(path: path, message: "There is no \(kind) \"\(name)\". \(advice)", suggestions: close.map { [$0] })
    }
}

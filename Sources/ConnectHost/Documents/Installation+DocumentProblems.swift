import ConnectModel
import RecordEngine
import RunEngine
import StoreAPI

/// Names that will exist once the documents are applied.
struct KnownNames {
    /// Those that hold files.
    let servers: Set<String>
    /// Those that give rows, by name.
    let sources: [String: FileServer]
    /// Why a server cannot be used, by its name.
    let refusals: [String: String]
    let tables: [String: AudienceTable]
    let capabilities: AccountCapabilities
    /// Tables and saved selections that the documents bring or change.
    private let brought: Set<String>
    /// Jobs of the documents, which take the place of saved ones of their names.
    let jobs: [JobDocument.JobEntry]
    /// The saved job that is looked at, perhaps under a new name.
    let edited: JobID?

    /// Whether a source of an export is there only once the documents are applied.
    func comesWithDocument(_ kind: ExportSource.Kind, _ name: String) -> Bool {
        brought.contains(kind.saved == nil ? name : "\(kind.rawValue)/\(name)")
    }

    /// Nothing but which job is looked at.
    init(editing job: JobID) {
        (servers, sources, refusals, tables, capabilities) = ([], [:], [:], [:], AccountCapabilities())
        (brought, jobs, edited) = ([], [], job)
    }

    init(_ host: Installation, _ documents: [JobDocument], editing job: JobID? = nil) throws {
        jobs = documents.flatMap(\.jobs)
        edited = job
        let added = documents.flatMap(\.servers).map { entry in
            FileServer(
                name: entry.name, connector: (try? host.catalog.connector(entry.connector).info.id) ?? entry.connector, settings: entry.settings)
        }
        let all = try host.control.servers() + added
        let capabilities = try host.control.capabilities()
        self.capabilities = capabilities
        let giving = all.filter { (try? host.catalog.connector($0.connector))?.info.kind == .source }
        sources = Dictionary(giving.map { ($0.name, $0) }) { _, new in new }
        servers = Set(all.map(\.name)).subtracting(giving.map(\.name))
        refusals = Dictionary(try all.compactMap { server in try host.refusal(of: server, capabilities).map { (server.name, $0) } }) { _, new in new }
        var tables = Dictionary(uniqueKeysWithValues: try host.audience.tables(of: nil).map { ($0.name, $0) })
        for entry in documents.flatMap(\.tables) {
            var table = tables[entry.table.name] ?? entry.table
            table.customFields += entry.table.customFields.filter { field in !table.customFields.contains { $0.name == field.name } }
            tables[table.name] = table
        }
        self.tables = tables
        brought = Set(
            documents.flatMap(\.tables).map(\.table.name)
                + documents.flatMap(\.selections).map { "\($0.selection.kind.rawValue)/\($0.selection.name)" })
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
        guard info.kind != .job else {
            return [
                Problem(
                    path: "\(entry.place).connector",
                    message: "\"\(entry.connector)\" is a kind of job and cannot be a server: it reaches no files and gives no rows.")
            ]
        }
        let server = FileServer(name: entry.name, connector: info.id, settings: entry.settings)
        if let refusal = try? control.capabilities().refusal(of: server, needing: SettingsForm(info).capabilities(neededBy: entry.settings)) {
            return [Problem(path: "\(entry.place).name", message: refusal)]
        }
        return SettingsForm(info).problems(in: entry.settings, secrets: Set(entry.secrets.keys)).map { problem in
            let name = problem.path.split(separator: "/").first.map(String.init) ?? ""
            return Problem(
                path: name.isEmpty ? "\(entry.place).settings" : "\(entry.place).settings.\(name)", severity: problem.severity,
                message: problem.message, suggestions: problem.suggestions)
        }
    }

    func tableProblems(_ entry: JobDocument.TableEntry, _ known: KnownNames) throws -> [Problem] {
        let table = entry.table
        let old = try audience.tables(of: nil).first { $0.name == table.name }
        var found = table.customFields.flatMap { field -> [Problem] in
            let place = "\(entry.place).fields.\(field.name)"
            if let present = old?.field(field.name), present.type != field.type {
                let message =
                    "Field \(field.name) of \(table.kind.noun) \(table.name) is \(present.type.rawValue) and cannot become \(field.type.rawValue)."
                return [Problem(path: place, message: message)]
            }
            return FieldNameRule.problem(with: field.name).map { [Problem(path: place, message: $0)] } ?? []
        }
        if let old, (old.kind, old.owner, old.keyFields, old.dataExtractionKey) != (table.kind, table.owner, table.keyFields, table.dataExtractionKey)
        {
            let message = "\"\(table.name)\" is there already, as a \(old.kind.noun) with another owner or key; what a table is cannot be changed."
            found.append(Problem(path: "\(entry.place).name", message: message))
        }
        if let owner = table.owner, let wanted = table.kind.ownerKind, known.tables[owner]?.kind != wanted {
            let names = known.tables.values.filter { $0.kind == wanted }.map(\.name)
            found.append(missing(wanted.noun, owner, "\(entry.place).\(TableSection.ownerMember(of: table.kind))", names))
        }
        for field in table.keyFields + table.dataExtractionKey where table.field(field) == nil && old == nil {
            found.append(Problem(path: "\(entry.place).key", message: "\"\(table.name)\" has no field \(field)."))
        }
        return found
    }

    func jobProblems(_ entry: JobDocument.JobEntry, _ known: KnownNames, drafts: Bool = false) throws -> [Problem] {
        let kind: any JobKind
        do {
            kind = try kinds.kind(entry.kind)
        } catch {
            return [Problem(path: "\(entry.place).kind", message: "\(error)")]
        }
        let schema = JobSchema(kind)
        var found = schema.problems(in: entry.definition)
        found += furtherProblems(entry.definition, kind, schema, found)
        found += FollowUpFields.problems(in: entry.definition)
        if let kind = kind as? ConnectorJobKind {
            found += try connectorProblems(entry, kind, known, afterSchema: found)
        } else {
            let right = Self.without(found, entry.definition)
            found += referenceProblems(right, kind, known)
            if kind is DataExport { found += exportProblems(schema.filled(right), known) }
        }
        if !found.contains(where: { $0.path.hasPrefix("schedule") }) {
            let old = entry.active ? try control.job(named: entry.name)?.definition["schedule"] : entry.definition["schedule"]
            found += scheduleProblems(entry.definition, monthEndAllowed: kind.allows.monthEnd, old: old)
        }
        return found.map { problem in
            let isDraft = drafts && !entry.active && problem.severity == .error
            return Problem(
                path: "\(entry.place).\(problem.path)", severity: isDraft ? .warning : problem.severity, message: problem.message,
                suggestions: problem.suggestions)
        }
    }

    /// What the kind says beyond its schema; where that has found something, of the rest.
    private func furtherProblems(_ definition: [String: JSONValue], _ kind: any JobKind, _ schema: JobSchema, _ found: [Problem]) -> [Problem] {
        guard !found.isEmpty else { return kind.problems(in: definition) }
        let told = Set(found.map(\.path))
        // A problem without a place is that the definition cannot be read for what has been told.
        return kind.problems(in: schema.completed(Self.without(found, definition))).filter { !$0.path.isEmpty && !told.contains($0.path) }
    }

    /// The definition without the fields that are wrong, so that what is right can be looked at further.
    private static func without(_ problems: [Problem], _ definition: [String: JSONValue]) -> [String: JSONValue] {
        let wrong = Set(problems.map(\.path))
        return definition.reduce(into: [:]) { kept, section in
            guard !wrong.contains(section.key) else { return }
            let members = section.value.objectValue?.filter { !wrong.contains("\(section.key).\($0.key)") }
            kept[section.key] = members.map(JSONValue.object) ?? section.value
        }
    }

    /// Servers and tables that a job names must be there, or come with the document.
    private func referenceProblems(_ definition: [String: JSONValue], _ kind: any JobKind, _ known: KnownNames) -> [Problem] {
        let filled = JobSchema(kind).filled(definition)
        var found: [Problem] = []
        if kind is any ImportKind, let source = definition["source"]?.objectValue {
            found += sourceProblems(source, known)
        } else if let server = filled["file"]?["server"]?.stringValue, !known.servers.contains(server) {
            found.append(
                known.sources[server] == nil
                    ? missing("server", server, "file.server", Array(known.servers))
                    : Problem(
                        path: "file.server", message: "Server \"\(server)\" gives rows and holds no files; imports name it in the section source."))
        } else if let refusal = filled["file"]?["server"]?.stringValue.flatMap({ known.refusals[$0] }) {
            found.append(Problem(path: "file.server", message: refusal))
        }
        guard let kind = kind as? any ImportKind, let target = try? kind.target(of: definition) else { return found }
        do {
            found += mappingProblems(filled, try ImportDestination(target, among: Array(known.tables.values)).mappingTarget)
        } catch {
            found.append(Problem(path: error.path, message: error.error.description))
        }
        return found + scopeProblems(target, known)
    }

    private func scopeProblems(_ target: ImportTarget, _ known: KnownNames) -> [Problem] {
        guard let scope = target.scopeTarget else { return [] }
        if !known.capabilities.allows(AccountCapabilities.audienceScope) {
            let message = "Audience scope files are off for this account; `connecthost account set audience-scope=on` turns them on."
            return [Problem(path: "target.scope_file", message: message)]
        }
        do {
            _ = try ImportDestination(scope, among: Array(known.tables.values))
            return []
        } catch {
            // A list that is not there has been told of.
            return error.path == "target.pet" ? [Problem(path: "target.scope_pet", message: error.error.description)] : []
        }
    }

    private func mappingProblems(_ definition: [String: JSONValue], _ target: MappingTarget) -> [Problem] {
        let new = Set(definition["mapping"]?["new_fields"]?.objectValue?.keys.map { $0.uppercased() } ?? [])
        let mapped = definition["mapping"]?["fields"]?.objectValue ?? [:]
        return mapped.sorted { $0.key < $1.key }.compactMap { column, value in
            guard let name = value.stringValue?.uppercased(), !target.has(name), !new.contains(name) else { return nil }
            let close = Similarity.closest(to: name, among: target.fields.map(\.name)).map { " Did you mean \($0)?" } ?? ""
            return Problem(
                path: "mapping.fields.\(column)",
                message: "The \(target.noun) \(target.name) has no field \(name).\(close) To add it, name it with its type in mapping.new_fields.")
        }
    }

    func missing(_ kind: String, _ name: String, _ path: String, _ known: [String]) -> Problem {
        let close = Similarity.closest(to: name, among: known)
        let advice = close.map { "Did you mean \"\($0)\"?" } ?? "There are: \(known.isEmpty ? "none" : known.sorted().joined(separator: ", "))."
        return Problem(path: path, message: "There is no \(kind) \"\(name)\". \(advice)", suggestions: close.map { [$0] })
    }
}

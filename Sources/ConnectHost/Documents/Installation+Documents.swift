public import ConnectModel
import RecordEngine
import RunEngine
import StoreAPI

extension Installation {
    /// Every problem of the documents, with file and line and its field; empty when they could be applied. With `drafts`, inactive jobs may be incomplete or
    /// wrong: their errors are warnings until somebody activates them (ORC-3).
    public func problems(in documents: [JobDocument], drafts: Bool = false) throws -> [Problem] {
        let known = try KnownNames(self, documents)
        return try documents.flatMap { document in
            let found =
                try document.problems + document.servers.flatMap(serverProblems) + document.tables.flatMap { try tableProblems($0, known) }
                + documentSelectionProblems(document, documents)
                + document.jobs.flatMap { try jobProblems($0, known, drafts: drafts) } + document.groups.flatMap { try groupProblems($0, documents) }
                + afterProblems(document)
            return found.map { problem in
                Problem(
                    path: document.location(of: problem.path), field: problem.path, severity: problem.severity, message: problem.message,
                    suggestions: problem.suggestions)
            }
        }
    }

    /// What applying would change. Throws with every problem when there is an error among them.
    public func plan(_ documents: [JobDocument], drafts: Bool = false) throws -> DocumentPlan {
        let errors = try problems(in: documents, drafts: drafts).filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw ProblemList("document.invalid", "\(documents.map(\.file).joined(separator: ", ")) cannot be applied", errors).error
        }
        var changes: [DocumentPlan.Change] = []
        for document in documents {
            changes +=
                try document.servers.map(change) + document.tables.map(change) + document.selections.map(change) + document.jobs.map(change)
                + document.groups.map(change)
                + document.settings.map(change) + document.hooks.map(change)
        }
        return DocumentPlan(changes: changes)
    }

    /// Makes it so, and returns what was changed. Applying the same documents again changes nothing.
    public func apply(_ documents: [JobDocument], drafts: Bool = false) throws -> DocumentPlan {
        let plan = try plan(documents, drafts: drafts)
        for document in documents {
            for entry in document.servers where try change(entry).action != .unchanged { try control.save(try server(entry)) }
            for entry in document.tables { try applyTable(entry.table) }
            for entry in document.selections where try change(entry).action != .unchanged { try save(entry.selection) }
            try checkExports(document.jobs)
            // Before jobs, which may end runs that they shall follow.
            try applyAfter(document)
        }
        try write(documents.flatMap(\.jobs).filter { try change($0).action != .unchanged })
        for entry in documents.flatMap(\.groups) where try change(entry).action != .unchanged { try applyGroup(entry) }
        if !plan.isEmpty { notifyServer() }
        return plan
    }

    private func server(_ entry: JobDocument.ServerEntry) throws -> FileServer {
        var server = FileServer(
            name: entry.name, connector: try catalog.connector(entry.connector).info.id, settings: entry.settings, secrets: entry.secrets)
        // Pins are given by `servers trust`; a document that does not speak of them leaves them as they are.
        if let pin = SettingsForm(try catalog.connector(entry.connector).info).pinField, server.settings[pin] == nil,
            let old = try control.server(named: entry.name)
        {
            server.settings[pin] = old.settings[pin]
        }
        return server
    }

    private func applyTable(_ table: AudienceTable) throws {
        guard let old = try audience.tables(of: nil).first(where: { $0.name == table.name }) else { return try createTable(table) }
        let added = table.customFields.filter { old.field($0.name) == nil }
        if !added.isEmpty { _ = try addFields(added, to: table.name) }
    }

    private func change(_ entry: JobDocument.ServerEntry) throws -> DocumentPlan.Change {
        let new = try server(entry)
        guard let old = try control.server(named: entry.name) else {
            return .init(action: .create, kind: "server", name: entry.name, details: [])
        }
        var details = DefinitionDifference.lines(old.settings, new.settings)
        if old.connector != new.connector { details.append("connector: \(old.connector) -> \(new.connector)") }
        if old.secrets != new.secrets { details.append("secrets: other references") }
        return .init(action: details.isEmpty ? .unchanged : .update, kind: "server", name: entry.name, details: details)
    }

    private func change(_ entry: JobDocument.TableEntry) throws -> DocumentPlan.Change {
        let (name, kind) = (entry.table.name, entry.table.kind.rawValue)
        guard let old = try audience.tables(of: nil).first(where: { $0.name == name }) else {
            return .init(action: .create, kind: kind, name: name, details: [])
        }
        let details = entry.table.customFields.filter { old.field($0.name) == nil }.map { "new field \($0.name) \($0.type.rawValue)" }
        return .init(action: details.isEmpty ? .unchanged : .update, kind: kind, name: name, details: details)
    }

    private func change(_ entry: JobDocument.JobEntry) throws -> DocumentPlan.Change {
        guard let old = try control.job(named: entry.name) else {
            return .init(action: .create, kind: "job", name: entry.name, details: [])
        }
        var details = DefinitionDifference.lines(old.definition, entry.definition)
        if old.kind != canonicalKind(entry.kind) { details.append("kind: \(old.kind) -> \(entry.kind)") }
        if old.description != entry.description { details.append("description") }
        if old.active != entry.active { details.append("active: \(old.active) -> \(entry.active)") }
        return .init(action: details.isEmpty ? .unchanged : .update, kind: "job", name: entry.name, details: details)
    }
}

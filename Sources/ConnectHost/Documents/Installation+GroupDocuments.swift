import ConnectModel
import RunEngine
import StoreAPI

/// Groups as documents have them (MGT-6, GRP-1).
extension Installation {
    /// A group's jobs may come with the documents, so they are looked for there first.
    func groupProblems(_ entry: JobDocument.GroupEntry, _ documents: [JobDocument]) throws -> [Problem] {
        let old = try control.group(named: entry.name)
        var found = JobGroup.problem(withName: entry.name).map { [Problem(path: "name", message: $0)] } ?? []
        if entry.jobs.count < 2 { found.append(Problem(path: "jobs", message: "A group has at least two jobs; this one has \(entry.jobs.count).")) }
        for (name, same) in Dictionary(grouping: entry.jobs, by: { $0 }).sorted(by: { $0.key < $1.key }) where same.count > 1 {
            found.append(Problem(path: "jobs", message: "Job \"\(name)\" stands in the group \(same.count) times."))
        }
        for (index, name) in entry.jobs.enumerated() {
            guard let reason = try refusal(of: name, in: entry, old, documents) else { continue }
            found.append(Problem(path: "jobs[\(index)]", message: "Job \"\(name)\" cannot be in the group: \(reason)"))
        }
        found += groupDefinitionProblems(entry.definition, old: old)
        return found.map { problem in
            Problem(path: "\(entry.place).\(problem.path)", severity: problem.severity, message: problem.message, suggestions: problem.suggestions)
        }
    }

    private func refusal(of name: String, in entry: JobDocument.GroupEntry, _ old: JobGroup?, _ documents: [JobDocument]) throws -> String? {
        if let other = documents.flatMap(\.groups).first(where: { $0.name != entry.name && $0.jobs.contains(name) }) {
            return "It is in group \"\(other.name)\" of these files already."
        }
        let known = try control.job(named: name)
        guard let coming = documents.flatMap(\.jobs).first(where: { $0.name == name }) else {
            guard let known else {
                let names = try control.jobs().map(\.name) + documents.flatMap(\.jobs).map(\.name)
                return "There is none of that name." + (Similarity.closest(to: name, among: names).map { " Did you mean \"\($0)\"?" } ?? "")
            }
            return try refusal(of: known, in: old?.id)
        }
        let job = Job(
            id: known?.id ?? JobID(0), name: name, kind: coming.kind, description: "", definition: coming.definition, active: coming.active)
        return try refusal(of: job, in: old?.id)
    }

    func change(_ entry: JobDocument.GroupEntry) throws -> DocumentPlan.Change {
        guard let old = try control.group(named: entry.name) else {
            return .init(action: .create, kind: "group", name: entry.name, details: [])
        }
        var details = DefinitionDifference.lines(old.definition, entry.definition)
        let names = try old.jobs.map { try control.job($0)?.name ?? "(deleted)" }
        if names != entry.jobs { details.append("jobs: \(names.joined(separator: ", ")) -> \(entry.jobs.joined(separator: ", "))") }
        if old.description != entry.description { details.append("description") }
        if old.active != entry.active { details.append("active: \(old.active) -> \(entry.active)") }
        return .init(action: details.isEmpty ? .unchanged : .update, kind: "group", name: entry.name, details: details)
    }

    func applyGroup(_ entry: JobDocument.GroupEntry) throws {
        _ = try saveGroup(
            name: entry.name, description: entry.description, jobs: entry.jobs, definition: entry.definition, active: entry.active,
            replacing: try control.group(named: entry.name))
    }
}

import ConnectModel
import RunEngine
import StoreAPI

/// Values of settings that one active job of a kind has alone, as event types in feeds (EVT-3; `x-exclusive` in the kind's schema).
extension Installation {
    /// Who else has a value.
    private struct Owner {
        /// As it stands in a sentence.
        var text: String
        /// What makes it free.
        var remedy: String
        var definition: [String: JSONValue]

        func has(_ value: JSONValue, _ setting: String) -> Bool {
            definition[ConnectorJobKind.section]?[setting]?.arrayValue?.contains(value) ?? false
        }
    }

    /// Values of the job that others have: saved jobs, jobs of the same documents, and runs that go on after their jobs have let go of them.
    func exclusionProblems(
        _ entry: JobDocument.JobEntry, _ kind: ConnectorJobKind, _ settings: [String: JSONValue], _ known: KnownNames
    ) throws -> [Problem] {
        guard entry.active, !kind.exclusiveSettings.isEmpty else { return [] }
        let own = try known.edited ?? control.job(named: entry.name)?.id
        let owners = try owners(besides: own, named: entry.name, kind, known)
        return kind.exclusiveSettings.flatMap { setting -> [Problem] in
            (settings[setting]?.arrayValue ?? []).compactMap { value in
                guard let owner = owners.first(where: { $0.has(value, setting) }) else { return nil }
                return Problem(
                    path: "\(ConnectorJobKind.section).\(setting)",
                    message: "\"\(value.stringValue ?? "")\" is taken: \(owner.text), and each can be in one active job only. \(owner.remedy)")
            }
        }
    }

    private func owners(besides own: JobID?, named name: String, _ kind: ConnectorJobKind, _ known: KnownNames) throws -> [Owner] {
        let replaced = Set(known.jobs.map(\.name))
        let saved = try control.jobs().filter { $0.active && $0.id != own && !replaced.contains($0.name) && canonicalKind($0.kind) == kind.id }.map {
            job in
            Owner(
                text: "it is in the active job \"\(job.name)\" (\(job.id))", remedy: "Deactivate that job, or leave it out here.",
                definition: job.definition)
        }
        let beside = known.jobs.filter { $0.active && $0.name != name && canonicalKind($0.kind) == kind.id }.map { other in
            Owner(
                text: "it is in the active job \"\(other.name)\" of the same documents", remedy: "Leave it out of one of them.",
                definition: other.definition)
        }
        let running = try control.unfinishedRuns().filter { $0.id.job != own && canonicalKind($0.kind) == kind.id }.map { run in
            Owner(
                text: "run \(run.id) of job \"\(run.jobName)\" has it and has not ended",
                remedy: "Wait for that run, or end it with `connecthost runs recover` or `connecthost runs stop \(run.id)`.",
                definition: run.definition)
        }
        return saved + beside + running
    }

    /// Refuses a job whose values another has taken since it was looked at. Within the transaction that writes it, after it was written.
    func checkExclusiveSettings(_ job: Job) throws {
        guard job.active, let kind = try connectorKind(job.kind) else { return }
        let entry = JobDocument.JobEntry(place: "", name: job.name, kind: job.kind, description: "", definition: job.definition, active: true)
        let settings = job.definition[ConnectorJobKind.section]?.objectValue ?? [:]
        let found = try exclusionProblems(entry, kind, settings, KnownNames(editing: job.id))
        guard found.isEmpty else { throw ProblemList("job.invalid", "Job \"\(job.name)\" cannot be active", found).error }
    }
}

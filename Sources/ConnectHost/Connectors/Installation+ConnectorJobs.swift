public import ConnectModel
import RunEngine
import StoreAPI

/// Jobs whose kind a connector brings: what the account and the job say to it, and what it says to that.
extension Installation {
    /// The kind as a connector's; nil for the host's own kinds. Throws `kind.unknown`.
    func connectorKind(_ name: String) throws -> ConnectorJobKind? { try kinds.kind(name) as? ConnectorJobKind }

    /// The job with the account's settings of its connector in it, as they are now.
    func frozen(_ job: Job) throws -> Job {
        guard let kind = try connectorKind(job.kind) else { return job }
        var job = job
        job.definition[ConnectorJobKind.accountSection] = .object(try control.profile(ofConnector: kind.id))
        return job
    }

    /// What a worker needs to reach the connector of a job; nil for the host's own kinds. The definition is a frozen one.
    func jobConnection(_ kindName: String, _ definition: [String: JSONValue]) throws -> JobConnection? {
        guard let kind = try connectorKind(kindName) else { return nil }
        let account = definition[ConnectorJobKind.accountSection]?.objectValue ?? [:]
        let file = try catalog.connector(kind.id).file
        var settings = kind.settings(definition, account: account)
        let secrets = try kind.secretReferences(account).map { key, reference in (key, try resolve(reference, .connector(kind.id, key)).reveal()) }
        for (key, secret) in secrets { settings[key] = .string(secret) }
        return JobConnection(
            connectorFile: file, connectorStamp: FileStamp(file)?.description, connector: kind.id, settings: .object(settings),
            secrets: secrets.map(\.1),
            isIdempotent: kind.isIdempotent)
    }

    /// What the connector says about the settings of a job, and what it would have the host do.
    func checkedByConnector(_ kind: ConnectorJobKind, _ definition: [String: JSONValue]) throws -> (problems: [Problem], plan: JobPlan?) {
        let request = WorkerRequest(home: home.root, task: .checkJob, connections: [], job: try jobConnection(kind.id, definition))
        guard case .checkedJob(let problems, let plan) = try workers.perform(request, onMessage: { _ in }) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return (problems, plan)
    }

    /// The job that does what a connector's job would have the host do; the job itself when the kind is the host's own or makes no plan.
    func planned(_ job: Job) throws -> Job {
        guard let kind = try connectorKind(job.kind), kind.hasPlan else { return job }
        let (problems, plan) = try checkedByConnector(kind, try frozen(job).definition)
        guard let plan, !problems.contains(where: { $0.severity == .error }) else {
            throw ProblemList("job.invalid", "Job \"\(job.name)\" is not complete", problems).error
        }
        var job = job
        job.kind = plan.kind
        job.definition = plan.definition
        return job
    }

    /// Everything that is wrong with a connector's job beyond its schema, each under the setting at fault ("settings.list").
    func connectorProblems(
        _ entry: JobDocument.JobEntry, _ kind: ConnectorJobKind, _ known: KnownNames, afterSchema schema: [Problem]
    ) throws -> [Problem] {
        var definition = entry.definition
        definition[ConnectorJobKind.accountSection] = .object(try control.profile(ofConnector: kind.id))
        let account = definition[ConnectorJobKind.accountSection]?.objectValue ?? [:]
        let settings = kind.settings(definition, account: account)
        var found =
            profileProblems(kind, settings, account) + referenceProblems(kind, settings, known)
            + (try exclusionProblems(entry, kind, settings, known))
        // A setting that is missing or of a wrong form has been told; what the connector and its plan say of it adds nothing.
        let told = Set((schema + found).map(\.path))
        var more: [Problem] = []
        do {
            let (problems, plan) = try checkedByConnector(kind, definition)
            more += problems.map { Self.renamed($0, "\(ConnectorJobKind.section)\($0.path.replacing("/", with: "."))") }
            if let plan { more += try planProblems(entry, plan, known) }
        } catch let error as ConnectError where error.category == .configuration {
            more.append(Problem(path: ConnectorJobKind.section, message: error.message))
        }
        for problem in more where !told.contains(problem.path) && !found.contains(problem) { found.append(problem) }
        return found
    }

    /// What is wrong with the host's own work that the job plans, under the settings that it comes from.
    private func planProblems(_ entry: JobDocument.JobEntry, _ plan: JobPlan, _ known: KnownNames) throws -> [Problem] {
        let inner = JobDocument.JobEntry(
            place: "", name: entry.name, kind: plan.kind, description: "", definition: plan.definition, active: entry.active)
        return try jobProblems(inner, known).map { problem in
            let path = problem.path.hasPrefix(".") ? String(problem.path.dropFirst()) : problem.path
            guard let setting = plan.setting(at: path) else {
                return Problem(path: ConnectorJobKind.section, severity: problem.severity, message: problem.message, suggestions: problem.suggestions)
            }
            return Self.renamed(problem, "\(ConnectorJobKind.section).\(setting)")
        }
    }

    private static func renamed(_ problem: Problem, _ path: String) -> Problem {
        Problem(path: path, severity: problem.severity, message: problem.message, suggestions: problem.suggestions)
    }

    /// The account's part of the settings, which the job's author cannot mend in the job.
    private func profileProblems(_ kind: ConnectorJobKind, _ settings: [String: JSONValue], _ account: [String: JSONValue]) -> [Problem] {
        let secrets = kind.secretReferences(account)
        return kind.accountSettings.filter { $0.isRequired && settings[$0.name] == nil && secrets[$0.name] == nil }.map { field in
            let option = field.isSecret ? "--secret \(field.name)" : "--set \(field.name)=…"
            return Problem(
                path: "\(ConnectorJobKind.section).\(field.name)",
                message: "The account's profile for \(kind.title) has no \"\(field.name)\". Set it with "
                    + "`connecthost connectors profile set \(kind.aliases.first ?? kind.id) \(option)`.")
        }
    }

    private func referenceProblems(_ kind: ConnectorJobKind, _ settings: [String: JSONValue], _ known: KnownNames) -> [Problem] {
        kind.references.flatMap { setting, what -> [Problem] in
            let path = "\(ConnectorJobKind.section).\(setting)"
            if what == "pgp-recipient" {
                return keyProblems(
                    (settings[setting]?.arrayValue ?? []).compactMap(\.stringValue).map { KeyWish(path: path, name: $0, use: .recipient) })
            }
            guard let name = settings[setting]?.stringValue else { return [] }
            switch what {
            case "server":
                if let refusal = known.refusals[name] { return [Problem(path: path, message: refusal)] }
                return known.servers.contains(name) ? [] : [missing("server", name, path, Array(known.servers))]
            case "list":
                let lists = known.tables.values.filter { $0.kind == .list }.map(\.name)
                return lists.contains(name) ? [] : [missing("list", name, path, lists)]
            case "table":
                return known.tables[name] != nil ? [] : [missing("table", name, path, Array(known.tables.keys))]
            case "pgp-signer": return keyProblems([KeyWish(path: path, name: name, use: .signer)])
            default: return []
            }
        }
    }

    /// The id of a kind that a job may name by a short name.
    func canonicalKind(_ name: String) -> String { (try? kinds.kind(name).id) ?? name }
}

extension Installation {
    /// Everything that keeps a saved job from being run, each under the field at fault; empty when there is nothing (ORC-2, "View Errors").
    public func errors(ofJob name: String) throws -> (job: Job, problems: [Problem]) {
        let job = try existingJob(name)
        let entry = JobDocument.JobEntry(
            place: "", name: job.name, kind: job.kind, description: job.description, definition: job.definition, active: true)
        let problems = try jobProblems(entry, try KnownNames(self, [], editing: job.id)).map { problem in
            let path = problem.path.hasPrefix(".") ? String(problem.path.dropFirst()) : problem.path
            return Problem(path: path, severity: problem.severity, message: problem.message, suggestions: problem.suggestions)
        }
        let late = problems.contains { $0.severity == .error } ? [] : ScheduleRules.timeProblems(Schedule(definition: job.definition), at: nowSeconds)
        return (job, problems + late)
    }
}

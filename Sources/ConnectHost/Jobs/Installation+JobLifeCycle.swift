public import ConnectModel
import RunEngine
import StoreAPI

extension Installation {
    /// `isNew` also asks whether its schedule still has a start.
    func errors(of job: Job, isNew: Bool) throws -> [Problem] {
        let place = "job"
        let entry = JobDocument.JobEntry(
            place: place, name: job.name, kind: job.kind, description: job.description, definition: job.definition, active: true)
        var found = try jobProblems(entry, try KnownNames(self, [], editing: job.id)).filter { $0.severity == .error }
        if isNew, found.isEmpty { found = ScheduleRules.timeProblems(Schedule(definition: job.definition), at: nowSeconds) }
        return found.map { problem in
            var named = problem
            if named.path.hasPrefix(place + ".") { named.path.removeFirst(place.count + 1) }
            return named
        }
    }

    /// Activates a job, or throws every error at once (MGT-2).
    public func activateJob(_ name: String) throws -> Job {
        var job = try existingJob(name)
        let found = try errors(of: job, isNew: true)
        guard found.isEmpty else { throw ProblemList("job.invalid", "Job \"\(job.name)\" cannot be activated", found).error }
        job.active = true
        return try write(job)
    }

    /// It keeps its schedule and starts no more. A run that is on goes on, and what it alone may have stays its own until it has ended.
    public func deactivateJob(_ name: String) throws -> Job {
        var job = try existingJob(name)
        job.active = false
        return try write(job)
    }

    /// A copy under another name, inactive (MGT-2).
    public func copyJob(_ name: String, as copyName: String, description: String?) throws -> Job {
        let job = try existingJob(name)
        let kind = try kinds.kind(job.kind)
        guard kind.allows.copy else {
            throw ConnectError(
                "job.no-copy", .configuration, "\(kind.title) jobs cannot be copied.",
                remedy: "Write a new one with `connecthost jobs new \(kind.id)`.")
        }
        guard !job.active else {
            throw ConnectError(
                "job.active", .configuration, "Job \"\(job.name)\" is active, and only inactive jobs can be copied.",
                remedy: "Deactivate it first with `connecthost jobs deactivate \"\(job.name)\"`.")
        }
        try checkNew(name: copyName)
        return try control.addJob(
            name: copyName, kind: job.kind, description: description ?? job.description, definition: job.definition, active: false)
    }

    /// Puts the one job of the document in the place of `name`, which may also rename it. An inactive job may be incomplete.
    public func editJob(_ name: String, _ document: JobDocument) throws -> Job {
        let old = try existingJob(name)
        guard let entry = document.jobs.first, document.jobs.count == 1, document.problems.isEmpty else {
            let wrong = document.problems.isEmpty ? [Problem(path: "jobs", message: "The file must hold exactly one job.")] : document.problems
            throw ProblemList("document.invalid", "Job \"\(old.name)\" is unchanged", wrong).error
        }
        if entry.name != old.name { try checkNew(name: entry.name) }
        let job = Job(
            id: old.id, name: entry.name, kind: canonicalKind(entry.kind), description: entry.description, definition: entry.definition,
            active: entry.active)
        if job.active {
            let isNew = !old.active || old.definition["schedule"] != job.definition["schedule"]
            let found = try errors(of: job, isNew: isNew)
            guard found.isEmpty else { throw ProblemList("job.invalid", "Job \"\(old.name)\" is unchanged", found).error }
        }
        return try write(job)
    }

    private func checkNew(name: String) throws {
        if let problem = Job.problem(withName: name) { throw ConnectError("job.name", .configuration, problem) }
        guard try control.job(named: name) == nil else {
            throw ConnectError("job.exists", .configuration, "There is a job \"\(name)\" already.", remedy: "Choose another name.")
        }
    }

    /// The job and its next start, in one transaction.
    @discardableResult
    func write(_ job: Job) throws -> Job {
        try control.transaction {
            try store(job)
            try checkExclusiveSettings(job)
        }
        notifyServer()
        return job
    }

    /// Jobs of documents, all or none of them: one may let go of what another takes up.
    @discardableResult
    func write(_ entries: [JobDocument.JobEntry]) throws -> [Job] {
        guard !entries.isEmpty else { return [] }
        let jobs = try control.transaction {
            let jobs = try entries.map { try store($0) }
            for job in jobs { try checkExclusiveSettings(job) }
            return jobs
        }
        notifyServer()
        return jobs
    }

    private func store(_ entry: JobDocument.JobEntry) throws -> Job {
        guard var job = try control.job(named: entry.name) else {
            let job = try control.addJob(
                name: entry.name, kind: canonicalKind(entry.kind), description: entry.description, definition: entry.definition, active: entry.active)
            try plan(job)
            return job
        }
        job.kind = canonicalKind(entry.kind)
        job.description = entry.description
        job.definition = entry.definition
        job.active = entry.active
        try store(job)
        return job
    }

    /// Within a transaction.
    private func store(_ job: Job) throws {
        if let group = try control.group(of: job.id), Schedule(definition: job.definition).kind != .onDemand {
            throw ConnectError(
                "job.grouped", .configuration, "Job \"\(job.name)\" is in group \"\(group.name)\" and can have no schedule of its own.",
                remedy: "Give the group a schedule, or take the job out of it with `connecthost groups edit`.")
        }
        try control.update(job)
        try plan(job)
    }

    /// Asks the server to run the job; without a server it waits until there is one.
    public func queueJob(_ name: String) throws -> Run {
        let job = try runnableJob(name)
        let run = try createRun(of: job, origin: .manual)
        notifyServer()
        return run
    }

    /// A queued run of the job as it is now.
    func createRun(of job: Job, origin: RunOrigin) throws -> Run {
        try control.createRun(of: try frozen(job), family: try kinds.kind(job.kind).family, origin: origin, atUnixMilliseconds: clock())
    }

    /// Stops the job's run that has not ended (MGT-2).
    public func stopJob(_ name: String) throws -> Run {
        let job = try existingJob(name)
        guard let run = try control.unfinishedRun(of: job.id) else {
            throw ConnectError("job.idle", .configuration, "Job \"\(job.name)\" is not running.")
        }
        return try stopRun(run.description)
    }
}

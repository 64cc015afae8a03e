public import ConnectModel
import StoreAPI

/// One line of "All jobs" (guide §8.1).
public struct JobSummary: Sendable {
    public var job: Job
    public var group: String?
    /// The run that has not ended.
    public var running: Run?
    public var schedule: Schedule
    public var next: ScheduledStart?
    public var previous: Run?
}

/// Which jobs to list, and in which order (MGT-1).
public struct JobQuery: Sendable {
    public enum Order: String, Sendable, CaseIterable {
        case id, name, kind, group, next, previous, status
    }

    /// Any part of name or description, whatever its case.
    public var text: String?
    public var kind: String?
    public var group: String?
    public var active: Bool?
    public var running = false
    public var scheduleKind: Schedule.Kind?
    /// Status of the last run.
    public var lastStatus: RunStatus?
    public var order = Order.id
    public var descending = false
    /// How many of those that fit are left out at the beginning.
    public var offset = 0
    /// Most jobs to list; all where nil.
    public var limit: Int?
    public init() {}
}

extension Installation {
    public func jobs(_ query: JobQuery) throws -> [JobSummary] {
        if let page = query.page { return try summaries(of: control.jobs(page)) }
        let last = try control.lastRuns()
        let due = try control.allDueEntries().reduce(into: [Int64: ScheduledStart]()) { $0[$1.owner.number] = $1.next }
        let groups = try control.groups().reduce(into: [JobID: String]()) { names, group in group.jobs.forEach { names[$0] = group.name } }
        let all = try control.jobs().map { job in
            let run = last[job.id].map(seenAlive)
            return JobSummary(
                job: job, group: groups[job.id], running: run.flatMap { $0.status.isFinal ? nil : $0 }, schedule: Self.schedule(job.definition),
                next: due[job.id.value], previous: run)
        }
        return query.part(of: query.sorted(all.filter(query.matches)))
    }

    /// What belongs to these few jobs, looked up for each.
    private func summaries(of jobs: [Job]) throws -> [JobSummary] {
        let groups = try control.groups().reduce(into: [JobID: String]()) { names, group in group.jobs.forEach { names[$0] = group.name } }
        return try jobs.map { job in
            let run = try control.runs(job: job.id, limit: 1).first.map(seenAlive)
            return JobSummary(
                job: job, group: groups[job.id], running: run.flatMap { $0.status.isFinal ? nil : $0 }, schedule: Self.schedule(job.definition),
                next: try control.due(.job(job.id))?.next, previous: run)
        }
    }
}

extension JobQuery {
    /// The part that the store can find by itself: where filters and order are those of jobs and their next starts, not of runs, groups or words.
    var page: JobPage? {
        guard let limit, text == nil, group == nil, !running, scheduleKind == nil, lastStatus == nil else { return nil }
        let known: JobPage.Order
        switch order {
        case .id: known = .id
        case .name: known = .name
        case .kind: known = .kind
        case .next: known = .next
        case .group, .previous, .status: return nil
        }
        return JobPage(kind: kind, active: active, order: known, descending: descending, offset: offset, limit: limit)
    }

    func part(of summaries: [JobSummary]) -> [JobSummary] { Array(summaries.dropFirst(offset).prefix(limit ?? .max)) }

    func matches(_ summary: JobSummary) -> Bool {
        if let text = text?.lowercased(), !summary.job.name.lowercased().contains(text), !summary.job.description.lowercased().contains(text) {
            return false
        }
        if let kind, summary.job.kind != kind { return false }
        if let group, summary.group != group { return false }
        if let active, summary.job.active != active { return false }
        if running, summary.running == nil { return false }
        if let scheduleKind, summary.schedule.kind != scheduleKind { return false }
        if let lastStatus, summary.previous?.status != lastStatus { return false }
        return true
    }

    func sorted(_ summaries: [JobSummary]) -> [JobSummary] {
        let ordered = summaries.sorted { first, second in
            switch order {
            case .id: break
            case .name: if first.job.name != second.job.name { return first.job.name < second.job.name }
            case .kind: if first.job.kind != second.job.kind { return first.job.kind < second.job.kind }
            case .group: if first.group != second.group { return (first.group ?? "\u{10FFFF}") < (second.group ?? "\u{10FFFF}") }
            case .next: if first.next?.at != second.next?.at { return (first.next?.at ?? .max) < (second.next?.at ?? .max) }
            case .previous: if Self.began(first) != Self.began(second) { return Self.began(first) > Self.began(second) }
            case .status: if Self.status(first) != Self.status(second) { return Self.status(first) < Self.status(second) }
            }
            return first.job.id.value < second.job.id.value
        }
        return descending ? ordered.reversed() : ordered
    }

    private static func began(_ summary: JobSummary) -> Int64 { summary.previous?.startedAtUnixMilliseconds ?? 0 }
    private static func status(_ summary: JobSummary) -> String { summary.previous?.status.rawValue ?? "" }
}

import ConnectModel
import RunEngine
import StoreAPI
import Testing

@testable import ConnectHost

/// The list of jobs as the store finds it, beside one that reads every job and sorts in memory (MGT-1).
@Suite struct JobListTests {
    private let home: SimulatedHome
    /// Of the run that a worker is at.
    private let lock: RunLock?

    init() throws {
        home = try SimulatedHome(at: 1_772_323_200)
        let jobs = try MixedJobs(home)
        lock = try jobs.add()
    }

    private static let filters: [(String, @Sendable (inout JobQuery) -> Void)] = [
        ("all", { _ in }), ("text", { $0.text = "FÜR" }), ("accent", { $0.text = "cafe\u{301}" }), ("part of a name", { $0.text = "job 1" }),
        ("no such text", { $0.text = "job 1%" }), ("kind", { $0.kind = "export" }), ("no such kind", { $0.kind = "Export" }),
        ("group", { $0.group = "first" }), ("no such group", { $0.group = "third" }), ("active", { $0.active = true }),
        ("inactive", { $0.active = false }), ("running", { $0.running = true }), ("on demand", { $0.scheduleKind = .onDemand }),
        ("once", { $0.scheduleKind = .oneTime }), ("recurring", { $0.scheduleKind = .recurring }), ("file", { $0.scheduleKind = .fileArrival }),
        ("queued", { $0.lastStatus = .queued }), ("now", { $0.lastStatus = .running }), ("succeeded", { $0.lastStatus = .succeeded }),
        ("failed", { $0.lastStatus = .failed }), ("cancelled", { $0.lastStatus = .cancelled }), ("interrupted", { $0.lastStatus = .interrupted }),
        ("several", { ($0.active, $0.kind, $0.text, $0.scheduleKind, $0.lastStatus) = (true, "import-list", "job", .recurring, .succeeded) }),
        ("several others", { ($0.active, $0.group, $0.running) = (true, "first", true) }),
    ]

    @Test(
        "MGT-1, T39: every filter in every order, either way, whole and in parts, finds the jobs that a look at each of them finds",
        arguments: JobQuery.Order.allCases)
    func filters(order: JobQuery.Order) throws {
        let all = try PlainJobList(home.host)
        for (name, filter) in Self.filters {
            for descending in [false, true] {
                var query = JobQuery()
                (query.order, query.descending) = (order, descending)
                filter(&query)
                let whole = all.jobs(query)
                #expect(whole.isEmpty == name.hasPrefix("no such"))
                try expect(query, whole, hasMore: false, name)
                // Parts of whole orders, and of those turned round where nothing is left out.
                for (offset, limit) in [(0, 3), (whole.count - 1, 1)] where offset >= 0 && (!descending || name == "all") {
                    (query.offset, query.limit) = (offset, limit)
                    let rest = whole.dropFirst(offset)
                    try expect(query, Array(rest.prefix(limit)), hasMore: rest.count > limit, "\(name) \(offset) \(limit)")
                }
            }
        }
    }

    @Test("MGT-1: the first and the last part, and no part at all, say rightly whether others follow")
    func ends() throws {
        let all = try PlainJobList(home.host).jobs(JobQuery())
        var query = JobQuery()
        for (offset, limit) in [(0, 0), (1, .max), (all.count, 5), (all.count + 9, .max), (0, all.count)] {
            (query.offset, query.limit) = (offset, limit)
            let rest = all.dropFirst(offset)
            try expect(query, Array(rest.prefix(limit)), hasMore: rest.count > limit, "\(offset) \(limit)")
        }
    }

    private func expect(_ query: JobQuery, _ expected: [JobSummary], hasMore: Bool, _ name: String) throws {
        let found = try home.host.jobPage(query)
        #expect(found.jobs.map(Line.init) == expected.map(Line.init), "\(name) by \(query.order), descending: \(query.descending)")
        #expect(found.hasMore == hasMore, "\(name) by \(query.order)")
    }

    @Test("MGT-1: lists follow what becomes of a job: its edit, its runs, its group and its end")
    func follows() throws {
        let host = home.host
        var job = try host.control.addJob(name: "of its own", kind: "export", description: "", definition: [:], active: false)
        func expectListed() throws {
            let all = try PlainJobList(host)
            for (name, filter) in Self.filters {
                var query = JobQuery()
                filter(&query)
                try expect(query, all.jobs(query), hasMore: false, name)
            }
        }
        job.kind = "import-list"
        job.description = "Für alle"
        job.active = true
        job.definition["schedule"] = .object(SimulatedHome.daily(4, "0-14"))
        try host.control.update(job)
        try expectListed()
        for status in [RunStatus.failed, .succeeded] {
            let run = try host.createRun(of: job, origin: .manual)
            try expectListed()
            _ = try host.control.claim(run.id, atUnixMilliseconds: home.time * 1000)
            try expectListed()
            try host.control.markInterrupted(run.id, epoch: 1)
            try expectListed()
            _ = try home.end(run.id, status)
            try expectListed()
        }
        let group = try host.control.addGroup(name: "third", description: "", jobs: [job.id], definition: [:], active: true)
        try expectListed()
        try host.control.removeGroup(group.id)
        try host.control.removeJob(job.id)
        try expectListed()
    }
}

/// What is compared of a line.
private struct Line: Equatable {
    var job: Job
    var group: String?
    var running: RunID?
    var schedule: Schedule
    var next: ScheduledStart?
    var previous: Run?

    init(_ summary: JobSummary) {
        job = summary.job
        group = summary.group
        running = summary.running?.id
        schedule = summary.schedule
        next = summary.next
        previous = summary.previous
    }
}

/// Jobs of several kinds, with and without schedules, groups and runs.
private struct MixedJobs {
    private let home: SimulatedHome
    private var host: Installation { home.host }

    init(_ home: SimulatedHome) throws { self.home = home }

    private static let schedules: [JSONValue?] = [
        nil, .object(SimulatedHome.daily(4, "0-14")), .object(["repeat": .string("file_arrival")]), .object(["repeat": .string("on_demand")]),
        .object(["repeat": .string("once"), "date": .string("2026-04-01"), "hour": .integer(1), "slot": .string("0-14")]),
        // A draft's: it says nothing of when.
        .object(["repeat": .string("weekly")]), .string("nightly"),
    ]

    /// Returns the lock of the one run that is alive.
    func add() throws -> RunLock? {
        var jobs: [Job] = []
        for number in 0..<40 {
            let description = ["", "Für alle", "CAFÉ", "cafe\u{301} 100 %"][number % 4]
            let job = try host.control.addJob(
                name: "job \(number * 7 % 40)", kind: ["import-list", "export", "import-table"][number % 3], description: description,
                definition: ["schedule": Self.schedules[number % 7]].compactMapValues { $0 }, active: number % 11 != 0)
            if job.active { try host.plan(job) }
            jobs.append(job)
        }
        _ = try host.control.addGroup(name: "second", description: "", jobs: jobs[3..<6].map(\.id), definition: [:], active: true)
        _ = try host.control.addGroup(name: "first", description: "", jobs: jobs[16..<24].map(\.id), definition: [:], active: false)
        for (index, job) in jobs.enumerated() where index % 3 != 2 { try run(job, index) }
        try host.control.removeJob(jobs[7].id)
        return try alive(jobs[8])
    }

    /// Two that have ended or are cut off, or one that waits.
    private func run(_ job: Job, _ index: Int) throws {
        home.time += Int64(index * 7 % 11)
        let ends: [RunStatus?] = [.succeeded, .failed, .cancelled, .running, nil]
        for end in [ends[index % 3], ends[index % 5]] {
            let run = try host.createRun(of: job, origin: .manual)
            switch end {
            case nil: return
            case .running: _ = try host.control.claim(run.id, atUnixMilliseconds: home.time * 1000); return
            case .some(let status): _ = try home.end(run.id, status)
            }
        }
    }

    private func alive(_ job: Job) throws -> RunLock? {
        let run = try host.createRun(of: job, origin: .manual)
        let lock = try RunLock.acquire(directory: host.home.run(run.id))
        lock?.write(processID: 1)
        _ = try host.control.claim(run.id, atUnixMilliseconds: home.time * 1000)
        return lock
    }
}

/// Every job read, and filtered and sorted in memory.
private struct PlainJobList {
    private let all: [JobSummary]

    init(_ host: Installation) throws {
        let runs = try host.control.runs(job: nil, limit: .max)
        let groups = try host.control.groups()
        let due = try host.control.allDueEntries()
        all = try host.control.jobs().map { job in
            let last = runs.filter { $0.id.job == job.id }.max { $0.id.number < $1.id.number }.map(host.seenAlive)
            return JobSummary(
                job: job, group: groups.first { $0.jobs.contains(job.id) }?.name, running: last.flatMap { $0.status.isFinal ? nil : $0 },
                schedule: Schedule(definition: job.definition), next: due.first { $0.owner.number == job.id.value }?.next, previous: last)
        }
    }

    func jobs(_ query: JobQuery) -> [JobSummary] {
        let found = all.filter { matches($0, query) }.sorted { comesBefore($0, $1, query.order) }
        return query.descending ? found.reversed() : found
    }

    private func matches(_ summary: JobSummary, _ query: JobQuery) -> Bool {
        if let text = query.text?.lowercased(), !summary.job.name.lowercased().contains(text), !summary.job.description.lowercased().contains(text) {
            return false
        }
        if let kind = query.kind, summary.job.kind != kind { return false }
        if let group = query.group, summary.group != group { return false }
        if let active = query.active, summary.job.active != active { return false }
        if query.running, summary.running == nil { return false }
        if let schedule = query.scheduleKind, summary.schedule.kind != schedule { return false }
        if let last = query.lastStatus, summary.previous?.status != last { return false }
        return true
    }

    private func comesBefore(_ first: JobSummary, _ second: JobSummary, _ order: JobQuery.Order) -> Bool {
        switch order {
        case .id: break
        case .name: if first.job.name != second.job.name { return first.job.name < second.job.name }
        case .kind: if first.job.kind != second.job.kind { return first.job.kind < second.job.kind }
        case .group: if first.group != second.group { return (first.group ?? "\u{10FFFF}") < (second.group ?? "\u{10FFFF}") }
        case .next: if first.next?.at != second.next?.at { return (first.next?.at ?? .max) < (second.next?.at ?? .max) }
        case .previous: if began(first) != began(second) { return began(first) > began(second) }
        case .status: if status(first) != status(second) { return status(first) < status(second) }
        }
        return first.job.id.value < second.job.id.value
    }

    private func began(_ summary: JobSummary) -> Int64 { summary.previous?.startedAtUnixMilliseconds ?? 0 }
    private func status(_ summary: JobSummary) -> String { summary.previous?.status.rawValue ?? "" }
}

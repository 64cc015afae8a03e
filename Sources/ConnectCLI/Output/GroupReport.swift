import ConnectHost
import ConnectModel

/// A group as JSON presents it; the keys are a contract (OPS-4, Docs/cli.md).
struct GroupReport: Encodable {
    var id: GroupID
    var name: String
    var description: String
    var jobs: [String]
    var activation: String
    var scheduleType: String
    var schedule: String
    var nextRun: String?
    var running: String?
    var previousRun: GroupRunReport?

    init(_ summary: GroupSummary) {
        id = summary.group.id
        name = summary.group.name
        description = summary.group.description
        jobs = summary.jobNames
        activation = summary.group.active ? "active" : "inactive"
        scheduleType = summary.schedule.kind.rawValue
        schedule = summary.schedule.text
        nextRun = summary.next.map { Moment.text($0.at * 1000) }
        running = summary.running?.id.description
        previousRun = summary.previous.map(GroupRunReport.init)
    }
}

struct GroupRunReport: Encodable {
    struct Member: Encodable {
        var job: String
        var status: GroupRun.MemberStatus
        var run: RunID?
        var reason: String?
    }

    var run: GroupRunID
    var group: String
    var status: RunStatus
    var trigger: String
    var started: String
    var finished: String?
    var durationMs: Int64?
    var jobs: [Member]

    init(_ run: GroupRun) {
        self.run = run.id
        group = run.groupName
        status = run.status
        trigger = run.trigger
        started = Moment.text(run.createdAtUnixMilliseconds)
        finished = run.finishedAtUnixMilliseconds.map(Moment.text)
        durationMs = run.durationMilliseconds
        jobs = run.members.map { Member(job: $0.name, status: $0.status, run: $0.run, reason: $0.reason) }
    }
}

extension GroupRun {
    var durationMilliseconds: Int64? { finishedAtUnixMilliseconds.map { $0 - createdAtUnixMilliseconds } }
}

struct GroupRunText {
    let run: GroupRun

    init(_ run: GroupRun) { self.run = run }

    var text: String {
        let head =
            "Run \(run.id) of group \"\(run.groupName)\" \(run.status.rawValue)"
            + (run.durationMilliseconds.map { " in \(Moment.duration($0))" } ?? "")
        let members = run.members.enumerated().map { index, member in
            "  \(index + 1). \(member.name): \(member.status.rawValue)" + (member.run.map { ", run \($0)" } ?? "")
                + (member.reason.map { ": \($0)" } ?? "")
        }
        return ([head] + members).joined(separator: "\n")
    }
}

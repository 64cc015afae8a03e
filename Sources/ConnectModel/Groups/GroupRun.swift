/// One execution of a group and how far it has come. What is written down before each next step.
public struct GroupRun: Sendable, Codable, Equatable {
    public enum MemberStatus: String, Sendable, Codable {
        case waiting, running, succeeded, failed, cancelled
        /// One before it did not succeed (GRP-2).
        case skipped
    }

    public struct Member: Sendable, Codable, Equatable {
        public var job: JobID
        public var name: String
        public var status: MemberStatus
        public var run: RunID?
        /// Why it could not be started, or why it was skipped.
        public var reason: String?

        public init(job: JobID, name: String) {
            self.job = job
            self.name = name
            status = .waiting
        }
    }

    public var id: GroupRunID
    public var groupName: String
    /// The group's schedule and options when the run was asked for.
    public var definition: [String: JSONValue]
    /// "manual" or "schedule".
    public var trigger: String
    public var dueAtUnixMilliseconds: Int64?
    public var status: RunStatus
    public var members: [Member]
    /// Somebody asked for its end; no further member starts.
    public var isStopping: Bool
    public var createdAtUnixMilliseconds: Int64
    public var finishedAtUnixMilliseconds: Int64?

    public init(
        id: GroupRunID, groupName: String, definition: [String: JSONValue], trigger: String, dueAtUnixMilliseconds: Int64?, members: [Member],
        createdAtUnixMilliseconds: Int64
    ) {
        self.id = id
        self.groupName = groupName
        self.definition = definition
        self.trigger = trigger
        self.dueAtUnixMilliseconds = dueAtUnixMilliseconds
        self.members = members
        self.createdAtUnixMilliseconds = createdAtUnixMilliseconds
        status = .queued
        isStopping = false
    }

    public enum Step: Sendable, Equatable {
        /// Begin this member.
        case start(Int)
        /// This member has begun and has not ended.
        case wait(Int)
        case finish(RunStatus)
        case nothing
    }

    /// What comes next, by what has been written down.
    public var nextStep: Step {
        guard !status.isFinal else { return .nothing }
        for (index, member) in members.enumerated() {
            switch member.status {
            case .succeeded: continue
            case .running: return .wait(index)
            case .failed: return .finish(.failed)
            case .cancelled, .skipped: return .finish(.cancelled)
            case .waiting: return isStopping ? .finish(.cancelled) : .start(index)
            }
        }
        return .finish(.succeeded)
    }

    /// Writes down how a member's run ended.
    public mutating func memberEnded(_ index: Int, _ ending: RunStatus, reason: String? = nil) {
        members[index].status = ending == .succeeded ? .succeeded : ending == .cancelled ? .cancelled : .failed
        members[index].reason = reason
    }

    /// The end: members that never began are skipped, and say why.
    public mutating func finish(_ ending: RunStatus, atUnixMilliseconds now: Int64) {
        let culprit = members.first { $0.status == .failed || $0.status == .cancelled }
        for index in members.indices where members[index].status == .waiting {
            members[index].status = .skipped
            members[index].reason =
                culprit.map { "\"\($0.name)\" before it \($0.status == .failed ? "failed" : "was stopped")." } ?? "The group was stopped."
        }
        status = ending
        finishedAtUnixMilliseconds = now
    }
}

extension RunOutcome {
    /// Of a group's run that has ended; its counts are those of its members.
    public init(_ group: GroupRun, members: [Run]) {
        var records = RecordCounts()
        for run in members {
            records.read += run.records.read
            records.inserted += run.records.inserted
            records.updated += run.records.updated
            records.unchanged += run.records.unchanged
            records.skipped += run.records.skipped
            records.duplicates += run.records.duplicates
            records.rejected += run.records.rejected
            if let added = run.records.addedPeople { records.addedPeople = (records.addedPeople ?? 0) + added }
        }
        let culprit = group.members.first { $0.status == .failed || $0.status == .cancelled }
        let failure =
            members.first { $0.id == culprit?.run }?.failure
            ?? culprit.map { member in
                RunFailure(ConnectError("group.member", .configuration, "Job \"\(member.name)\": \(member.reason ?? "no reason is known")"))
            }
        self.init(
            subject: .group, run: group.id.description, name: group.groupName, kind: "group", status: group.status,
            startedAtUnixMilliseconds: group.createdAtUnixMilliseconds,
            finishedAtUnixMilliseconds: group.finishedAtUnixMilliseconds ?? group.createdAtUnixMilliseconds, records: records, failure: failure,
            warnings: group.members.filter { $0.status == .skipped }.map { "Job \"\($0.name)\" was skipped: \($0.reason ?? "")" })
    }
}

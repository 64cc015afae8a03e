/// Where a message of the outbox stands, as data (Docs/notifications.md draws it).
public enum OutboxState: String, Sendable, Codable, CaseIterable {
    /// To be delivered once it is due.
    case waiting
    /// A deliverer has begun with it; if that one is gone, it is as good as waiting.
    case delivering
    /// The far side has taken it.
    case delivered
    /// Given up: it was refused, or failed too often. A person may retry or drop it.
    case dead
    /// A person has decided that it is not to be delivered.
    case dropped

    public var isSettled: Bool { self == .delivered || self == .dropped }

    public var successors: Set<OutboxState> {
        switch self {
        // A person may have one that waits tried at once.
        case .waiting: [.delivering, .dropped, .waiting]
        case .delivering: [.delivered, .waiting, .dead]
        case .dead: [.waiting, .dropped]
        case .delivered, .dropped: []
        }
    }
}

/// One thing that shall follow a run, delivered at least once (ACT-1 to ACT-3). Written in the transaction that ends the run.
public struct OutboxMessage: Sendable, Codable, Equatable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// An e-mail to one address.
        case mail
        /// A Connect event; its delivery makes a `hook` message for each hook that takes it.
        case event
        /// An event to one hook.
        case hook
        /// A call to launch one campaign.
        case launch
    }

    public enum Content: Sendable, Codable, Equatable {
        case report(RunOutcome, isRecovery: Bool)
        case missingFile(MissingFile)
        /// An event of that name, or its copy for one hook; `event` is the id that receivers drop repeats by.
        case event(name: String, event: String, RunOutcome)
        case launch(LaunchOrder, RunOutcome)
        case launchFailure(LaunchOrder, RunFailure, RunOutcome)
        case text(subject: String, body: String)
    }

    /// Counts up within an installation; 0 before it is written down.
    public var number: Int64
    /// Stable and unique: "run/3.17/mail/ann@example.com". The far side gets it to tell repeats.
    public var id: String
    public var kind: Kind
    /// "run/3.17": what it follows.
    public var origin: String
    /// An address, a hook, a campaign or an event.
    public var target: String
    public var content: Content
    public var state: OutboxState
    public var attempts: Int
    public var createdAtUnixMilliseconds: Int64
    /// Not before this.
    public var dueAtUnixMilliseconds: Int64
    public var settledAtUnixMilliseconds: Int64?
    /// Why the last attempt failed.
    public var failure: RunFailure?
    /// What the far side answered, when it took it.
    public var receipt: String?

    /// Messages of one lane are delivered one after the other, those of several at the same time, so that a far side that hangs holds up no other.
    public var lane: String {
        switch kind {
        case .mail, .event, .launch: kind.rawValue
        case .hook: "hook/\(target)"
        }
    }

    public init(_ kind: Kind, origin: String, target: String, _ content: Content, atUnixMilliseconds now: Int64, idSuffix: String? = nil) {
        number = 0
        self.id = "\(origin)/\(kind.rawValue)/\(idSuffix ?? target)"
        self.kind = kind
        self.origin = origin
        self.target = target
        self.content = content
        state = .waiting
        attempts = 0
        createdAtUnixMilliseconds = now
        dueAtUnixMilliseconds = now
    }
}

/// One campaign to be launched after a load.
public struct LaunchOrder: Sendable, Codable, Equatable {
    public var campaign: String
    public var progressTo: [String]
    public var progressEvery: Int64?
    public var failureTo: [String]

    public init(campaign: String, progressTo: [String], progressEvery: Int64?, failureTo: [String]) {
        self.campaign = campaign
        self.progressTo = progressTo
        self.progressEvery = progressEvery
        self.failureTo = failureTo
    }
}

/// A job that had taken no file by the time its options name.
public struct MissingFile: Sendable, Codable, Equatable {
    public var job: String
    /// "2026-01-31", in `zone`.
    public var day: String
    /// "06:30".
    public var time: String
    public var zone: String

    public init(job: String, day: String, time: String, zone: String) {
        self.job = job
        self.day = day
        self.time = time
        self.zone = zone
    }
}

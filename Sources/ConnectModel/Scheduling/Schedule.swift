/// When a job or a group starts by itself (SCH-1).
public struct Schedule: Sendable, Equatable {
    public enum Recurrence: Sendable, Equatable {
        case onDemand
        case once(CivilDate, StartSlot)
        /// Every time the local clock shows the quarter, so in a repeated hour twice and in a left-out hour not at all.
        case hourly(Quarter)
        case daily(StartSlot)
        case weekly(Set<Weekday>, StartSlot)
        case monthly(DayOfMonth, StartSlot)
        /// When the job's file is there, looked for every so many seconds.
        case fileArrival(everySeconds: Int64)
    }

    public enum DayOfMonth: Sendable, Equatable {
        case day(Int)
        case last
    }

    /// What becomes of starts that passed while no host was running (SCH-4).
    public enum MissedPolicy: String, Sendable, Codable, CaseIterable {
        /// One start now in place of them all.
        case runOnce = "run_once"
        case skip
    }

    /// The guide's column "Schedule Type" (guide §8.1).
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case onDemand = "on-demand"
        case oneTime = "one-time"
        case recurring
        case fileArrival = "file-arrival"
    }

    public var recurrence: Recurrence
    /// An identifier of the time zone database.
    public var zone: String
    /// The first day on which it may start; nil: at once.
    public var from: CivilDate?
    /// The last day on which it may start, by itself or by hand: the job's expiry date; nil: for ever.
    public var until: CivilDate?
    public var missed: MissedPolicy

    public init(_ recurrence: Recurrence, zone: String = "UTC", from: CivilDate? = nil, until: CivilDate? = nil, missed: MissedPolicy = .runOnce) {
        self.recurrence = recurrence
        self.zone = zone
        self.from = from
        self.until = until
        self.missed = missed
    }

    public static let onDemand = Schedule(.onDemand)

    public var kind: Kind {
        switch recurrence {
        case .onDemand: .onDemand
        case .once: .oneTime
        case .fileArrival: .fileArrival
        case .hourly, .daily, .weekly, .monthly: .recurring
        }
    }

    /// Whether the day of expiry is over in the schedule's zone. `now` in seconds since 1970 UTC.
    public func isExpired(at now: Int64) -> Bool {
        guard let until, let clock = LocalClock(zone: zone) else { return false }
        return clock.date(at: now) > until
    }

    /// "daily in 02:15-02:29, Europe/Berlin".
    public var text: String {
        let end = (from.map { " from \($0)" } ?? "") + (until.map { " until \($0)" } ?? "")
        switch recurrence {
        case .onDemand: return "on demand\(end)"
        case .once(let date, let slot): return "once on \(date) in \(slot.text), \(zone)"
        case .hourly(let quarter): return "hourly in minutes \(quarter.rawValue), \(zone)\(end)"
        case .daily(let slot): return "daily in \(slot.text), \(zone)\(end)"
        case .weekly(let days, let slot):
            let names = Weekday.allCases.filter(days.contains).map(\.rawValue).joined(separator: ", ")
            return "weekly on \(names) in \(slot.text), \(zone)\(end)"
        case .monthly(.day(let day), let slot): return "monthly on day \(day) in \(slot.text), \(zone)\(end)"
        case .monthly(.last, let slot): return "monthly on the last day in \(slot.text), \(zone)\(end)"
        case .fileArrival(let seconds): return "when its file arrives, looked for every \(seconds) s\(end)"
        }
    }
}

/// One start of a schedule.
public struct ScheduledStart: Sendable, Hashable, Codable {
    /// When the slot begins, in seconds since 1970 UTC: what makes this start this one.
    public var slot: Int64
    /// When to start: a minute within the slot, chosen once.
    public var at: Int64

    public init(slot: Int64, at: Int64) {
        self.slot = slot
        self.at = at
    }
}

/// Finds the starts of a schedule. A function of schedule, zone, seed and the instant asked about: no clock, no state.
public struct StartCalculator: Sendable {
    private let schedule: Schedule
    private let clock: LocalClock
    private let seed: UInt64

    /// `seed` decides the minutes; each job has one of its own. Throws `schedule.zone` for a zone that is none.
    public init(_ schedule: Schedule, seed: UInt64) throws {
        guard let clock = LocalClock(zone: schedule.zone) else {
            throw ConnectError(
                "schedule.zone", .configuration, "\"\(schedule.zone)\" is not a time zone.", remedy: "Write it like Europe/Berlin or UTC.")
        }
        self.schedule = schedule
        self.clock = clock
        self.seed = seed
    }

    /// The first start whose slot begins after `instant` (seconds since 1970 UTC), or nil when none comes any more.
    /// Given the slot of a start it finds the following one.
    public func first(after instant: Int64) -> ScheduledStart? {
        guard let slot = firstSlot(after: instant), isWithinBounds(slot) else { return nil }
        return ScheduledStart(slot: slot, at: slot + minute(of: slot) * 60)
    }

    /// Up to `count` starts after `instant`, in order.
    public func starts(after instant: Int64, count: Int) -> [ScheduledStart] {
        var starts: [ScheduledStart] = []
        var last = instant
        while starts.count < count, let next = first(after: last) {
            starts.append(next)
            last = next.slot
        }
        return starts
    }

    /// 0 to 14: evenly spread over slots and seeds, the same each time (SCH-2). The mixing function is SplitMix64's.
    func minute(of slot: Int64) -> Int64 {
        var mixed = seed &+ UInt64(bitPattern: slot) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int64((mixed ^ (mixed >> 31)) % UInt64(Quarter.minutes))
    }

    private func isWithinBounds(_ slot: Int64) -> Bool {
        if case .once = schedule.recurrence { return true }
        return schedule.until.map { clock.date(at: slot) <= $0 } ?? true
    }

    private func firstSlot(after instant: Int64) -> Int64? {
        switch schedule.recurrence {
        case .onDemand, .fileArrival: nil
        case .once(let date, let slot): clock.instant(date, secondOfDay: slot.secondOfDay).flatMap { $0 > instant ? $0 : nil }
        case .hourly(let quarter): firstQuarter(quarter, after: instant)
        case .daily(let slot): firstDay(after: instant, slot) { _ in true }
        case .weekly(let days, let slot): firstDay(after: instant, slot) { days.contains($0.weekday) }
        case .monthly(let day, let slot): firstMonth(day, slot, after: instant)
        }
    }

    /// Looks at every minute, for a clock may change within the hour; that takes microseconds.
    private func firstQuarter(_ quarter: Quarter, after instant: Int64) -> Int64? {
        let start = schedule.from.flatMap { clock.instant($0, secondOfDay: 0) }.map { max(instant, $0 - 1) } ?? instant
        var minute = LocalClock.floorDivided(start, 60) * 60 + 60
        // No change leaves out a whole day's hours, but one day in some zone's history; then the search goes on after it.
        for _ in 0..<(49 * 60) {
            let second = clock.reading(at: minute) % 3600
            if (second < 0 ? second + 3600 : second) == Int64(quarter.firstMinute * 60) { return minute }
            minute += 60
        }
        return nil
    }

    private func firstDay(after instant: Int64, _ slot: StartSlot, where matches: (CivilDate) -> Bool) -> Int64? {
        var date = clock.date(at: instant).adding(days: -1)
        if let from = schedule.from { date = max(date, from) }
        // Nine days hold every day of the week, and one more that a zone may leave out.
        for _ in 0..<17 {
            if matches(date), let found = clock.instant(date, secondOfDay: slot.secondOfDay), found > instant { return found }
            date = date.adding(days: 1)
        }
        return nil
    }

    private func firstMonth(_ day: Schedule.DayOfMonth, _ slot: StartSlot, after instant: Int64) -> Int64? {
        let today = clock.date(at: instant).adding(days: -1)
        let begin = schedule.from.map { max(today, $0) } ?? today
        // The 31st is at most two months away, the 29th of February eight years.
        for ahead in 0..<100 {
            let month = begin.month - 1 + ahead
            let (year, number) = (begin.year + month / 12, month % 12 + 1)
            let wanted =
                switch day {
                case .day(let day): day
                case .last: CivilDate.days(inMonth: number, of: year)
                }
            guard let date = CivilDate(year: year, month: number, day: wanted), schedule.from.map({ date >= $0 }) ?? true,
                let found = clock.instant(date, secondOfDay: slot.secondOfDay), found > instant
            else { continue }
            return found
        }
        return nil
    }
}

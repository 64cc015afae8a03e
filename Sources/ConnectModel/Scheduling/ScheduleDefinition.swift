/// The section `schedule` of a job or group as a file has it, read into a schedule. Types and names of its fields were checked before.
public struct ScheduleDefinition: Sendable {
    public enum Repeat: String, Sendable, CaseIterable {
        case onDemand = "on_demand"
        case once, hourly, daily, weekly, monthly
        case fileArrival = "file_arrival"

        /// The fields that it needs.
        var needs: [String] {
            switch self {
            case .onDemand, .fileArrival: []
            case .once: ["date", "hour", "slot"]
            case .hourly: ["slot"]
            case .daily: ["hour", "slot"]
            case .weekly: ["days", "hour", "slot"]
            case .monthly: ["day", "hour", "slot"]
            }
        }

        var mayHave: [String] {
            switch self {
            case .onDemand: ["zone", "missed", "until"]
            case .once: ["zone", "missed"]
            case .fileArrival: ["every_seconds", "ready_file", "zone", "missed", "until"]
            case .hourly, .daily, .weekly, .monthly: ["zone", "missed", "from", "until"]
            }
        }
    }

    /// Nil where a problem leaves nothing to schedule.
    public let schedule: Schedule?
    public let problems: [Problem]

    /// `section` is nil for a job without one, which runs on demand.
    public init(_ section: JSONValue?) {
        var reading = Reading(section?.objectValue ?? [:])
        schedule = reading.read()
        problems = reading.problems
    }
}

extension Schedule {
    /// The schedule of a job's or group's definition: on demand where it has none or a wrong one.
    public init(definition: [String: JSONValue]) { self = ScheduleDefinition(definition["schedule"]).schedule ?? .onDemand }
}

private struct Reading {
    let members: [String: JSONValue]
    var problems: [Problem] = []

    init(_ members: [String: JSONValue]) { self.members = members }

    mutating func read() -> Schedule? {
        let kind = members["repeat"]?.stringValue.flatMap(ScheduleDefinition.Repeat.init(rawValue:)) ?? .onDemand
        for name in kind.needs where members[name] == nil {
            problem(name, "A schedule that repeats \"\(kind.rawValue)\" needs \"\(name)\".")
        }
        let known = ["repeat"] + kind.needs + kind.mayHave
        for name in members.keys.sorted() where !known.contains(name) {
            problem(name, "\"\(name)\" means nothing in a schedule that repeats \"\(kind.rawValue)\"; take it out, or choose another repeat.")
        }
        let from = date("from")
        let until = date("until")
        if let from, let until, until < from { problem("until", "The end \(until) lies before the beginning \(from), so it would never start.") }
        let zone = members["zone"]?.stringValue ?? "UTC"
        if LocalClock(zone: zone) == nil { problem("zone", "\"\(zone)\" is not a time zone; write it like Europe/Berlin or UTC.") }
        let recurrence = recurrence(kind)
        guard problems.isEmpty, let recurrence else { return nil }
        return Schedule(
            recurrence, zone: zone, from: from, until: until,
            missed: members["missed"]?.stringValue.flatMap(Schedule.MissedPolicy.init(rawValue:)) ?? .runOnce)
    }

    private mutating func recurrence(_ kind: ScheduleDefinition.Repeat) -> Schedule.Recurrence? {
        switch kind {
        case .onDemand: return .onDemand
        case .fileArrival: return .fileArrival(everySeconds: members["every_seconds"]?.integerValue ?? 60)
        case .hourly: return quarter.map { .hourly($0) }
        case .daily: return slot.map { .daily($0) }
        case .once:
            guard let date = date("date"), let slot else { return nil }
            return .once(date, slot)
        case .weekly:
            let days = Set((members["days"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Weekday.init(rawValue:)) })
            if days.isEmpty { problem("days", "Name at least one day of the week: [mon, thu].") }
            return slot.map { .weekly(days, $0) }
        case .monthly:
            guard let slot, let day = dayOfMonth else { return nil }
            return .monthly(day, slot)
        }
    }

    private var quarter: Quarter? { members["slot"]?.stringValue.flatMap(Quarter.init(rawValue:)) }

    private var slot: StartSlot? {
        guard let quarter, let hour = members["hour"]?.integerValue, (0...23).contains(hour) else { return nil }
        return StartSlot(hour: Int(hour), quarter: quarter)
    }

    private var dayOfMonth: Schedule.DayOfMonth? {
        if members["day"]?.stringValue == "last" { return .last }
        guard let day = members["day"]?.integerValue ?? members["day"]?.stringValue.flatMap(Int64.init), (1...31).contains(day) else { return nil }
        return .day(Int(day))
    }

    private mutating func date(_ name: String) -> CivilDate? {
        guard let value = members[name] else { return nil }
        if let date = value.stringValue.flatMap({ CivilDate($0) }) { return date }
        problem(name, "\"\(name)\" is a day that there is, written like 2026-03-29.")
        return nil
    }

    private mutating func problem(_ name: String, _ message: String) {
        problems.append(Problem(path: "schedule.\(name)", message: message))
    }
}

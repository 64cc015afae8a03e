/// What may be done with the jobs of one kind (guide §6.1, §8.2 and the notes on schedules). JSON keys are a contract.
public struct JobAllowances: Sendable, Codable, Equatable {
    /// Whether a person may start it out of turn (MGT-2).
    public var runNow: Bool
    /// Whether an inactive job may be copied (MGT-2).
    public var copy: Bool
    /// Whether an active job without a schedule may be a member of a group (GRP-1).
    public var group: Bool
    /// Whether it may recur on the last day of the month; who may not, may not on the 29th to 31st either (SCH-3).
    public var monthEnd: Bool

    public init(runNow: Bool, copy: Bool, group: Bool, monthEnd: Bool) {
        self.runNow = runNow
        self.copy = copy
        self.group = group
        self.monthEnd = monthEnd
    }

    /// What brings records in.
    public static let imports = JobAllowances(runNow: true, copy: true, group: true, monthEnd: false)
    /// What sends records out.
    public static let exports = JobAllowances(runNow: true, copy: true, group: false, monthEnd: true)

    enum CodingKeys: String, CodingKey {
        case copy, group
        case runNow = "run_now"
        case monthEnd = "month_end"
    }
}

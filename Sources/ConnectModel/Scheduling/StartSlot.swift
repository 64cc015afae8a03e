/// A quarter of an hour in which a start falls; the minute itself is chosen by the host, so that starts spread evenly (SCH-2).
public enum Quarter: String, Sendable, Codable, CaseIterable {
    case first = "0-14"
    case second = "15-29"
    case third = "30-44"
    case fourth = "45-59"

    public var firstMinute: Int {
        switch self {
        case .first: 0
        case .second: 15
        case .third: 30
        case .fourth: 45
        }
    }

    public static let minutes = 15
}

/// A quarter of a certain hour of the day.
public struct StartSlot: Sendable, Hashable {
    /// 0 to 23.
    public var hour: Int
    public var quarter: Quarter

    public init(hour: Int, quarter: Quarter) {
        self.hour = hour
        self.quarter = quarter
    }

    var secondOfDay: Int64 { Int64(hour * 3600 + quarter.firstMinute * 60) }

    /// "02:15-02:29".
    public var text: String {
        let hour = CivilDate.padded(hour, 2)
        let first = CivilDate.padded(quarter.firstMinute, 2)
        return "\(hour):\(first)-\(hour):\(CivilDate.padded(quarter.firstMinute + Quarter.minutes - 1, 2))"
    }
}

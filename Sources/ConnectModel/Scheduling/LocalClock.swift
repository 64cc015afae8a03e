import Foundation

/// The clock on the wall of one time zone. Knows offsets only; what a day or an hour is, the callers say.
public struct LocalClock: Sendable {
    private let zone: TimeZone
    var identifier: String { zone.identifier }

    /// Nil for a zone that the time zone database does not have.
    public init?(zone identifier: String) {
        // Foundation also takes offsets ("GMT+0300") and abbreviations, which the time zone database does not have.
        guard identifier.contains("/") || Self.namesWithoutPlace.contains(identifier),
            let zone = TimeZone(identifier: identifier)
        else { return nil }
        self.zone = zone
    }

    /// Names of the time zone database that are no "Area/Place".
    private static let namesWithoutPlace = Set(
        """
        CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica Japan \
        Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU WET Zulu
        """.split(separator: " ").map(String.init))

    func offset(at instant: Int64) -> Int64 { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(instant)))) }

    /// Seconds since 1970-01-01 00:00 on this clock.
    func reading(at instant: Int64) -> Int64 { instant + offset(at: instant) }

    /// The local day of an instant in seconds since 1970 UTC.
    public func date(at instant: Int64) -> CivilDate { CivilDate(daysSince1970: Int(Self.floorDivided(reading(at: instant), 86_400))) }

    /// "2026-03-29 03:30".
    public func text(at instant: Int64) -> String {
        let minutes = Int(Self.floorDivided(reading(at: instant), 60)) % 1440
        let minute = minutes < 0 ? minutes + 1440 : minutes
        return "\(date(at: instant)) \(CivilDate.padded(minute / 60, 2)):\(CivilDate.padded(minute % 60, 2))"
    }

    /// When the clock shows that time of that day, in seconds since 1970 UTC.
    ///
    /// A time that comes twice, when clocks go back, is its first coming. A time that is left out, when clocks go forward, is as long after the
    /// change as it would have been without one (02:30 becomes 03:30); where that would be the next day already, it is as long before the
    /// change. So each local day has exactly one instant for each time of day. Nil when the whole day is left out.
    func instant(_ date: CivilDate, secondOfDay: Int64) -> Int64? {
        let local = Int64(date.daysSince1970) * 86_400 + secondOfDay
        let before = offset(at: local - 86_400)
        let after = offset(at: local + 86_400)
        let candidates = [local - before, local - after]
        if let shown = candidates.filter({ reading(at: $0) == local }).min() { return shown }
        return candidates.first { self.date(at: $0) == date }
    }

    static func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 { value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor) }
}

import ConnectModel
import Foundation

/// Times of schedules, in their own zone.
enum LocalMoment {
    /// "2026-03-29 03:30 CEST"; `seconds` since 1970 UTC.
    static func text(_ seconds: Int64?, zone: String) -> String {
        guard let seconds else { return "-" }
        guard let clock = LocalClock(zone: zone), let known = TimeZone(identifier: zone) else { return Moment.text(seconds * 1000) }
        let offset = known.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
        return "\(clock.text(at: seconds)) \(offset == 0 ? "UTC" : Self.offset(offset))"
    }

    private static func offset(_ seconds: Int) -> String {
        let minutes = abs(seconds) / 60
        return (seconds < 0 ? "-" : "+") + String(format: "%02d:%02d", minutes / 60, minutes % 60)
    }
}

import Foundation

/// Times and sizes as people read them.
enum Moment {
    static func text(_ unixMilliseconds: Int64?) -> String {
        guard let unixMilliseconds else { return "-" }
        let date = Date(timeIntervalSince1970: Double(unixMilliseconds) / 1000)
        return date.formatted(
            .iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(.colon).dateTimeSeparator(.space)
        ) + "Z"
    }

    static func duration(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "-" }
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 120_000 { return String(format: "%.1f s", Double(milliseconds) / 1000) }
        return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
    }

    /// Kilobytes are 1,000 bytes.
    static func bytes(_ count: Int64) -> String {
        if count < 1000 { return "\(count) B" }
        for (unit, name) in [(1e9, "GB"), (1e6, "MB")] where Double(count) >= unit { return String(format: "%.1f %@", Double(count) / unit, name) }
        return String(format: "%.1f kB", Double(count) / 1000)
    }

    /// "1 row", "2 rows".
    static func counted(_ count: some BinaryInteger, _ thing: String) -> String { "\(number(Int64(count))) \(thing)\(count == 1 ? "" : "s")" }

    static func number(_ value: Int64) -> String {
        var digits = String(value)
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
            position -= 3
        }
        return digits
    }
}

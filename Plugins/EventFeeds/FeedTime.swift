/// A point of time as the host's events have it: ISO 8601 with a zone (`2025-03-01T00:00:00Z`; none means UTC), or seconds or milliseconds since 1970.
struct FeedTime: Comparable {
    let milliseconds: Int64

    static func < (left: FeedTime, right: FeedTime) -> Bool { left.milliseconds < right.milliseconds }

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let found = bytes.count >= 19 ? Self.calendar(bytes) : Self.count(bytes) else { return nil }
        milliseconds = found
    }

    private static func count(_ bytes: [UInt8]) -> Int64? {
        guard (1...18).contains(bytes.count), let value = number(bytes[...]) else { return nil }
        return value >= 100_000_000_000 ? value : value * 1000
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func calendar(_ bytes: [UInt8]) -> Int64? {
        guard bytes[4] == 0x2D, bytes[7] == 0x2D, [0x54, 0x74, 0x20].contains(bytes[10]), bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]), (1...12).contains(month), day >= 1,
            day <= days(of: month, year),
            hour < 24, minute < 60, second < 61
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == 0x2E {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard let milliseconds = number((digits.prefix(3) + [0x30, 0x30]).prefix(3)), !digits.isEmpty else { return nil }
            fraction = milliseconds
            rest = rest.dropFirst(digits.count + 1)
        }
        guard let offset = zone(rest) else { return nil }
        return (((daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + min(second, 59)) * 1000 + fraction
    }

    /// Minutes east of UTC of "", "Z", "+02", "+0200" or "+02:00".
    private static func zone(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let sign = text.first else { return 0 }
        if text.count == 1 { return sign == 0x5A || sign == 0x7A ? 0 : nil }
        var digits = Array(text.dropFirst())
        if digits.count == 5, digits[2] == 0x3A { digits.remove(at: 2) }
        guard sign == 0x2B || sign == 0x2D, [2, 4].contains(digits.count), let hours = number(digits[..<2]) else { return nil }
        let minutes = digits.count == 4 ? number(digits[2...]) : 0
        guard let minutes, hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (sign == 0x2D ? -1 : 1)
    }

    private static func days(of month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
    }

    /// Of the Gregorian calendar; a year begins in March, so that the leap day is its last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

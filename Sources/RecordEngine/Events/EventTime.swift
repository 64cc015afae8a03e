/// Points of time in the texts that events come with.
public enum EventTime {
    /// Milliseconds since 1970 UTC of ISO 8601 with a zone ("2025-03-01T12:00:00.250Z", "+02:00"; none means UTC; a blank may stand for the T) or of
    /// a whole number of seconds or, from 100,000,000,000 on, milliseconds. Nil for anything else.
    public static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        if text.count >= 19, text[4] == 0x2D, text[7] == 0x2D { return calendar(text) }
        guard (1...18).contains(text.count) else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value >= 100_000_000_000 ? value : value * 1000
    }

    private static func calendar(_ text: UnsafeRawBufferPointer) -> Int64? {
        func number(_ start: Int, _ count: Int) -> Int? {
            var value = 0
            for place in start..<start + count {
                guard place < text.count, (0x30...0x39).contains(text[place]) else { return nil }
                value = value * 10 + Int(text[place] - 0x30)
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2), let minute = number(14, 2),
            let second = number(17, 2), text[10] == 0x54 || text[10] == 0x20 || text[10] == 0x74, text[13] == 0x3A, text[16] == 0x3A,
            (1...12).contains(month), day >= 1, day <= daysOfMonth(year, month), hour < 24, minute < 60, second < 61
        else { return nil }
        var place = 19
        var fraction = 0
        if place < text.count, text[place] == 0x2E {
            place += 1
            var scale = 100
            guard place < text.count, (0x30...0x39).contains(text[place]) else { return nil }
            while place < text.count, (0x30...0x39).contains(text[place]) {
                fraction += Int(text[place] - 0x30) * scale
                scale /= 10
                place += 1
            }
        }
        guard let offset = zoneMinutes(text, place, number) else { return nil }
        let days = daysSince1970(year, month, day)
        return Int64(((days * 24 + hour) * 60 + minute - offset) * 60 + min(second, 59)) * 1000 + Int64(fraction)
    }

    private static func zoneMinutes(_ text: UnsafeRawBufferPointer, _ place: Int, _ number: (Int, Int) -> Int?) -> Int? {
        if place == text.count { return 0 }
        let sign = text[place]
        if sign == 0x5A || sign == 0x7A { return place + 1 == text.count ? 0 : nil }
        guard sign == 0x2B || sign == 0x2D, let hours = number(place + 1, 2) else { return nil }
        let hasColon = place + 3 < text.count && text[place + 3] == 0x3A
        let minutes = place + 3 == text.count ? 0 : number(place + (hasColon ? 4 : 3), 2)
        guard let minutes, text.count == place + (place + 3 == text.count ? 3 : hasColon ? 6 : 5), hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (sign == 0x2D ? -1 : 1)
    }

    private static func daysOfMonth(_ year: Int, _ month: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Of the proleptic Gregorian calendar (years begin in March, so that the leap day is a year's last).
    static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Times as FTP servers write them.
enum FTPTime {
    /// `YYYYMMDDHHMMSS[.fraction]` in UTC (RFC 3659 section 2.3) to nanoseconds since 1970; nil when it is not one.
    static func unixNanoseconds(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let digits = parts.first, digits.utf8.count == 14, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let d = digits.utf8.map { Int($0) - 0x30 }
        let seconds = unixSeconds(
            year: d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3], month: d[4] * 10 + d[5], day: d[6] * 10 + d[7], hour: d[8] * 10 + d[9],
            minute: d[10] * 10 + d[11], second: d[12] * 10 + d[13])
        guard let seconds else { return nil }
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        guard parts.count > 1 else { return nanoseconds }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        var fraction: Int64 = 0
        for index in 0..<9 { fraction = fraction * 10 + Int64(Array(parts[1].utf8.prefix(9)).element(index).map { $0 - 0x30 } ?? 0) }
        return nanoseconds &+ fraction
    }

    /// Seconds since 1970 UTC in the Gregorian calendar; nil for a date there is not.
    static func unixSeconds(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Int64? {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = (y - era * 400) * 365 + (y - era * 400) / 4 - (y - era * 400) / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }
}

extension Array {
    fileprivate func element(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

import Foundation

/// What the files of one type in a feed are called: a path in which `{YYYYMMDD}` and `{HHMMSS}` stand for a moment. Names grow with time.
struct FeedFileName {
    static let dateToken = "{YYYYMMDD}"
    static let timeToken = "{HHMMSS}"

    private enum Piece {
        case text(String)
        case date, time
    }

    private let pieces: [Piece]
    private let calendar: Calendar

    /// nil: UTC.
    init(_ pattern: String, zone: TimeZone?) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone ?? .gmt
        self.calendar = calendar
        var pieces: [Piece] = []
        var text = ""
        var rest = Substring(pattern)
        while let next = rest.first {
            let token: Piece? = rest.hasPrefix(Self.dateToken) ? .date : rest.hasPrefix(Self.timeToken) ? .time : nil
            if let token {
                pieces += [.text(text), token]
                text = ""
                rest = rest.drop { $0 != "}" }.dropFirst()
            } else {
                text.append(next)
                rest.removeFirst()
            }
        }
        self.pieces = pieces + [.text(text)]
    }

    /// Whether names of the pattern differ from one second to the next.
    static func isTimed(_ pattern: String) -> Bool {
        pattern.components(separatedBy: dateToken).count == 2 && pattern.components(separatedBy: timeToken).count == 2
    }

    func path(at moment: Date) -> String {
        let stamp = stamp(at: moment)
        return pieces.reduce(into: "") { path, piece in
            switch piece {
            case .text(let text): path += text
            case .date: path += stamp.prefix(8)
            case .time: path += stamp.suffix(6)
            }
        }
    }

    /// The first moment from `now` on whose name comes after `last`. One of another directory, account or extension is none that it could meet.
    func moment(from now: Date, after last: String?) -> Date {
        guard let last, let lastStamp = stamp(of: last), let lastMoment = moment(of: lastStamp) else { return now }
        var moment = max(now, lastMoment + 1)
        // The hour that clocks are set back by comes twice, the second time under names that stand already.
        while stamp(at: moment) <= lastStamp { moment += 1 }
        return moment
    }

    /// "20250301120005".
    private func stamp(at moment: Date) -> String {
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: moment)
        func digits(_ value: Int?, _ count: Int) -> String {
            let text = String(value ?? 0)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(parts.year, 4) + [parts.month, parts.day, parts.hour, parts.minute, parts.second].map { digits($0, 2) }.joined()
    }

    /// nil for a path of another form.
    private func stamp(of path: String) -> String? {
        var (date, time) = ("", "")
        var rest = Substring(path)
        func take(_ count: Int) -> String? {
            let digits = rest.prefix(count)
            guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
            rest = rest.dropFirst(count)
            return String(digits)
        }
        for piece in pieces {
            switch piece {
            case .text(let text):
                guard rest.hasPrefix(text) else { return nil }
                rest = rest.dropFirst(text.count)
            case .date:
                guard let digits = take(8) else { return nil }
                date = digits
            case .time:
                guard let digits = take(6) else { return nil }
                time = digits
            }
        }
        return rest.isEmpty ? date + time : nil
    }

    private func moment(of stamp: String) -> Date? {
        guard stamp.count == 14 else { return nil }
        func number(_ start: Int, _ count: Int) -> Int? { Int(stamp.dropFirst(start).prefix(count)) }
        return calendar.date(
            from: DateComponents(
                year: number(0, 4), month: number(4, 2), day: number(6, 2), hour: number(8, 2), minute: number(10, 2), second: number(12, 2)))
    }
}

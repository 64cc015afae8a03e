import ConnectModel

/// A date with time in the job's format, stored as `YYYY-MM-DD HH:MM:SS`.
///
/// - A date without time is accepted as 00:00:00, since files give birthdays and days of purchase so.
/// - Month, day and hour may have one digit where a separator parts them (as spreadsheets write them); minutes and seconds have two.
/// - Fractions of a second are passed over. AM and PM may have blanks before them or none, in either case. Months are English, in any case.
/// - Days that are not in the calendar are refused. Years are 0001 to 9999.
struct TimestampRule: ValueRule {
    private enum Element: Equatable {
        case year, windowedYear, shortYear
        case month(isFixed: Bool), day(isFixed: Bool)
        case monthName
        case hour24, hour12, minute, second, meridiem
        case literal(UInt8)
    }

    private let elements: [Element]

    init(_ format: DateFormat) { elements = Self.compiled(format.pattern) }

    func check(_ value: UnsafeRawBufferPointer, into output: ByteBuffer) -> RejectReason? {
        var time = Parts()
        var index = 0
        for element in elements {
            if index == value.count && element == .literal(0x20) && time.day > 0 { break }
            guard read(element, value, &index, &time) else { return .badTimestamp }
        }
        guard index == value.count, time.settle() else { return .badTimestamp }
        time.write(to: output)
        return nil
    }

    private struct Parts {
        var year = 0
        var month = 0
        var day = 0
        var hour = 0
        var minute = 0
        var second = 0
        var isTwelveHour = false
        var isAfternoon = false

        /// Turns a twelve-hour clock into the other; false when there is no such time.
        mutating func settle() -> Bool {
            if isTwelveHour {
                guard (1...12).contains(hour) else { return false }
                hour = hour % 12 + (isAfternoon ? 12 : 0)
            }
            guard (1...9999).contains(year), (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60 else { return false }
            return day <= daysInMonth
        }

        private var daysInMonth: Int {
            switch month {
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 4, 6, 9, 11: 30
            default: 31
            }
        }

        func write(to output: ByteBuffer) {
            output.reserve(19)
            let text = output.tail.assumingMemoryBound(to: UInt8.self)
            pair(year / 100, text, 0)
            pair(year % 100, text, 2)
            text[4] = 0x2D
            pair(month, text, 5)
            text[7] = 0x2D
            pair(day, text, 8)
            text[10] = 0x20
            pair(hour, text, 11)
            text[13] = 0x3A
            pair(minute, text, 14)
            text[16] = 0x3A
            pair(second, text, 17)
            output.advance(19)
        }

        @inline(__always)
        private func pair(_ value: Int, _ text: UnsafeMutablePointer<UInt8>, _ at: Int) {
            text[at] = UInt8(truncatingIfNeeded: 0x30 + value / 10)
            text[at + 1] = UInt8(truncatingIfNeeded: 0x30 + value % 10)
        }
    }

    private func read(_ element: Element, _ value: UnsafeRawBufferPointer, _ index: inout Int, _ time: inout Parts) -> Bool {
        switch element {
        case .literal(let byte):
            guard index < value.count, value[index] == byte else { return false }
            index += 1
            return true
        case .year: return number(value, &index, 4...4, &time.year)
        case .windowedYear:
            let start = index
            guard number(value, &index, 2...4, &time.year), index - start != 3 else { return false }
            if index - start == 2 { time.year += time.year < 50 ? 2000 : 1900 }
            return true
        case .shortYear:
            guard number(value, &index, 2...2, &time.year) else { return false }
            time.year += time.year < 50 ? 2000 : 1900
            return true
        case .month(let isFixed): return number(value, &index, isFixed ? 2...2 : 1...2, &time.month)
        case .day(let isFixed): return number(value, &index, isFixed ? 2...2 : 1...2, &time.day)
        case .monthName: return monthName(value, &index, &time)
        case .hour24: return number(value, &index, 1...2, &time.hour)
        case .hour12:
            time.isTwelveHour = true
            return number(value, &index, 1...2, &time.hour)
        case .minute: return number(value, &index, 2...2, &time.minute)
        case .second:
            guard number(value, &index, 2...2, &time.second) else { return false }
            return passFraction(value, &index)
        case .meridiem: return meridiem(value, &index, &time)
        }
    }

    @inline(__always)
    private func number(_ value: UnsafeRawBufferPointer, _ index: inout Int, _ width: ClosedRange<Int>, _ result: inout Int) -> Bool {
        var number = 0
        let start = index
        while index < value.count, index - start < width.upperBound, value[index] &- 0x30 <= 9 {
            number = number * 10 + Int(value[index] &- 0x30)
            index += 1
        }
        result = number
        return index - start >= width.lowerBound
    }

    private func passFraction(_ value: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
        guard index < value.count, value[index] == 0x2E else { return true }
        let start = index + 1
        index = start
        while index < value.count, value[index] &- 0x30 <= 9 { index += 1 }
        return index > start
    }

    private func meridiem(_ value: UnsafeRawBufferPointer, _ index: inout Int, _ time: inout Parts) -> Bool {
        while index < value.count, value[index] == 0x20 { index += 1 }
        guard index + 2 <= value.count, value[index + 1] | 0x20 == 0x6D else { return false }
        let letter = value[index] | 0x20
        guard letter == 0x61 || letter == 0x70 else { return false }
        time.isAfternoon = letter == 0x70
        index += 2
        return true
    }

    private static let months: [[UInt8]] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map { Array($0.utf8) }

    private func monthName(_ value: UnsafeRawBufferPointer, _ index: inout Int, _ time: inout Parts) -> Bool {
        guard index + 3 <= value.count else { return false }
        let start = index
        guard let month = Self.months.firstIndex(where: { name in (0..<3).allSatisfy { value[start + $0] | 0x20 == name[$0] } }) else { return false }
        time.month = month + 1
        index += 3
        return true
    }

    private static func compiled(_ pattern: String) -> [Element] {
        let tokens: [(String, Element)] = [
            ("YYYY", .year), ("RRRR", .windowedYear), ("RR", .shortYear), ("MON", .monthName), ("MM", .month(isFixed: false)),
            ("DD", .day(isFixed: false)), ("HH24", .hour24), ("HH", .hour12), ("MI", .minute), ("SS", .second), (" AM", .meridiem), ("AM", .meridiem),
        ]
        var elements: [Element] = []
        var rest = Substring(pattern)
        while let first = rest.first {
            if let (text, element) = tokens.first(where: { rest.hasPrefix($0.0) }) {
                elements.append(element)
                rest = rest.dropFirst(text.count)
            } else {
                elements.append(.literal(first.asciiValue ?? 0x20))
                rest = rest.dropFirst()
            }
        }
        return fixed(elements)
    }

    /// Digits that nothing parts from other digits have their full width.
    private static func fixed(_ elements: [Element]) -> [Element] {
        func isDigits(_ index: Int) -> Bool {
            guard elements.indices.contains(index) else { return false }
            switch elements[index] {
            case .year, .month, .day: return true
            default: return false
            }
        }
        return elements.enumerated().map { index, element in
            guard isDigits(index - 1) || isDigits(index + 1) else { return element }
            switch element {
            case .month: return .month(isFixed: true)
            case .day: return .day(isFixed: true)
            default: return element
            }
        }
    }
}

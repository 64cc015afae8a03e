/// Lines of LIST, which no standard describes: the long form of Unix' `ls` and the form of Windows (IIS).
enum DirectoryListing {
    /// Times are taken as UTC, because nothing says which zone they are in.
    /// - Parameter now: seconds since 1970; `ls` leaves the year out for dates of the last months.
    /// - Returns: nil when the line is not understood ("total 12" among others).
    static func parse(_ line: some Collection<UInt8>, now: Int64) -> ListedFile? {
        let line = Array(line.prefix { $0 != 0x0D && $0 != 0x0A })
        guard let first = line.first else { return nil }
        return (0x30...0x39).contains(first) ? windows(line[...]) : unix(line[...], now: now)
    }

    // MARK: - drwxr-xr-x 2 owner group 4096 Jan 31 12:34 name

    private static func unix(_ line: ArraySlice<UInt8>, now: Int64) -> ListedFile? {
        let columns = Columns(line)
        guard let permissions = columns[0], permissions.count >= 10, let type = permissions.first else { return nil }
        // The group is left out by some servers, and an owner may have blanks in it; the month is what can be recognised.
        for month in 3...min(8, max(3, columns.count - 3)) {
            guard let number = monthNumber(columns.text(month)), let size = Int64(columns.text(month - 1)), size >= 0,
                let day = Int(columns.text(month + 1)), let time = time(columns.text(month + 2), month: number, day: day, now: now)
            else { continue }
            guard let name = columns.remainder(after: month + 2), !name.isEmpty else { return nil }
            var file = ListedFile(name: Array(name), kind: .other, size: size, modified: time, unixMode: mode(permissions))
            switch type {
            case UInt8(ascii: "-"): file.kind = .file
            case UInt8(ascii: "d"): (file.kind, file.size) = (.directory, nil)
            case UInt8(ascii: "l"):
                (file.kind, file.size) = (.link, nil)
                if let arrow = firstRange(of: Array(" -> ".utf8), in: file.name) { file.name.removeSubrange(arrow...) }
            default: file.size = nil
            }
            return file
        }
        return nil
    }

    private static func mode(_ permissions: ArraySlice<UInt8>) -> UInt32 {
        var mode: UInt32 = 0
        for (index, letter) in permissions.dropFirst().prefix(9).enumerated()
        where letter != UInt8(ascii: "-") && letter != UInt8(ascii: "S") && letter != UInt8(ascii: "T") {
            mode |= 1 << UInt32(8 - index)
        }
        return mode
    }

    /// `HH:MM` of the last twelve months, or a year.
    private static func time(_ text: String, month: Int, day: Int, now: Int64) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]) {
            let thisYear = year(of: now)
            // A day of slack for a server whose zone is ahead of UTC.
            for year in [thisYear + 1, thisYear, thisYear - 1] {
                if let seconds = FTPTime.unixSeconds(year: year, month: month, day: day, hour: hour, minute: minute, second: 0),
                    seconds <= now + 86_400
                {
                    return seconds * 1_000_000_000
                }
            }
            return nil
        }
        guard text.utf8.count == 4, let year = Int(text), year >= 1902, year <= 2200 else { return nil }
        return FTPTime.unixSeconds(year: year, month: month, day: day, hour: 0, minute: 0, second: 0).map { $0 * 1_000_000_000 }
    }

    private static func year(of seconds: Int64) -> Int {
        var year = 1970 + Int(seconds / 31_556_952)
        while let start = FTPTime.unixSeconds(year: year + 1, month: 1, day: 1, hour: 0, minute: 0, second: 0), start <= seconds { year += 1 }
        return year
    }

    private static func monthNumber(_ text: String) -> Int? {
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].firstIndex(of: text.lowercased()).map { $0 + 1 }
    }

    // MARK: - 01-31-25  12:34PM       <DIR>          name

    private static func windows(_ line: ArraySlice<UInt8>) -> ListedFile? {
        let columns = Columns(line)
        let date = columns.text(0).split(separator: "-").compactMap { Int($0) }
        guard date.count == 3, let clock = clock(columns.text(1)), let name = columns.remainder(afterBlanksOf: 2), !name.isEmpty else { return nil }
        let isYearFirst = columns.text(0).utf8.prefix(5).last == UInt8(ascii: "-")
        let (year, month, day) = isYearFirst ? (date[0], date[1], date[2]) : (date[2], date[0], date[1])
        let full = year >= 100 ? year : year >= 70 ? 1900 + year : 2000 + year
        guard let seconds = FTPTime.unixSeconds(year: full, month: month, day: day, hour: clock.hour, minute: clock.minute, second: 0),
            (1902...2200).contains(full)
        else { return nil }
        var file = ListedFile(name: Array(name), kind: .file, modified: seconds * 1_000_000_000)
        switch columns.text(2).uppercased() {
        case "<DIR>": file.kind = .directory
        case "<JUNCTION>", "<SYMLINK>", "<SYMLINKD>": file.kind = .link
        case let size:
            guard let bytes = Int64(size), bytes >= 0 else { return nil }
            file.size = bytes
        }
        return file
    }

    private static func clock(_ text: String) -> (hour: Int, minute: Int)? {
        let parts = text.uppercased().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1].prefix(2)), parts[1].prefix(2).utf8.count == 2 else { return nil }
        switch parts[1].dropFirst(2) {
        case "": return (hour, minute)
        case "AM" where (1...12).contains(hour): return (hour % 12, minute)
        case "PM" where (1...12).contains(hour): return (hour % 12 + 12, minute)
        default: return nil
        }
    }

    private static func firstRange(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (0...(bytes.count - pattern.count)).first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }
}

/// The columns of a line, parted by any number of blanks, with their places, so that a name keeps its own blanks.
private struct Columns {
    private let line: ArraySlice<UInt8>
    private let ranges: [Range<Int>]

    init(_ line: ArraySlice<UInt8>) {
        self.line = line
        ranges = line.split(separator: 0x20, maxSplits: 64).map { $0.startIndex..<$0.endIndex }
    }

    var count: Int { ranges.count }
    subscript(_ index: Int) -> ArraySlice<UInt8>? { ranges.indices.contains(index) ? line[ranges[index]] : nil }
    func text(_ index: Int) -> String { self[index].map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// What follows column `index` and one blank.
    func remainder(after index: Int) -> ArraySlice<UInt8>? {
        guard ranges.indices.contains(index), ranges[index].upperBound < line.endIndex else { return nil }
        return line[(ranges[index].upperBound + 1)...]
    }

    /// What follows column `index` and its blanks: IIS pads after `<DIR>`, and Windows' names never begin with a blank.
    func remainder(afterBlanksOf index: Int) -> ArraySlice<UInt8>? { remainder(after: index)?.drop { $0 == 0x20 } }
}

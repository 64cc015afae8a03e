import ConnectModel

/// Where the text of one field lies in the window, enclosure excluded.
struct FieldSpan {
    var start: Int32
    var end: Int32
    /// Its text holds doubled enclosures.
    var isDoubled: Bool
}

/// Finds one record at a time in a window of UTF-8 text; holds no text and no position between calls.
///
/// The window is looked at 64 bytes at a time, eight to a machine word: one comparison a special character (delimiter,
/// enclosure, LF, CR, NUL) gives a mask of the places worth a branch, everything else is passed over.
struct RecordScanner {
    /// Bytes beyond a special character that must be in the window before it is judged: the longest delimiter and an enclosure.
    static let lookahead = 8

    enum Result {
        /// Text `start ..< end` is a record, the next one begins at `next`, `lines` line ends stand inside it.
        case record(end: Int, next: Int, lines: Int)
        case blank(next: Int)
        /// The record is refused; its first line ends at `lineEnd` and the line after it begins at `next`, where reading goes on.
        /// `scanned` is how far the window was looked at.
        case faulty(RejectReason, lineEnd: Int, next: Int, scanned: Int)
        /// The record is refused; reading goes on behind the first line end at or after `from`. `lines` line ends were passed before.
        case skip(RejectReason, from: Int, lines: Int)
        /// The record goes on behind the window.
        case incomplete
        case end
    }

    let delimiter: UInt8
    let delimiterLength: Int
    /// The delimiter's bytes, first one lowest.
    let delimiterBytes: UInt32
    /// Same as LF where there is no enclosure: LF is judged first, so nothing is ever enclosed.
    let enclosure: UInt8
    let maximumRecordBytes: Int

    /// Fields of the record found last; those beyond `spanCapacity` are counted only.
    let spans: UnsafeMutablePointer<FieldSpan>
    let spanCapacity: Int
    private(set) var fieldCount = 0
    private(set) var holdsNUL = false

    /// The caller owns `spans`.
    init(format: DelimitedFormat, spans: UnsafeMutablePointer<FieldSpan>, capacity: Int) {
        let bytes = Array(format.delimiter.utf8)
        delimiter = bytes.first ?? 0x2C
        delimiterLength = max(bytes.count, 1)
        delimiterBytes = bytes.enumerated().reduce(0) { $0 | UInt32($1.element) << (8 * $1.offset) }
        enclosure = format.enclosure.byte ?? 0x0A
        maximumRecordBytes = format.maximumRecordBytes
        self.spans = spans
        spanCapacity = capacity
    }

    /// Looks for the record that begins at `start` in `window[..<end]`; 64 bytes behind `end` must be readable.
    /// `isLast`: nothing follows the window. `enclosureEndsOnLine`: a field not closed on its own line is refused at once.
    mutating func scan(_ window: UnsafeRawPointer, from start: Int, to end: Int, isLast: Bool, enclosureEndsOnLine: Bool) -> Result {
        guard start < end else { return isLast ? .end : .incomplete }
        var record = OpenRecord(start: start, limit: start + maximumRecordBytes)
        holdsNUL = false
        var base = start
        var mask = specials(window, base, end)
        var count = 0
        while true {
            while mask == 0 {
                base += 64
                if base >= end { return atWindowEnd(window, record, count, end, isLast) }
                mask = specials(window, base, end)
            }
            let index = base + mask.trailingZeroBitCount
            mask &= mask &- 1
            if index > record.limit { return atLimit(record) }
            if !isLast && index + Self.lookahead > end { return .incomplete }
            let byte = window.load(fromByteOffset: index, as: UInt8.self)
            var consumed = index + 1

            if byte == 0x0A || byte == 0x0D {
                if byte == 0x0D && consumed < end && window.load(fromByteOffset: consumed, as: UInt8.self) == 0x0A { consumed += 1 }
                if !record.isEnclosed {
                    if index == start { return .blank(next: consumed) }
                    store(record, end: index, at: count)
                    fieldCount = count + 1
                    return .record(end: index, next: consumed, lines: record.lines)
                }
                record.passLine(end: index, next: consumed)
                if enclosureEndsOnLine { return unterminated(record, scanned: consumed) }
            } else if record.isEnclosed {
                if byte == enclosure {
                    if consumed < end && window.load(fromByteOffset: consumed, as: UInt8.self) == enclosure {
                        record.isDoubled = true
                        consumed += 1
                    } else {
                        record.closedAt = index
                        record.isEnclosed = false
                        if !fieldMayEnd(window, consumed, end) { return invalidEnclosure(window, record, consumed, end, isLast) }
                    }
                } else if byte == 0 {
                    holdsNUL = true
                }
            } else if byte == delimiter && (delimiterLength == 1 || isDelimiter(window, index, end)) {
                store(record, end: index, at: count)
                count += 1
                consumed = index + delimiterLength
                record.openField(at: consumed)
            } else if byte == enclosure {
                if index == record.fieldStart { record.isEnclosed = true }
            } else if byte == 0 {
                holdsNUL = true
            }

            if consumed > index + 1 {
                let shift = consumed - base
                if shift < 64 {
                    mask &= ~0 << UInt64(shift)
                } else {
                    base = consumed
                    if base >= end { return atWindowEnd(window, record, count, end, isLast) }
                    mask = specials(window, base, end)
                }
            }
        }
    }

    private struct OpenRecord {
        let start: Int
        /// The last place at which the record may end.
        let limit: Int
        var fieldStart: Int
        var isEnclosed = false
        var isDoubled = false
        /// Place of the closing enclosure of the field at hand, or -1.
        var closedAt = -1
        var lines = 0
        var firstLineEnd = -1
        var firstLineNext = -1

        init(start: Int, limit: Int) {
            self.start = start
            self.limit = limit
            fieldStart = start
        }

        @inline(__always)
        mutating func openField(at start: Int) {
            fieldStart = start
            closedAt = -1
            isDoubled = false
        }

        mutating func passLine(end: Int, next: Int) {
            if lines == 0 {
                firstLineEnd = end
                firstLineNext = next
            }
            lines += 1
        }
    }

    /// One bit for each special character among the 64 bytes at `base`, the lowest for the first; none at or behind `end`.
    @inline(__always)
    private func specials(_ window: UnsafeRawPointer, _ base: Int, _ end: Int) -> UInt64 {
        let patterns = (
            0x0101_0101_0101_0101 &* UInt64(delimiter), 0x0101_0101_0101_0101 &* UInt64(enclosure), 0x0A0A_0A0A_0A0A_0A0A as UInt64,
            0x0D0D_0D0D_0D0D_0D0D as UInt64
        )
        var bits: UInt64 = 0
        for word in 0..<8 {
            let text = window.loadUnaligned(fromByteOffset: base &+ 8 &* word, as: UInt64.self)
            let others =
                Self.nonZeroBytes(text ^ patterns.0) & Self.nonZeroBytes(text ^ patterns.1) & Self.nonZeroBytes(text ^ patterns.2)
                & Self.nonZeroBytes(text ^ patterns.3) & Self.nonZeroBytes(text)
            // Gathers the top bit of each byte into the top byte.
            bits |= (((~others & 0x8080_8080_8080_8080) &* 0x0002_0408_1020_4081) &>> 56) &<< UInt64(truncatingIfNeeded: 8 &* word)
        }
        return end - base >= 64 ? bits : bits & ~(~0 << UInt64(end - base))
    }

    /// The top bit of each byte is set where the byte is not zero; the other bits mean nothing.
    @inline(__always)
    private static func nonZeroBytes(_ word: UInt64) -> UInt64 { ((word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F) | word }

    @inline(__always)
    private func store(_ record: OpenRecord, end: Int, at index: Int) {
        guard index < spanCapacity else { return }
        let isClosed = record.closedAt >= 0
        spans[index] = FieldSpan(
            start: Int32(truncatingIfNeeded: isClosed ? record.fieldStart + 1 : record.fieldStart),
            end: Int32(truncatingIfNeeded: isClosed ? record.closedAt : end), isDoubled: record.isDoubled)
    }

    private func isDelimiter(_ window: UnsafeRawPointer, _ index: Int, _ end: Int) -> Bool {
        guard index + delimiterLength <= end else { return false }
        for offset in 0..<delimiterLength
        where window.load(fromByteOffset: index + offset, as: UInt8.self) != UInt8(truncatingIfNeeded: delimiterBytes >> (8 * UInt32(offset))) {
            return false
        }
        return true
    }

    /// Whether a delimiter, a line end or the end of the file stands at `index`.
    @inline(__always)
    private func fieldMayEnd(_ window: UnsafeRawPointer, _ index: Int, _ end: Int) -> Bool {
        guard index < end else { return true }
        let byte = window.load(fromByteOffset: index, as: UInt8.self)
        return byte == 0x0A || byte == 0x0D || (byte == delimiter && (delimiterLength == 1 || isDelimiter(window, index, end)))
    }

    private mutating func atWindowEnd(_ window: UnsafeRawPointer, _ record: OpenRecord, _ count: Int, _ end: Int, _ isLast: Bool) -> Result {
        guard isLast else { return end > record.limit + Self.lookahead ? atLimit(record) : .incomplete }
        if end > record.limit { return atLimit(record) }
        if record.isEnclosed {
            return record.lines > 0
                ? unterminated(record, scanned: end) : .faulty(.unterminatedEnclosure, lineEnd: end, next: end, scanned: end)
        }
        store(record, end: end, at: count)
        fieldCount = count + 1
        return .record(end: end, next: end, lines: record.lines)
    }

    private func atLimit(_ record: OpenRecord) -> Result {
        if record.isEnclosed && record.lines > 0 { return unterminated(record, scanned: record.limit) }
        return .skip(.recordTooLong, from: record.limit + 1, lines: record.lines)
    }

    private func unterminated(_ record: OpenRecord, scanned: Int) -> Result {
        .faulty(.unterminatedEnclosure, lineEnd: record.firstLineEnd, next: record.firstLineNext, scanned: scanned)
    }

    private func invalidEnclosure(_ window: UnsafeRawPointer, _ record: OpenRecord, _ from: Int, _ end: Int, _ isLast: Bool) -> Result {
        if record.lines > 0 {
            return .faulty(.badEnclosure, lineEnd: record.firstLineEnd, next: record.firstLineNext, scanned: from)
        }
        for index in from..<end {
            let byte = window.load(fromByteOffset: index, as: UInt8.self)
            guard byte == 0x0A || byte == 0x0D else { continue }
            if byte == 0x0A { return .faulty(.badEnclosure, lineEnd: index, next: index + 1, scanned: index) }
            if index + 1 == end && !isLast { break }
            let isPair = index + 1 < end && window.load(fromByteOffset: index + 1, as: UInt8.self) == 0x0A
            return .faulty(.badEnclosure, lineEnd: index, next: index + (isPair ? 2 : 1), scanned: index)
        }
        if isLast { return .faulty(.badEnclosure, lineEnd: end, next: end, scanned: end) }
        return end > record.limit + Self.lookahead ? .skip(.badEnclosure, from: from, lines: 0) : .incomplete
    }
}

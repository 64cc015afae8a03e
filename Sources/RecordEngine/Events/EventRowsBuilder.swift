import ConnectModel
public import Foundation

/// A column of a feed and where its values come from.
public struct EventColumn: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// The same for every event.
        case constant(String)
        case captured
        case stored
        /// A field of the event.
        case field(String)
        /// A field that holds a time.
        case time(String)
    }

    public var name: String
    public var source: Source
    /// Of a field: what stands where the event has no value.
    public var whenMissing: String

    public init(_ name: String, _ source: Source, whenMissing: String = "") {
        self.name = name
        self.source = source
        self.whenMissing = whenMissing
    }
}

/// Times as feeds have them, `DD-Mon-YYYY HH24:MI:SS`, in UTC or a zone. Keeps the last day and hour, since events come in the order of time.
public struct EventDateText {
    private let zone: TimeZone?
    private var day = Int64.min
    private var dayText: [UInt8] = []
    private var quarter = Int64.min
    private var offset: Int64 = 0
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].map { Array($0.utf8) }

    /// nil: UTC.
    public init(zone: TimeZone?) { self.zone = zone }

    mutating func append(_ unixMilliseconds: Int64, to buffer: ByteBuffer) {
        var seconds = unixMilliseconds >= 0 ? unixMilliseconds / 1000 : (unixMilliseconds - 999) / 1000
        if let zone {
            // Zones change their offset at quarters of an hour at the finest.
            let current = seconds >= 0 ? seconds / 900 : (seconds - 899) / 900
            if current != quarter {
                quarter = current
                offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
            }
            seconds += offset
        }
        let today = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        if today != day {
            day = today
            dayText = Self.text(ofDay: Int(today))
        }
        let rest = Int(seconds - today * 86400)
        buffer.reserve(24)
        for byte in dayText { buffer.append(byte) }
        for (value, mark) in [(rest / 3600, UInt8(0x3A)), (rest / 60 % 60, 0x3A), (rest % 60, 0)] {
            buffer.append(UInt8(0x30 + value / 10))
            buffer.append(UInt8(0x30 + value % 10))
            if mark != 0 { buffer.append(mark) }
        }
    }

    /// "03-Mar-2025 " for a day since 1970.
    private static func text(ofDay day: Int) -> [UInt8] {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let number = dayOfYear - (153 * march + 2) / 5 + 1
        let digits = String(year)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return [UInt8(0x30 + number / 10), UInt8(0x30 + number % 10), 0x2D] + months[month - 1] + [0x2D] + Array(padded.utf8) + [0x20]
    }
}

/// Turns events into rows of text for a `DelimitedWriter`: the columns of a feed in their order, line ends within texts as blanks. One thread.
public final class EventRowsBuilder {
    public let batch: RecordBatch
    private let columns: [TextColumn]
    private let constants: [[UInt8]]
    private let whenMissing: [[UInt8]]
    /// The first column of each of the store's field numbers; -1 for fields that have none.
    private var places: [Int] = []
    /// For each column the next one of the same field; -1 for the last.
    private var nextPlaces: [Int]
    private var values: [UnsafeRawBufferPointer]
    /// One for each column: an event may be stored on another day than it was captured, and each column keeps to its own.
    private var dates: [EventDateText]
    private let kinds: [Kind]
    private static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// The sources without their texts, which would be counted at every value.
    private enum Kind: UInt8 { case constant, captured, stored, field, time }

    /// `fields` are the store's numbers of names.
    public init(_ columns: [EventColumn], fields: [UInt32: String], zone: TimeZone?, rows: Int = 8192) {
        batch = RecordBatch(columnCount: columns.count, rowCapacity: rows)
        self.columns = batch.columns
        let sources = columns.map(\.source)
        constants = columns.map { if case .constant(let text) = $0.source { Array(text.utf8) } else { [] } }
        whenMissing = columns.map { Array($0.whenMissing.utf8) }
        nextPlaces = [Int](repeating: -1, count: columns.count)
        values = [UnsafeRawBufferPointer](repeating: Self.none, count: columns.count)
        dates = [EventDateText](repeating: EventDateText(zone: zone), count: columns.count)
        kinds = columns.map { column in
            switch column.source {
            case .constant: .constant
            case .captured: .captured
            case .stored: .stored
            case .field: .field
            case .time: .time
            }
        }
        places = [Int](repeating: -1, count: Int(fields.keys.max() ?? 0) + 1)
        for (number, name) in fields {
            for index in sources.indices.reversed() where sources[index] == .field(name) || sources[index] == .time(name) {
                nextPlaces[index] = places[Int(number)]
                places[Int(number)] = index
            }
        }
    }

    public var count: Int { batch.rowCount }

    /// Throws `events.damaged` when the bytes are no values.
    public func append(captured: Int64, stored: Int64, body: UnsafeRawBufferPointer) throws {
        for index in values.indices { values[index] = Self.none }
        let isWhole = EventBody.forEach(body) { field, value in
            var place = Int(field) < places.count ? places[Int(field)] : -1
            while place >= 0 {
                values[place] = value
                place = nextPlaces[place]
            }
        }
        guard isWhole else { throw ConnectError("events.damaged", .internal, "The values of an event cannot be read: the event store is damaged.") }
        for index in kinds.indices {
            let column = columns[index]
            switch kinds[index] {
            case .field:
                let start = column.data.count
                column.data.append(values[index])
                if values[index].isEmpty { whenMissing[index].withUnsafeBytes { column.data.append($0) } }
                Self.blankLineEnds(column.data, from: start)
            case .constant: constants[index].withUnsafeBytes { column.data.append($0) }
            case .captured: dates[index].append(captured, to: column.data)
            case .stored: dates[index].append(stored, to: column.data)
            case .time:
                if let time = EventTime.milliseconds(values[index]) {
                    dates[index].append(time, to: column.data)
                } else {
                    column.data.append(values[index])
                }
            }
            column.endValue()
        }
        batch.rowCount += 1
    }

    public func removeAll() { batch.removeAll() }

    /// A record is one line whatever its texts hold: each line end becomes one blank.
    @inline(__always)
    private static func blankLineEnds(_ data: ByteBuffer, from start: Int) {
        var place = start
        let end = data.count
        while place < end {
            // Reading beyond the end stays within the buffer's slack.
            let word = data.storage.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if hasSmallByte(word) { return blankLineEndsByByte(data, from: place) }
            place += 8
        }
    }

    /// Also where a CR LF makes the text one byte shorter.
    private static func blankLineEndsByByte(_ data: ByteBuffer, from start: Int) {
        var (place, target) = (start, start)
        let end = data.count
        while place < end {
            var byte = data.storage.load(fromByteOffset: place, as: UInt8.self)
            if byte == 0x0D, place + 1 < end, data.storage.load(fromByteOffset: place + 1, as: UInt8.self) == 0x0A { place += 1 }
            if byte == 0x0A || byte == 0x0D { byte = 0x20 }
            data.storage.storeBytes(of: byte, toByteOffset: target, as: UInt8.self)
            place += 1
            target += 1
        }
        data.truncate(to: target)
    }

    /// Whether one of the eight bytes may be below 0x10; where line ends are.
    @inline(__always)
    private static func hasSmallByte(_ word: UInt64) -> Bool {
        (word &- 0x1010_1010_1010_1010) & ~word & 0x8080_8080_8080_8080 != 0
    }
}

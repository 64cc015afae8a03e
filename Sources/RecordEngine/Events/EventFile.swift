import ConnectModel
import Foundation

/// A whole input of events, batch by batch. One thread.
public protocol EventInput: AnyObject {
    /// Adds events to `batch` until it has `most` of them or `mostBytes` of values; false at the end.
    func fill(_ batch: EventBatch, most: Int, mostBytes: Int) throws -> Bool
    /// Lines or records seen so far.
    var count: Int64 { get }
}

/// NDJSON: one JSON object a line.
public final class EventLines: EventInput {
    private let source: any ByteSource
    private let reader: EventLineReader
    private let window: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    public private(set) var count: Int64 = 0

    /// Longest line, in bytes.
    public static let longestLine = 8 << 20

    public init(_ source: any ByteSource, names: any EventNames, now: Int64) {
        self.source = source
        reader = EventLineReader(names: names, now: now)
        window = .allocate(byteCount: Self.longestLine + (1 << 20), alignment: 64)
    }

    deinit { window.deallocate() }

    public func fill(_ batch: EventBatch, most: Int, mostBytes: Int) throws -> Bool {
        while batch.entries.count < most, batch.bodies.count < mostBytes {
            guard let line = try nextLine() else { return false }
            count += 1
            try reader.read(line, number: count, into: batch)
        }
        return true
    }

    /// Without its line end; nil behind the last one. Valid until the next call.
    private func nextLine() throws -> UnsafeRawBufferPointer? {
        var searched = start
        while true {
            if let base = window.baseAddress, searched < end, let found = memchr(base + searched, 0x0A, end - searched) {
                let stop = found - base
                defer { start = stop + 1 }
                return UnsafeRawBufferPointer(rebasing: window[start..<stop])
            }
            searched = end
            if isAtEnd {
                guard start < end else { return nil }
                defer { start = end }
                return UnsafeRawBufferPointer(rebasing: window[start..<end])
            }
            if end == window.count || window.count - end < 64 << 10 {
                guard start > 0, end - start <= Self.longestLine else {
                    throw ConnectError("events.line", .data, "Line \(count + 1) is longer than \(Self.longestLine >> 20) MiB, which no event is.")
                }
                window.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[start..<end]))
                searched -= start
                end -= start
                start = 0
            }
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: window[end...]))
            if got == 0 { isAtEnd = true }
            end += got
        }
    }
}

/// Delimited text whose header names `id`, `type`, `time` and fields.
public final class EventRows: EventInput {
    private enum Role {
        case id, type, time
        case field(UInt32)
    }

    private let reader: DelimitedReader
    private let names: any EventNames
    private let now: Int64
    private var roles: [Role] = []
    private var pending: (batch: RecordBatch, row: Int)?
    public private(set) var count: Int64 = 0

    /// Throws what opening the text throws, and `event.field` for a column that cannot be one.
    public init(_ source: any ByteSource, format: DelimitedFormat, names: any EventNames, now: Int64) throws {
        reader = try DelimitedReader(source: source, charset: .utf8, format: format)
        self.names = names
        self.now = now
        roles = try reader.header.map { name in
            switch name.uppercased() {
            case "ID", "EVENT_ID": return .id
            case "TYPE", "EVENT_TYPE": return .type
            case "TIME", "EVENT_CAPTURED_DT": return .time
            default: return .field(try names.field(name.uppercased()))
            }
        }
    }

    public func fill(_ batch: EventBatch, most: Int, mostBytes: Int) throws -> Bool {
        while batch.entries.count < most, batch.bodies.count < mostBytes {
            if let (rows, row) = pending, row < rows.rowCount {
                pending = (rows, row + 1)
                count += 1
                try take(rows, row, into: batch)
                continue
            }
            if let (rows, _) = pending {
                for wrong in rows.malformed {
                    count += 1
                    batch.reject(
                        EventReject(line: wrong.line, message: wrong.reason.sentence, raw: String(decoding: wrong.raw.prefix(1000), as: UTF8.self)))
                }
                reader.recycle(rows)
            }
            guard let next = try reader.next() else {
                pending = nil
                return false
            }
            pending = (next, 0)
        }
        return true
    }

    private func take(_ rows: RecordBatch, _ row: Int, into batch: EventBatch) throws {
        let start = batch.bodies.count
        var (key, type, captured, wrong) = (EventKey?.none, UInt32?.none, now, String?.none)
        for (index, role) in roles.enumerated() {
            let value = rows.columns[index][row]
            guard !value.isEmpty else { continue }
            switch role {
            case .field(let field): EventBody.append(field, value, to: batch.bodies)
            case .id: key = EventKey(id: value)
            case .type:
                do { type = try names.type(String(decoding: value, as: UTF8.self).uppercased()) } catch let error as ConnectError
                    where error.category == .data
                {
                    wrong = error.message
                }
            case .time:
                if let time = EventTime.milliseconds(value) { captured = time } else { wrong = "The time is not one; write 2025-03-01T12:00:00Z." }
            }
        }
        wrong = wrong ?? CustomValueRule.problem(batch.bytes(from: start), fields: names.ownColumns)
        if let key, let type, wrong == nil {
            batch.append(
                EventEntry(type: type, key: key, capturedUnixMilliseconds: captured, bodyStart: start, bodyCount: batch.bodies.count - start))
        } else {
            batch.bodies.truncate(to: start)
            let message = wrong ?? (key == nil ? "It has no id." : "It has no type.")
            batch.reject(
                EventReject(line: rows.lineNumbers[row], message: message, raw: String(decoding: rows.rawRecord(row).prefix(1000), as: UTF8.self)))
        }
    }
}

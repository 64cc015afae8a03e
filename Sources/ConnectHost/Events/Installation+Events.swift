import ConnectModel
import Foundation
public import RecordEngine
import RunEngine
public import StoreAPI

/// How events arrive.
public enum EventFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case ndjson
    /// Delimited text with a header line.
    case csv

    /// By the end of a file's name; NDJSON for all others.
    public init(fileName: String) {
        let name = fileName.lowercased()
        self = [".csv", ".txt", ".tsv"].contains(where: name.hasSuffix) ? .csv : .ndjson
    }
}

extension Installation {
    /// Takes events in and returns what became of them (EVT-6). For files, standard input, and the body of a request alike: everything up to the
    /// last whole transaction is kept when the input breaks off, and the same input once more adds what is missing and nothing twice.
    ///
    /// `anyType` takes types that no connector's feed knows. `reject` gets each line that holds no event; `progress` the counts after each transaction.
    public func ingestEvents(
        _ source: any ByteSource, format: EventFormat, delimiter: String = ",", anyType: Bool = false,
        reject: (EventReject) -> Void = { _ in }, progress: (EventCounts) -> Void = { _ in }
    ) throws -> EventCounts {
        let ingest = try events().beginIngest(types: anyType ? nil : knownEventTypes())
        let input: any EventInput =
            switch format {
            case .ndjson: EventLines(source, names: ingest, now: clock())
            case .csv:
                try EventRows(
                    source, format: try DelimitedFormat(delimiter: delimiter, enclosure: "double", hasHeader: true, maximumRecordBytes: 8 << 20),
                    names: ingest,
                    now: clock())
            }
        let batch = EventBatch(byteCapacity: Self.eventBatchBytes)
        var total = EventCounts()
        var hasMore = true
        while hasMore {
            batch.removeAll()
            hasMore = try input.fill(batch, most: Self.eventBatchCount, mostBytes: Self.eventBatchBytes)
            batch.rejects.forEach(reject)
            let counts = try ingest.store(batch, atUnixMilliseconds: clock())
            total.stored += counts.stored
            total.repeated += counts.repeated
            total.rejected += counts.rejected
            progress(total)
        }
        let counts: [String: JSONValue] = [
            "stored": .integer(total.stored), "repeated": .integer(total.repeated), "rejected": .integer(total.rejected),
        ]
        try control.note(.create, "events", before: nil, after: .object(counts))
        return total
    }

    /// A transaction holds at most so many events, and bytes of values. Larger ones touch each page of the tree of keys less often.
    private static let eventBatchCount = 250_000
    private static let eventBatchBytes = 48 << 20

    /// The types that the feeds of the connectors know (`"x-ref": "event-type"`).
    public func knownEventTypes() -> Set<String> {
        Set(kinds.kinds.compactMap { $0 as? ConnectorJobKind }.flatMap(\.eventTypes))
    }

    /// Adds a column of the account's own to a channel's feeds.
    public func addEventColumn(_ name: String, channel: String) throws {
        let known = Set(kinds.kinds.compactMap { $0 as? ConnectorJobKind }.flatMap(\.eventChannels))
        guard known.isEmpty || known.contains(channel) else {
            throw ConnectError(
                "event.channel", .configuration, "There is no channel \"\(channel)\".",
                remedy: "There are: \(known.sorted().joined(separator: ", ")).")
        }
        try events().addCustomColumn(name.uppercased(), toChannel: channel)
        try control.note(.create, "event-column/\(channel)/\(name.uppercased())", before: nil, after: nil)
    }

    /// Events of a type, newest last, as names and values; each call of `row` gets one.
    public func queryEvents(_ window: EventWindow, limit: Int, _ row: (StoredEvent, [String: String]) throws -> Void) throws {
        let store = try events()
        let fields = try store.fields()
        var left = limit
        do {
            try store.read(window) { event in
                var values: [String: String] = [:]
                _ = EventBody.forEach(event.body) { field, value in values[fields[field] ?? "?\(field)"] = String(decoding: value, as: UTF8.self) }
                try row(event, values)
                left -= 1
                if left == 0 { throw Enough() }
            }
        } catch is Enough {
            return
        }
    }

    private struct Enough: Error {}
}

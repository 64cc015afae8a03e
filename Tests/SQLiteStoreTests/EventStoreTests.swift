import ConnectModel
import Foundation
import RecordEngine
import SQLiteStore
import StoreAPI
import Testing

/// The event store's file by itself.
@Suite struct EventStoreTests {
    private func ingest(_ store: SQLiteEventStore, _ lines: [String], at now: Int64 = 5) throws -> EventCounts {
        let ingest = try store.beginIngest(types: nil)
        let batch = EventBatch()
        _ = try EventLines(MemorySource(Array(lines.joined(separator: "\n").utf8)), names: ingest, now: now).fill(batch, most: .max, mostBytes: .max)
        return try ingest.store(batch, atUnixMilliseconds: now)
    }

    private func line(_ id: Int, _ type: String = "SENT") -> String { #"{"id":"\#(id)","type":"\#(type)","time":\#(1000 + id),"N":\#(id)}"# }

    private func numbers(_ store: SQLiteEventStore, _ window: EventWindow) throws -> [Int64] {
        var found: [Int64] = []
        try store.read(window) { found.append($0.number) }
        return found
    }

    @Test("EVT-6: an event is kept once, within a batch and between batches, and numbers have no gaps")
    func once() throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteEventStore(path: directory.path + "/events.sqlite")
        let first = try ingest(store, [line(3), line(1), line(3), line(1, "OPEN")])
        #expect(first.stored == 3 && first.repeated == 1)
        let second = try ingest(store, [line(2), line(3), line(4)], at: 9)
        #expect(second.stored == 2 && second.repeated == 1)
        #expect(try numbers(store, EventWindow(type: "SENT")) == [1, 2, 3, 4] && store.newest(ofType: "SENT") == 4)
        #expect(try numbers(store, EventWindow(type: "SENT", after: 1, through: 3)) == [2, 3])
        #expect(try numbers(store, EventWindow(type: "SENT", storedFrom: 6, storedBefore: 10)) == [3, 4])
        #expect(try numbers(store, EventWindow(type: "NONE")).isEmpty)
        var order: [Int64] = []
        try store.read(EventWindow(type: "SENT")) { order.append($0.capturedUnixMilliseconds) }
        #expect(order == [1003, 1001, 1002, 1004].map { $0 * 1000 }, "in the order of arrival")
    }

    @Test("EVT-5: a mark moves with its delivery, once, and not back")
    func marks() throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteEventStore(path: directory.path + "/events.sqlite")
        var delivery = FeedDelivery(type: "SENT", after: 0, through: 10, server: "files", path: "a.txt")
        try store.begin(delivery, inPlaceOf: nil)
        let begun = delivery
        delivery.stage = .publishing
        try store.begin(delivery, inPlaceOf: begun)
        #expect(try store.position(ofType: "SENT").delivery == delivery && store.position(ofType: "SENT").mark == 0)
        try store.complete(delivery)
        try store.complete(delivery)
        #expect(try store.position(ofType: "SENT") == FeedPosition(mark: 10, delivery: nil, lastFile: "a.txt"))
        let next = FeedDelivery(type: "SENT", after: 10, through: 12, server: "files", path: "b.txt")
        try store.begin(next, inPlaceOf: nil)
        try store.abandon(next)
        #expect(try store.position(ofType: "SENT").delivery == nil)
    }

    @Test("EVT-5: a run whose delivery another has taken over can neither publish, close nor forget it, and none begins below the mark")
    func owners() throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteEventStore(path: directory.path + "/events.sqlite")
        func refused(_ body: () throws -> Void) -> Bool { (#expect(throws: ConnectError.self) { try body() })?.code == "feed.taken" }
        var mine = FeedDelivery(type: "SENT", after: 0, through: 10, server: "files", path: "a.txt")
        mine.run = RunID("1.1")
        try store.begin(mine, inPlaceOf: nil)
        var theirs = mine
        theirs.run = RunID("2.2")
        #expect(refused { try store.begin(theirs, inPlaceOf: nil) })
        try store.begin(theirs, inPlaceOf: mine)
        var published = mine
        published.stage = .publishing
        #expect(refused { try store.begin(published, inPlaceOf: mine) })
        #expect(refused { try store.complete(mine) } && refused { try store.abandon(mine) })
        #expect(try store.position(ofType: "SENT") == FeedPosition(mark: 0, delivery: theirs, lastFile: nil))
        try store.complete(theirs)
        #expect(refused { try store.begin(mine, inPlaceOf: nil) } && refused { try store.abandon(mine) })
    }

    @Test("EVT-5: a delivery that an earlier version wrote down is read, as nobody's")
    func earlierDeliveries() throws {
        let text = #"{"type":"SENT","after":3,"through":9,"server":"files","path":"download/a.txt","stage":"publishing","bytes":70,"events":6}"#
        let delivery = try JSONDecoder().decode(FeedDelivery.self, from: Data(text.utf8))
        #expect(delivery.stage == .publishing && delivery.through == 9 && delivery.run == nil && delivery.sha256 == nil)
    }

    @Test("EVT-5: whoever reads up to a number has read all below it, while eight writers add")
    func commitOrder() throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteEventStore(path: directory.path + "/events.sqlite")
        let writers = (0..<8).map { writer in
            Thread { for round in 0..<20 { _ = try? self.ingest(store, (0..<25).map { self.line(writer * 100_000 + round * 25 + $0) }) } }
        }
        writers.forEach { $0.start() }
        var seen: [Int64] = []
        var mark: Int64 = 0
        while true {
            let isOver = writers.allSatisfy(\.isFinished)
            let newest = try store.newest(ofType: "SENT")
            seen += try numbers(store, EventWindow(type: "SENT", after: mark, through: newest))
            mark = newest
            if isOver { break }
        }
        #expect(seen == Array(1...4000))
    }
}

import ConnectModel
import Foundation
import Testing

@testable import RecordEngine

/// Events out of JSON lines and delimited text, and back into rows.
@Suite struct EventReadingTests {
    private final class Names: EventNames {
        var fields: [String] = []
        var ownColumns: Set<UInt32> { Set(fields.indices.filter { fields[$0].hasPrefix("OWN_") }.map(UInt32.init)) }

        func type(_ name: String) throws -> UInt32 {
            guard name != "NOSUCH" else { throw ConnectError("event.type", .data, "There is no event type \"NOSUCH\".") }
            return name == "SENT" ? 1 : 2
        }

        func field(_ name: String) throws -> UInt32 {
            if let known = fields.firstIndex(of: name) { return UInt32(known) }
            fields.append(name)
            return UInt32(fields.count - 1)
        }
    }

    private func read(_ lines: String, largestRead: Int = .max) throws -> (EventBatch, Names, [[String: String]]) {
        let (names, batch) = (Names(), EventBatch())
        let input = EventLines(MemorySource(Array(lines.utf8), largestRead: largestRead), names: names, now: 42)
        while try input.fill(batch, most: 1000, mostBytes: 1 << 20) {}
        let bodies = batch.entries.map { entry in
            var values: [String: String] = [:]
            #expect(EventBody.forEach(batch.body(entry)) { values[names.fields[Int($0)]] = String(decoding: $1, as: UTF8.self) })
            return values
        }
        return (batch, names, bodies)
    }

    @Test("EVT-6: texts, numbers, truth values, escapes and empty values", arguments: [1, 7, Int.max])
    func values(largestRead: Int) throws {
        let line =
            #" { "id" : "a" , "type":"sent", "text":"a\"b\\\/\n\té\u00e9\ud83d\ude00", "n":-1.5e3, "t":true, "f":false, "none":null, "empty":"" } "#
        let (batch, _, bodies) = try read(line + "\r\n\n" + #"{"id":"b","type":"X","text":"2"}"#, largestRead: largestRead)
        #expect(
            batch.rejects.isEmpty && bodies == [["TEXT": "a\"b\\/\n\té\u{e9}\u{1F600}", "N": "-1.5e3", "T": "true", "F": "false"], ["TEXT": "2"]])
        #expect(batch.entries.map(\.type) == [1, 2] && batch.entries[0].capturedUnixMilliseconds == 42)
    }

    @Test(
        "EVT-6: a line that is no event is told, and leaves nothing behind",
        arguments: [
            "x", "{", #"{"id":"a"}"#, #"{"type":"SENT"}"#, #"{"id":"a","type":"NOSUCH"}"#, #"{"id":"a","type":"SENT","x":[1]}"#,
            #"{"id":"a","type":"SENT","x":{"y":1}}"#,
            #"{"id":"a","type":"SENT","x":"\ud83d"}"#, #"{"id":"a","type":"SENT","x":"\q"}"#, #"{"id":"a","type":"SENT"} more"#,
            #"{"id":"a","type":"SENT","x":tru}"#,
            #"{"id":"a","type":"SENT","time":"yesterday"}"#, #"{"id":"a","type":"SENT","x":"no end}"#, #"{"id":"a" "type":"SENT"}"#,
        ])
    func rejected(line: String) throws {
        let (batch, _, bodies) = try read(#"{"id":"1","type":"SENT","A":"1"}"# + "\n" + line + "\n" + #"{"id":"2","type":"SENT","A":"2"}"#)
        #expect(bodies == [["A": "1"], ["A": "2"]] && batch.rejects.map(\.line) == [2])
    }

    @Test("EVT-2: the account's own columns hold at most 4,000 characters together, others what they like")
    func ownColumns() throws {
        func line(_ id: String, _ first: Int, _ second: Int, _ other: Int) -> String {
            #"{"id":"\#(id)","type":"SENT","OWN_1":"\#(String(repeating: "ä", count: first))","OWN_2":"\#(String(repeating: "b", count: second))","OTHER":"\#(String(repeating: "c", count: other))"}"#
        }
        let (batch, names, _) = try read([line("1", 2000, 2000, 9000), line("2", 2000, 2001, 0), line("3", 1, 1, 1)].joined(separator: "\n"))
        #expect(batch.entries.count == 2 && batch.rejects.map(\.line) == [2])
        #expect(batch.rejects.first?.message.contains("4001 characters") == true)
        let rows = EventBatch()
        let text = "id,type,OWN_1,OWN_2\na,SENT,\(String(repeating: "x", count: 4001)),\nb,SENT,x,y\n"
        let format = try DelimitedFormat(delimiter: ",", enclosure: "double", hasHeader: true, maximumRecordBytes: 1 << 20)
        let input = try EventRows(MemorySource(Array(text.utf8)), format: format, names: names, now: 0)
        while try input.fill(rows, most: 100, mostBytes: 1 << 20) {}
        #expect(rows.entries.count == 1 && rows.rejects.count == 1)
    }

    @Test("EVT-6: random bytes and torn lines never trap")
    func fuzz() throws {
        var generator = SystemRandomNumberGenerator()
        let line = Array(#"{"id":"a","type":"SENT","time":"2025-03-01T12:00:00Z","x":"\u00e9\ud83d\ude00","n":1.5}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = line
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random() { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            let (names, batch) = (Names(), EventBatch())
            _ = try EventLines(MemorySource(bytes), names: names, now: 0).fill(batch, most: 100, mostBytes: 1 << 20)
        }
    }

    @Test(
        "EVT-6: times with zones, fractions and as numbers",
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2025-03-01 12:00:00", 1_740_830_400_000), ("2025-03-01T12:00:00.25+02:00", 1_740_823_200_250),
            ("2024-02-29T23:59:59-0330", 1_709_263_799_000), ("1740830400", 1_740_830_400_000), ("1740830400123", 1_740_830_400_123),
            ("1969-12-31T23:59:59Z", -1000),
        ])
    func times(text: String, expected: Int64) {
        #expect(Array(text.utf8).withUnsafeBytes { EventTime.milliseconds($0) } == expected)
    }

    @Test(
        "EVT-6: what is no time is none",
        arguments: ["2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-03-01", "12:00", "", "2025-03-01T12:00:00X", "2025-03-01T12:00:00.Z"])
    func noTimes(text: String) { #expect(Array(text.utf8).withUnsafeBytes { EventTime.milliseconds($0) } == nil) }

    @Test("EVT-6: an id has one key, a UUID in any spelling the same")
    func keys() {
        func key(_ id: String) -> EventKey { Array(id.utf8).withUnsafeBytes { EventKey(id: $0) } }
        #expect(key("550e8400-e29b-41d4-a716-446655440000") == key("550E8400-E29B-41D4-A716-446655440000"))
        let ids = ["a", "b", "aa", "", "123456789012345", "1234567890123456", "1234567890123457", "550e8400-e29b-41d4-a716-446655440001"]
        #expect(Set(ids.map { id in "\(key(id).high) \(key(id).low)" }).count == ids.count)
    }

    @Test("EVT-2: dates are DD-Mon-YYYY HH24:MI:SS in UTC or the account's zone, line ends in texts are one blank each")
    func rows() throws {
        let columns = [
            EventColumn("ID", .constant("7")), EventColumn("C", .captured), EventColumn("X", .field("X")), EventColumn("D", .time("D")),
            EventColumn("S", .stored),
        ]
        for (zone, expected) in [(nil, "29-Feb-2024 23:30:00"), (TimeZone(identifier: "Europe/Berlin"), "01-Mar-2024 00:30:00")]
            as [(TimeZone?, String)]
        {
            let builder = EventRowsBuilder(columns, fields: [0: "X", 1: "D", 2: "OTHER"], zone: zone)
            let body = ByteBuffer(capacity: 64)
            for (field, text) in [(UInt32(2), "left out"), (0, "a\r\nb\nlonger text with a line end\n"), (1, "2024-02-29T23:30:00Z")] {
                Array(text.utf8).withUnsafeBytes { EventBody.append(field, $0, to: body) }
            }
            try builder.append(captured: 1_709_249_400_000, stored: -1000, body: body.bytes)
            let row = builder.batch.columns.map { String(decoding: $0[0], as: UTF8.self) }
            #expect(row[0] == "7" && row[1] == expected && row[2] == "a b longer text with a line end " && row[3] == expected)
            #expect(row[4] == (zone == nil ? "31-Dec-1969 23:59:59" : "01-Jan-1970 00:59:59"))
            #expect(throws: ConnectError.self) {
                try Array("\u{1}\u{9}x".utf8).withUnsafeBytes { try builder.append(captured: 0, stored: 0, body: $0) }
            }
        }
    }

    @Test("EVT-2: columns may share a field, as a text and as a date, and say what stands where the event has none")
    func sharedFields() throws {
        let columns = [
            EventColumn("EMAIL", .field("EMAIL")), EventColumn("AT", .field("AT")), EventColumn("ADDRESS", .field("EMAIL"), whenMissing: "none"),
            EventColumn("AT_DT", .time("AT")), EventColumn("PROGRAM_ID", .field("PROGRAM_ID"), whenMissing: "-1"),
            EventColumn("THIRD", .field("EMAIL")),
        ]
        let builder = EventRowsBuilder(columns, fields: [0: "EMAIL", 1: "AT", 2: "PROGRAM_ID"], zone: nil)
        for values in [[(UInt32(0), "p@example.com"), (1, "2024-02-29T23:30:00Z"), (2, "12")], [(UInt32(0), "\r\n\r\r\n")], []] {
            let body = ByteBuffer(capacity: 64)
            for (field, text) in values { Array(text.utf8).withUnsafeBytes { EventBody.append(field, $0, to: body) } }
            try builder.append(captured: 0, stored: 0, body: body.bytes)
        }
        let rows = (0..<3).map { row in builder.batch.columns.map { String(decoding: $0[row], as: UTF8.self) } }
        #expect(rows[0] == ["p@example.com", "2024-02-29T23:30:00Z", "p@example.com", "29-Feb-2024 23:30:00", "12", "p@example.com"])
        #expect(rows[1] == ["   ", "", "   ", "", "-1", "   "])
        #expect(rows[2] == ["", "", "none", "", "-1", ""])
    }
}

import ConnectModel
import Foundation
import RecordEngine
import Testing

private func format(
    _ delimiter: String = ",", _ enclosure: DelimitedFormat.Enclosure = .double, header: Bool = false, limit: Int = 1 << 20
) throws -> DelimitedFormat {
    try DelimitedFormat(delimiter: delimiter, enclosure: enclosure, hasHeader: header, maximumRecordBytes: limit)
}

/// Rows as "line: field|field", malformed records as "line: REASON raw".
private func lines(_ text: String, _ format: DelimitedFormat, columns: Int = 2, largestRead: Int = .max) throws -> [String] {
    try readItems(MemorySource(Array(text.utf8), largestRead: largestRead), format, columns: columns).map { item in
        switch item {
        case .row(let line, let fields, _): "\(line): " + fields.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
        case .malformed(let record): "\(record.line): \(record.reason.rawValue) " + String(decoding: record.raw, as: UTF8.self)
        }
    }
}

/// A line of text as long as wanted, without holding it.
private final class EndlessLine: ByteSource {
    private var left: Int
    private var tail: [UInt8]

    init(bytes: Int, tail: String) {
        left = bytes
        self.tail = Array(tail.utf8)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if left > 0 {
            let count = min(left, buffer.count)
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0x78)
            left -= count
            return count
        }
        let count = min(tail.count, buffer.count)
        buffer.copyBytes(from: tail[..<count])
        tail.removeFirst(count)
        return count
    }
}

/// One after another, since memory is measured.
@Suite(.serialized) struct DelimitedReaderTests {
    static let delimiters = [",", "\t", "|", ";", " ", "^", "\u{1}", "§", "€", "😀"]

    @Test("IMP-3: every delimiter, enclosure and line end, in pieces of every size", arguments: delimiters)
    func everyFormat(delimiter: String) throws {
        for enclosure in DelimitedFormat.Enclosure.allCases {
            for lineEnd in ["\n", "\r\n", "\r"] {
                let quote = enclosure.character.map(String.init) ?? ""
                var records = [["a", "b"], ["", ""], ["1", "é中"]]
                var text = records.map { $0.joined(separator: delimiter) }.joined(separator: lineEnd) + lineEnd
                if !quote.isEmpty {
                    records += [["x\(delimiter)y", "l1\(lineEnd)l2"], ["\(quote)q\(quote)", ""]]
                    text += "\(quote)x\(delimiter)y\(quote)\(delimiter)\(quote)l1\(lineEnd)l2\(quote)\(lineEnd)"
                    text += "\(quote)\(quote)\(quote)q\(quote)\(quote)\(quote)\(delimiter)\(quote)\(quote)"
                }
                for largestRead in [1, 2, 3, 7, .max] {
                    let items = try readItems(
                        MemorySource(Array(text.utf8), largestRead: largestRead), format(delimiter, enclosure), columns: 2, batchBytes: 64)
                    let found = items.map { item -> [String] in
                        guard case .row(_, let fields, _) = item else { return ["malformed"] }
                        return fields.map { String(decoding: $0, as: UTF8.self) }
                    }
                    #expect(found == records, "\(delimiter.debugDescription) \(enclosure) \(lineEnd.debugDescription) \(largestRead)")
                }
            }
        }
    }

    static let recoveries: [(String, [String])] = [
        ("a,b\nc\nd,e\n", ["1: a|b", "2: FIELDS_TOO_FEW c", "3: d|e"]),
        ("a,b,c\nd,e", ["1: FIELDS_TOO_MANY a,b,c", "2: d|e"]),
        ("a,\"b\nc,d\ne,f\n", ["1: ENCLOSURE_UNTERMINATED a,\"b", "2: c|d", "3: e|f"]),
        ("a,b\nc,\"d", ["1: a|b", "2: ENCLOSURE_UNTERMINATED c,\"d"]),
        ("a,\"b\" x\nc,d", ["1: ENCLOSURE_INVALID a,\"b\" x", "2: c|d"]),
        ("a,\"b\nc,\"d\"\ne,f", ["1: ENCLOSURE_INVALID a,\"b", "2: c|d", "3: e|f"]),
        ("a,\"b\" ,c\rd,e", ["1: ENCLOSURE_INVALID a,\"b\" ,c", "2: d|e"]),
        ("a\0,b\nc,d", ["1: NUL_BYTE a\0,b", "2: c|d"]),
        ("\n\na,b\n\r\n\rc,d\n", ["3: a|b", "6: c|d"]),
        ("a,\"1\n2\r\n3\"\nc,d", ["1: a|1\n2\r\n3", "4: c|d"]),
        ("a,b\"c\n d,\"\"\n", ["1: a|b\"c", "2:  d|"]),
        ("a,\"\"\"\"", ["1: a|\""]),
        ("a,b\r", ["1: a|b"]),
        ("", []), ("\n", []), ("\"", ["1: ENCLOSURE_UNTERMINATED \""]),
    ]

    @Test("IMP-3, IMP-15: a malformed record is reported with its line and reading goes on at the next", arguments: recoveries)
    func recovery(text: String, expected: [String]) throws {
        for largestRead in [1, 2, .max] { #expect(try lines(text, format(), largestRead: largestRead) == expected) }
    }

    @Test("IMP-3: without enclosure, quotes are text") func noEnclosure() throws {
        #expect(try lines("\"a\",'b'\n\"x,y\n", format(",", .none)) == ["1: \"a\"|'b'", "2: \"x|y"])
    }

    @Test("IMP-15: bytes that are not UTF-8 cost their record only") func undecodable() throws {
        for bad: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80]] {
            let text = Array("a,b\n".utf8) + Array("é,".utf8) + bad + Array("\nc,d".utf8)
            let items = try readItems(MemorySource(text, largestRead: 3), format(), columns: 2, batchBytes: 64)
            guard items.count == 3, case .malformed(let record) = items[1] else { return #expect(Bool(false), "\(bad): \(items)") }
            #expect(record.reason == .undecodable && record.line == 2 && record.raw == Array("é,".utf8) + bad)
        }
    }

    @Test("IMP-3: a line of 100 MB is refused in bounded memory and the next record is read") func hugeLine() throws {
        let before = residentMegabytes()
        let reader = try DelimitedReader(
            source: EndlessLine(bytes: 100_000_000, tail: "\nc,d\n"), format: format(limit: 1 << 20), columnNames: ["A", "B"])
        var reasons: [RejectReason] = []
        var rows: [Int64] = []
        while let batch = try reader.next() {
            reasons += batch.malformed.map(\.reason)
            rows += batch.lineNumbers
            #expect(batch.malformed.allSatisfy { $0.raw.count == MalformedRecord.rawLimit })
        }
        #expect(reasons == [.recordTooLong] && rows == [2])
        #expect(residentMegabytes() - before < 40)
    }

    @Test("IMP-3: a record of 100 MB is read where the job's limit allows it") func largeRecord() throws {
        let reader = try DelimitedReader(
            source: EndlessLine(bytes: 100_000_000, tail: ",d\n"), format: format(limit: 100_000_002), columnNames: ["A", "B"])
        let batch = try #require(try reader.next())
        #expect(batch.rowCount == 1 && batch.columns[0][0].count == 100_000_000 && batch.columns[1][0].count == 1)
        #expect(try reader.next() == nil)
    }

    @Test("IMP-3: the record limit counts bytes without the line end") func exactLimit() throws {
        #expect(try lines("abc,d\nabcd,e\nx,y", format(limit: 5)) == ["1: abc|d", "2: RECORD_TOO_LONG abcd,", "3: x|y"])
        #expect(try lines("\"a\nb\",d\nx,y", format(limit: 5)) == ["1: RECORD_TOO_LONG \"a\nb\"", "3: x|y"])
    }

    @Test("IMP-3: a file that is nothing but faulty enclosures is read in linear time", .timeLimit(.minutes(10))) func manyFaults() throws {
        let text = Array(String(repeating: "a\",\"b\n", count: 400_000).utf8)
        let items = try readItems(MemorySource(text), format(), columns: 2)
        #expect(items.count == 400_000)
        #expect(items.allSatisfy { if case .malformed(let record) = $0 { record.reason == .unterminatedEnclosure } else { false } })
    }

    @Test("IMP-3, IMP-6: the header line names the columns") func header() throws {
        let text = "\n CUST_ID ,\"E\"\"Mail\",\"a\nb\"\n1,2,3\n"
        let reader = try DelimitedReader(source: MemorySource(Array(text.utf8)), format: format(header: true))
        #expect(reader.header == ["CUST_ID", "E\"Mail", "a\nb"])
        let batch = try #require(try reader.next())
        #expect(batch.lineNumbers == [4] && batch.rowCount == 1)
    }

    @Test("IMP-6: names given take the place of the header line") func givenNames() throws {
        let text = Array("x,y\n1,2\n".utf8)
        let replaced = try DelimitedReader(source: MemorySource(text), format: format(header: true), columnNames: ["A", "B"])
        #expect(replaced.header == ["A", "B"])
        #expect(try replaced.next()?.lineNumbers == [2])
        #expect(throws: ConnectError.self) {
            try DelimitedReader(source: MemorySource(text), format: format(header: true), columnNames: ["A", "B", "C"])
        }
        let without = try DelimitedReader(source: MemorySource(text), format: format(header: false))
        #expect(without.header == ["COLUMN1", "COLUMN2"])
        #expect(try without.next()?.lineNumbers == [1, 2])
    }

    @Test("IMP-3: an empty file has no columns and no records; an unreadable header is an error") func emptyAndBroken() throws {
        let empty = try DelimitedReader(source: MemorySource([]), format: format(header: true))
        #expect(try empty.header.isEmpty && empty.next() == nil)
        #expect(throws: ConnectError.self) { try DelimitedReader(source: MemorySource(Array("a,\"b\n".utf8)), format: format(header: true)) }
        #expect(throws: ConnectError.self) { try DelimitedReader(source: MemorySource([0x61, 0xFF, 0x0A]), format: format(header: true)) }
        #expect(throws: ConnectError.self) { try DelimitedReader(source: MemorySource([0x61, 0, 0x0A]), format: format(header: true)) }
    }

    @Test("IMP-3: batches are bounded, and recycled ones hold the same records") func batches() throws {
        let text = Array((0..<20_000).map { "\($0),v\($0)\n" }.joined().utf8)
        let reader = try DelimitedReader(source: MemorySource(text), format: format(), columnNames: ["A", "B"])
        var next = 0
        while let batch = try reader.next() {
            #expect(batch.rowCount <= 8192)
            for row in 0..<batch.rowCount {
                #expect(String(decoding: batch.columns[1][row], as: UTF8.self) == "v\(next)")
                #expect(String(decoding: batch.rawRecord(row), as: UTF8.self) == "\(next),v\(next)")
                next += 1
            }
            reader.recycle(batch)
        }
        #expect(next == 20_000 && reader.recordCount == 20_000)
    }

    @Test("IMP-3: a format that cannot be is refused with its reason") func badFormats() {
        for delimiter in ["", ",,", "\n", "\0", "\""] {
            #expect(throws: ConnectError.self) { try DelimitedFormat(delimiter: delimiter, enclosure: .double) }
        }
        #expect(throws: ConnectError.self) { try DelimitedFormat(delimiter: ",", enclosure: "curly", hasHeader: true) }
        #expect(throws: ConnectError.self) { try DelimitedFormat(maximumRecordBytes: 0) }
        #expect((try? DelimitedFormat(delimiter: ",", enclosure: "'", hasHeader: true))?.enclosure == .single)
    }
}

private func residentMegabytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
}

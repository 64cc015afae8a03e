import ConnectModel
import Foundation
import RecordEngine
import Testing

@Suite struct RejectsWriterTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("rejects-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("IMP-15: the rejects file can be read back record for record, and holds no formula") func roundTrip() throws {
        let raws = ["a,\"b\"\nc", "=1+1", "+x", "-x", "@x", "\tx", "'quoted", "plain", ""]
        try withDirectory { directory in
            let path = directory + "/rejects.csv"
            let writer = try RejectsWriter(path: path)
            try writer.write(
                raws.enumerated().map { RecordReject(line: Int64($0 + 2), reason: .malformedEmail, field: "EMAIL_ADDRESS_", raw: Array($1.utf8)) })
            #expect(!FileManager.default.fileExists(atPath: path))
            try writer.finish()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["rejects.csv"])
            let data = try #require(FileManager.default.contents(atPath: path))
            let reader = try DelimitedReader(source: MemorySource(Array(data)), format: DelimitedFormat())
            #expect(reader.header == ["line", "reason", "field", "message", "raw"])
            let batch = try #require(try reader.next())
            let cells = (0..<batch.rowCount).map { row in batch.columns.map { String(decoding: $0[row], as: UTF8.self) } }
            #expect(cells.map { String($0[4].hasPrefix("'") ? $0[4].dropFirst() : $0[4][...]) } == raws)
            #expect(cells.allSatisfy { $0.allSatisfy { !"=+-@\t\r".contains($0.first ?? "x") } })
            #expect(cells[0][..<3] == ["2", "EMAIL_MALFORMED", "EMAIL_ADDRESS_"])
            #expect(writer.counts == [.malformedEmail: 9] && writer.omitted == 0)
        }
    }

    @Test("IMP-15: the file is bounded, the counts are not; undecodable bytes do not break its UTF-8") func bounded() throws {
        try withDirectory { directory in
            let writer = try RejectsWriter(path: directory + "/r.csv", maximumBytes: 1000)
            for line in 1...100 {
                try writer.write(RecordReject(line: Int64(line), reason: line % 2 == 0 ? .nulByte : .undecodable, raw: [0xFF, 0, 0x61]))
            }
            try writer.finish()
            #expect(writer.counts == [.nulByte: 50, .undecodable: 50] && writer.total == 100)
            let data = try #require(FileManager.default.contents(atPath: directory + "/r.csv"))
            let text = try #require(String(data: data, encoding: .utf8))
            #expect(data.count < 1200 && text.contains("\u{FFFD}\u{FFFD}a"))
            #expect(text.hasSuffix(",,,\"\(writer.omitted) further rejected records are not listed here.\",\n"))
            #expect(Int64(text.split(separator: "\n").count) == 100 - writer.omitted + 2)
        }
    }

    @Test("IMP-3, IMP-15: of bytes that are not of the character set, and of NULs, the rejects file says where the first stands") func places() throws
    {
        try withDirectory { directory in
            let writer = try RejectsWriter(path: directory + "/r.csv")
            try writer.write([
                RecordReject(line: 2, reason: .undecodable, raw: Array("äö,".utf8) + [0xFF] + Array("x".utf8) + [0xFF]),
                RecordReject(line: 3, reason: .nulByte, raw: [0, 0x61]),
                RecordReject(line: 4, reason: .undecodable, raw: Array("cut off before it".utf8)),
            ])
            try writer.finish()
            let lines = String(decoding: FileManager.default.contents(atPath: directory + "/r.csv") ?? Data(), as: UTF8.self).split(separator: "\n")
                .map(String.init)
            #expect(
                lines[1].contains("character set. The first is character 4.") && lines[2].contains("NUL byte. The first is character 1."), "\(lines)")
            #expect(lines[3].contains("character set.\","))
        }
    }

    @Test("IMP-15: an unfinished file leaves nothing, a missing directory is named") func unfinished() throws {
        try withDirectory { directory in
            do {
                let writer = try RejectsWriter(path: directory + "/r.csv")
                try writer.write(RecordReject(line: 1, reason: .nulByte, raw: []))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
            let error = #expect(throws: ConnectError.self) { try RejectsWriter(path: directory + "/none/r.csv") }
            #expect(error?.message.contains("/none/r.csv") == true)
        }
    }
}

@Suite struct FormatDetectionTests {
    static let samples: [(String, String, DelimitedFormat.Enclosure, Bool)] = [
        ("id,name\n1,Anna\n2,Bo\n", ",", .double, true), ("id;name\r\n1;\"A;b\"\r\n2;Bo\r\n", ";", .double, true),
        ("1\tx\n2\ty\n", "\t", .double, false),
        ("id|'name'\n1|'A|b'\n2|'x'\n", "|", .single, true), ("email\na@x.com\n", ",", .double, true),
        ("a@x.com,1\nb@x.com,2\n", ",", .double, false),
        ("name,price\n\"Smith, J\",\"1,50\"\n\"Doe, A\",\"2,50\"\n", ",", .double, true),
    ]

    @Test("IMP-18: delimiter, enclosure and header are found", arguments: samples)
    func shapes(text: String, delimiter: String, enclosure: DelimitedFormat.Enclosure, hasHeader: Bool) {
        let found = FormatDetection(sample: Array(text.utf8), isWholeFile: true)
        #expect(found.delimiter == delimiter && found.enclosure == enclosure && found.hasHeader == hasHeader, "\(found)")
    }

    @Test("IMP-18: character set, line end and types are found") func details() {
        let text = "id,name,born,score,zip\r\n1,J\u{E9}r\u{F4}me,1980-02-03,1.5,01234\r\n2,Bo,1999-12-31,2,99999\r\n"
        let latin = FormatDetection(sample: Array(text.unicodeScalars.map { UInt8($0.value) }), isWholeFile: true)
        #expect(latin.charset == .windows1252 && latin.lineEnd == .crlf)
        #expect(latin.columnNames == ["id", "name", "born", "score", "zip"])
        #expect(latin.columnTypes == [.integer, .str25, .timestamp, .number, .str25])
        let cut = Array(Array("id,x\n1,é".utf8).dropLast())
        #expect(FormatDetection(sample: cut).charset == .utf8)
        let wide = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(FormatDetection(sample: wide).charset == .utf16LittleEndian)
        #expect(FormatDetection(sample: [0xFE, 0xFF, 0, 0x61]).charset == .utf16)
        let empty = FormatDetection(sample: [], isWholeFile: true)
        #expect(empty.columnNames.isEmpty && empty.lineEnd == nil && empty.charset == .utf8)
    }
}

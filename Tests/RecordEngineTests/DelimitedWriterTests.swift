import ConnectModel
import Foundation
import RecordEngine
import Testing

/// A batch of these rows.
func batch(_ rows: [[String]], columns: Int) -> RecordBatch {
    let batch = RecordBatch(columnCount: columns)
    for row in rows {
        for (index, value) in row.enumerated() {
            var value = value
            value.withUTF8 { batch.columns[index].append(UnsafeRawBufferPointer($0)) }
        }
    }
    batch.rowCount = rows.count
    return batch
}

/// Rows as the writer writes them.
func written(
    _ rows: [[String]], columns: [Field], header: [String]? = nil, _ format: WritingFormat, charset: FileCharacterSet = .utf8, isMarked: Bool = false
) throws -> (bytes: [UInt8], replaced: Int64, writer: DelimitedWriter) {
    let memory = MemorySink()
    let encoded = try charset.encoded(memory, isMarked: isMarked, avoiding: format.layout.delimiter)
    let writer = DelimitedWriter(format: format, columns: columns, sink: encoded)
    if let header { try writer.writeHeader(header) }
    try writer.write(batch(rows, columns: columns.count))
    try writer.finish()
    return (memory.bytes, encoded.replacedCount, writer)
}

@Suite struct DelimitedWriterTests {
    private static let names: [Field] = (0..<4).map { Field("C\($0)", $0 == 3 ? .integer : .str255) }

    private func text(_ rows: [[String]], _ format: WritingFormat, header: [String]? = nil) throws -> String {
        let columns = Array(Self.names.prefix(rows.first?.count ?? 1))
        return String(decoding: try written(rows, columns: columns, header: header, format).bytes, as: UTF8.self)
    }

    private func layout(_ delimiter: String = ",", _ enclosure: DelimitedFormat.Enclosure = .double) throws -> DelimitedFormat {
        try DelimitedFormat(delimiter: delimiter, enclosure: enclosure, hasHeader: false)
    }

    @Test("EXP-4: values are enclosed where they could not be told apart, and enclosures in them doubled")
    func enclosing() throws {
        let rows = [
            ["plain", "a,b", "say \"hi\"", "1"], ["", "two\nlines", "cr\rhere", ""],
            ["long text without anything, but one comma at its end", "", "", ""],
        ]
        #expect(
            try text(rows, WritingFormat(layout()))
                == "plain,\"a,b\",\"say \"\"hi\"\"\",1\n,\"two\nlines\",\"cr\rhere\",\n\"long text without anything, but one comma at its end\",,,\n")
        #expect(try text([["a", "b", "c", "4"]], WritingFormat(layout(), enclosing: .text)) == "\"a\",\"b\",\"c\",4\n")
        #expect(try text([["a", "", "c", "4"]], WritingFormat(layout("|", .single), lineEnd: .crlf, enclosing: .all)) == "'a'|''|'c'|'4'\r\n")
        #expect(try text([["it's", "b"]], WritingFormat(layout("\t", .single), lineEnd: .cr), header: ["A", "B'"]) == "A\t'B'''\r'it''s'\tb\r")
        #expect(try text([[""], ["x"]], WritingFormat(layout())) == "\"\"\nx\n", "an empty line would be no record")
    }

    @Test("EXP-4: without an enclosure what cannot be told apart is refused, replaced and counted, or escaped, as the job says")
    func unenclosed() throws {
        let rows = [["plain", "a\tb\nc"]]
        let error = #expect(throws: ConnectError.self) { try text(rows, WritingFormat(layout("\t", .none))) }
        #expect(error?.code == "export.unenclosed")
        #expect(error?.message.contains("C1") == true)
        #expect(throws: ConnectError.self) { try text([["\r", "b"]], WritingFormat(layout("\t", .none))) }
        #expect(throws: ConnectError.self) { try text([[""]], WritingFormat(layout(",", .none), unenclosed: .replace)) }
        let replaced = try written(rows, columns: Array(Self.names.prefix(2)), WritingFormat(layout("\t", .none), unenclosed: .replace))
        #expect(String(decoding: replaced.bytes, as: UTF8.self) == "plain\ta b c\n")
        #expect(replaced.writer.replacedCount == 2)
        #expect(try text([["a\\b", "c€d\ne€"]], WritingFormat(layout("€", .none), unenclosed: .escape)) == "a\\\\b€c\\€d\\\ne\\€\n")
        #expect(try text([["\u{20AB}", "\u{20AB}"]], WritingFormat(layout("€", .none))) == "\u{20AB}€\u{20AB}\n", "shares its first bytes alone")
    }

    @Test("EXP-4: with the guard on no value is a formula to a spreadsheet", arguments: ["=1+1", "+49", "-1", "@x", "\tx", "\rx"])
    func formulas(_ value: String) throws {
        let format = WritingFormat(try layout(), formulaGuard: .prefix)
        let result = try written([[value, "a=b"]], columns: Array(Self.names.prefix(2)), format)
        #expect(result.writer.guardedCount == 1)
        let items = try readItems(MemorySource(result.bytes), layout(), columns: 2)
        #expect(items == [.row(line: 1, fields: [Array(("'" + value).utf8), Array("a=b".utf8)], raw: Array(result.bytes.dropLast()))])
        #expect(try text([[value, ""]], WritingFormat(layout(), enclosing: .all)).hasPrefix("\"" + value))
    }

    /// Values that need care, in scripts of every character set.
    private static let pieces = [
        "a", "Müller", "Łódź", "Ελλάδα", "Привет", "שלום", "مرحبا", "สวัสดี", "日本", "カナ", "中文", "繁體", "한국", "€", "😀", " ", "'", "\"", ",", ";", "\t",
        "|", "\n", "\r",
        "\r\n", "\"\"", "x y z 0123456789 abcdefgh", "?", "\u{FEFF}", "\\", "ı", "ő", "đ", "₫", "~", "`",
    ]

    private func value(_ random: inout SeededGenerator, _ format: WritingFormat) -> String {
        let text = (0..<Int.random(in: 0...5, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
        guard format.layout.enclosure == .none else { return text }
        // The file could not be told apart; the writer refuses it, which has a test of its own.
        let clean = text.replacing("\n", with: "").replacing("\r", with: "").replacing("\r\n", with: "").replacing(format.layout.delimiter, with: "")
        return clean.unicodeScalars.contains("\n") || clean.unicodeScalars.contains("\r") || clean.isEmpty ? "v" : clean
    }

    private func replacing(_ text: String, _ charset: FileCharacterSet, _ cache: inout [Unicode.Scalar: Bool]) throws -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            let isHeld = try cache[scalar] ?? charset.holds(String(scalar))
            cache[scalar] = isHeld
            result.unicodeScalars.append(isHeld ? scalar : "?")
        }
        return result
    }

    @Test(
        "EXP-4: what is written is read back value for value, whatever the character set, delimiter, enclosure and line end",
        arguments: FileCharacterSet.all)
    func roundTrip(_ charset: FileCharacterSet) throws {
        var cache: [Unicode.Scalar: Bool] = [:]
        for seed in 1...60 {
            var random = SeededGenerator(seed: UInt64(seed) &* 7919)
            let layout = try DelimitedFormat(
                delimiter: [",", ";", "\t", "|", "~", "§"].filter { try charset.holds($0) }.randomElement(using: &random) ?? ",",
                enclosure: DelimitedFormat.Enclosure.allCases.randomElement(using: &random) ?? .double, hasHeader: Bool.random(using: &random))
            let format = WritingFormat(
                layout, lineEnd: WritingFormat.LineEnd.allCases.randomElement(using: &random) ?? .lf,
                enclosing: WritingFormat.Enclosing.allCases.randomElement(using: &random) ?? .needed)
            let columns = Array(Self.names.prefix(Int.random(in: 1...4, using: &random)))
            let rows = (0..<Int.random(in: 0...12, using: &random)).map { _ in columns.map { _ in value(&random, format) } }
            let result = try written(
                rows, columns: columns, header: layout.hasHeader ? columns.map(\.name) : nil, format, charset: charset,
                isMarked: Bool.random(using: &random))
            let expected = try rows.map { try $0.map { try replacing($0, charset, &cache) } }
            let items = try readItems(
                MemorySource(result.bytes, largestRead: Int.random(in: 1...99, using: &random)), charset: charset, layout, columns: columns.count)
            let found = items.map { item -> [String] in
                guard case .row(_, let fields, _) = item else { return ["\(item)"] }
                return fields.map { String(decoding: $0, as: UTF8.self) }
            }
            try #require(found == expected, "seed \(seed), \(charset), \(format)")
            let lost = zip(rows, expected).reduce(0) {
                $0 + zip($1.0, $1.1).reduce(0) { $0 + zip($1.0.unicodeScalars, $1.1.unicodeScalars).count { $0 != $1 } }
            }
            #expect(result.replaced == Int64(lost), "seed \(seed)")
            #expect(result.writer.recordCount == Int64(rows.count))
        }
    }

    @Test("EXP-4: pieces that end within a character are put together", arguments: ["UTF-16LE", "windows-1252", "Shift_JIS", "UTF-8"])
    func piecewise(_ name: String) throws {
        let text = Array(String(repeating: "aé€ß", count: 50).utf8)
        let charset = try FileCharacterSet(name: name)
        func encode(_ size: Int) throws -> [UInt8] {
            let memory = MemorySink()
            let sink = try charset.encoded(memory)
            for start in stride(from: 0, to: text.count, by: size) {
                try text[start..<min(start + size, text.count)].withUnsafeBytes { try sink.write($0) }
            }
            try sink.finish()
            return memory.bytes
        }
        let whole = try encode(text.count)
        for size in [1, 2, 3, 7] { #expect(try encode(size) == whole) }
    }

    @Test("EXP-4: Python's csv reads every value", arguments: [",", "\t", "|"])
    func python(_ delimiter: String) throws {
        var random = SeededGenerator(seed: 5)
        let layout = try DelimitedFormat(delimiter: delimiter, enclosure: .double, hasHeader: false)
        for (format, options) in [
            (WritingFormat(layout, lineEnd: .crlf), "quotechar='\"'"),
            (WritingFormat(try self.layout(delimiter, .none), unenclosed: .escape), "quoting=csv.QUOTE_NONE, escapechar='\\\\'"),
        ] {
            let rows = (0..<300).map { _ in
                (0..<3).map { column in
                    let value = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                        Self.pieces.filter { $0 != "\u{FEFF}" }.randomElement(using: &random) ?? ""
                    }.joined()
                    return column == 0 ? "k" + value : value
                }
            }
            let bytes = try written(rows, columns: Array(Self.names.prefix(3)), format).bytes
            let program =
                "import csv, json, sys, io\n"
                + "text = io.TextIOWrapper(sys.stdin.buffer, 'utf-8', newline='')\nprint(json.dumps(list(csv.reader(text, delimiter=sys.argv[1], \(options)))))"
            let found = try JSONDecoder().decode([[String]].self, from: Data(try Programs.run("python3", ["-c", program, delimiter], input: bytes)))
            #expect(found.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
        }
    }
}

/// Programs nobody here wrote, which read what we write.
enum Programs {
    static func run(_ name: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        try process.run()
        Thread.detachNewThread {
            try? stdin.fileHandleForWriting.write(contentsOf: Data(input))
            try? stdin.fileHandleForWriting.close()
        }
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name) ended with \(process.terminationStatus)")
        return [UInt8](output)
    }
}

import ConnectModel
import Foundation
import StoreTesting
import Testing

@testable import SQLiteStore

@Suite("Trees written past SQLite")
struct TreeFormatTests {
    @Test("IMP-17: SQLite finds nothing wrong with them and reads the same rows, small and large", arguments: UInt64(1)...6)
    func trees(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/tree.sqlite"
        var random = SeededGenerator(seed: seed)
        let count = [0, 1, 50, 3000, 40_000, 9000][Int(seed - 1)]
        let longest = seed == 6 ? 30_000 : seed == 3 ? 2000 : 40
        var values: [[UInt8]] = []
        for row in 0..<count {
            let isLong = Int.random(in: 0..<10, using: &random) == 0
            let length = Int.random(in: 0...(isLong ? longest : 40), using: &random)
            values.append(Array("\(row)-".utf8) + [UInt8](repeating: UInt8.random(in: 97...122, using: &random), count: length))
        }
        let roots: [Int64]
        do {
            let connection = try SQLiteConnection(path: path, mode: .creating)
            try TableFile.prepareNew(connection)
            try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n); CREATE INDEX i ON t (v)")
            roots = try ["t", "i"].map { try connection.integer("SELECT rootpage FROM sqlite_schema WHERE name = '\($0)'") ?? 0 }
        }
        try write(values, path, roots)
        let connection = try SQLiteConnection(path: path, mode: .reading)
        #expect(try connection.text("PRAGMA integrity_check") == "ok")
        let statement = try connection.prepare("SELECT id, v, n FROM t ORDER BY id")
        var row = 0
        while try statement.step() {
            #expect(statement.integer(0) == Int64(row * 3 + 1) && Array(statement.bytes(1)) == values[row] && statement.integer(2) == Int64(row))
            row += 1
        }
        #expect(row == count)
        try readBack(values, connection, roots)
    }

    private func write(_ values: [[UInt8]], _ path: String, _ roots: [Int64]) throws {
        let file = try PageFile(path: path, pages: 3)
        let table = TreeWriter(.table, root: UInt32(roots[0]), file: file)
        let index = TreeWriter(.index, root: UInt32(roots[1]), file: file)
        for (row, value) in values.enumerated() {
            try withRecord([.null, nil, .number(Int64(row))], value) { try table.append(rowID: Int64(row * 3 + 1), record: $0) }
        }
        for (row, value) in values.enumerated().sorted(by: { $0.element.lexicographicallyPrecedes($1.element) }) {
            try withRecord([nil, .number(Int64(row * 3 + 1))], value) { try index.append(indexRecord: $0) }
        }
        try table.finish()
        try index.finish()
        try file.finish()
        try file.synchronize()
    }

    private func readBack(_ values: [[UInt8]], _ connection: SQLiteConnection, _ roots: [Int64]) throws {
        let file = try DatabaseFile(connection)
        let cells = UnsafeMutablePointer<Cell>.allocate(capacity: 3)
        defer { cells.deallocate() }
        let table = try TreeReader(file, root: UInt32(roots[0]), isIndex: false)
        var row = 0
        while let entry = try table.next() {
            #expect(RecordFormat.decode(entry.record, into: cells, capacity: 3) == 3)
            #expect(entry.rowID == Int64(row * 3 + 1) && Array(cells[1].buffer) == values[row])
            row += 1
        }
        #expect(row == values.count)
        let index = try TreeReader(file, root: UInt32(roots[1]), isIndex: true)
        var before: [UInt8] = []
        row = 0
        while let entry = try index.next() {
            #expect(RecordFormat.decode(entry.record, into: cells, capacity: 2) == 2)
            let value = Array(cells[0].buffer)
            #expect(!value.lexicographicallyPrecedes(before))
            before = value
            row += 1
        }
        #expect(row == values.count)
    }

    private enum Part {
        case null
        case number(Int64)
    }

    /// nil stands for the value.
    private func withRecord(_ parts: [Part?], _ value: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try value.withUnsafeBytes { bytes in
            let numbers = UnsafeMutableRawPointer.allocate(byteCount: 8 * parts.count, alignment: 8)
            defer { numbers.deallocate() }
            let cells = parts.enumerated().map { index, part -> Cell in
                switch part {
                case nil: .text(bytes)
                case .null: .null
                case .number(let number): NumberForm.cell(number, numbers + 8 * index)
                }
            }
            let (header, total) = RecordFormat.encodedLength(cells, count: cells.count)
            let record = UnsafeMutableRawBufferPointer.allocate(byteCount: total, alignment: 8)
            defer { record.deallocate() }
            RecordFormat.encode(cells, count: cells.count, header: header, to: try #require(record.baseAddress))
            try body(UnsafeRawBufferPointer(record))
        }
    }

    @Test("IMP-17: the page SQLite locks at 1 GiB is never handed out")
    func lockPage() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/pages"
        #expect(FileManager.default.createFile(atPath: path, contents: Data()))
        for before in [1, 63, 64, 65] as [UInt32] {
            let file = try PageFile(path: path, pages: PageFile.lockPage - before)
            for _ in 0..<3 {
                let first = file.takeExtent()
                #expect(!(first..<first + UInt32(PageFile.extentPages)).contains(PageFile.lockPage))
            }
        }
    }

    @Test("IMP-17: variable-length integers come back as they went, in SQLite's length")
    func varints() {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8)
        defer { buffer.deallocate() }
        var values: [UInt64] = [0, 1, .max]
        for bit in 1..<64 { values += [1 << UInt64(bit), (1 << UInt64(bit)) - 1] }
        for value in values {
            let length = RecordFormat.writeVarint(value, to: buffer)
            #expect(length == RecordFormat.varintLength(value))
            let back = RecordFormat.readVarint(buffer, limit: length)
            #expect(back.value == value && back.length == length)
            #expect(RecordFormat.readVarint(buffer, limit: length - 1).length == 0)
        }
    }
}

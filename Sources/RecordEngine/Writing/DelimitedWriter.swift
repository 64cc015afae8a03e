public import ConnectModel

/// Writes batches of records as delimited text in UTF-8 (EXP-4). One thread at a time; no value becomes a `String`.
///
/// What it writes, `DelimitedReader` reads back value for value with the same delimiter and enclosure (unless values were escaped, replaced or
/// guarded): a value that holds the delimiter, the enclosure or a line end is enclosed, an enclosure inside is doubled, and a record of one
/// empty value is enclosed so that it is no empty line.
public final class DelimitedWriter {
    /// Records written, the header not counted.
    @exclusivity(unchecked) public private(set) var recordCount: Int64 = 0
    /// Delimiters and line ends that became blanks (`Unenclosed.replace`).
    @exclusivity(unchecked) public private(set) var replacedCount: Int64 = 0
    /// Values that got an apostrophe (`FormulaGuard.prefix`).
    @exclusivity(unchecked) public private(set) var guardedCount: Int64 = 0

    private let sink: any ByteSink
    private let format: WritingFormat
    private let columns: [Field]
    private let isAlwaysEnclosed: [Bool]
    private let marks: FieldMarks
    private let delimiter: [UInt8]
    private let lineEnd: [UInt8]
    private let enclosure: UInt8?
    private let output: ByteBuffer

    private static let flushBytes = 256 << 10
    private static let backslash: UInt8 = 0x5C

    /// `columns` are the batches' columns in order; their types decide what `Enclosing.text` encloses.
    public init(format: WritingFormat, columns: [Field], sink: any ByteSink) {
        self.format = format
        self.columns = columns
        self.sink = sink
        delimiter = Array(format.layout.delimiter.utf8)
        lineEnd = format.lineEnd.bytes
        enclosure = format.layout.enclosure.byte
        marks = FieldMarks(delimiter: delimiter[0], enclosure: enclosure, escape: format.unenclosed == .escape)
        isAlwaysEnclosed = columns.map { field in
            guard format.layout.enclosure != .none else { return false }
            return switch format.enclosing {
            case .needed: false
            case .text: field.type != .integer && field.type != .number
            case .all: true
            }
        }
        output = ByteBuffer(capacity: 2 * Self.flushBytes)
    }

    /// The names of the columns as the first record.
    public func writeHeader(_ names: [String]) throws {
        for (index, name) in names.enumerated() {
            if index > 0 { append(delimiter) }
            var name = name
            try name.withUTF8 { try put(UnsafeRawBufferPointer($0), column: index) }
        }
        append(lineEnd)
    }

    /// Rows `rows` of the batch; all of them when nil. Throws `export.unenclosed` (data) at the first value that cannot be told apart.
    public func write(_ batch: RecordBatch, rows: Range<Int>? = nil) throws {
        let rows = rows ?? 0..<batch.rowCount
        let places = batch.columns.map { ColumnPlace($0) }
        try places.withUnsafeBufferPointer { places in
            for row in rows {
                try writeRecord(row, places)
                if output.count >= Self.flushBytes { try flush() }
            }
        }
        recordCount += Int64(rows.count)
    }

    /// Writes what is held back and ends the sink. Nothing may be written after.
    public func finish() throws {
        try flush()
        try sink.finish()
    }

    /// Where a column's values are; valid while the batch lives.
    private struct ColumnPlace {
        let data: UnsafeRawPointer
        let offsets: UnsafePointer<Int32>

        init(_ column: TextColumn) {
            data = column.data.base
            offsets = column.offsets.base
        }
    }

    @inline(__always)
    private func writeRecord(_ row: Int, _ places: UnsafeBufferPointer<ColumnPlace>) throws {
        let start = output.count
        for index in 0..<places.count {
            let place = places[index]
            let from = Int(place.offsets[row])
            let count = Int(place.offsets[row + 1]) - from
            output.reserve(count + 16)
            if index > 0 {
                output.tail.storeBytes(of: delimiter[0], as: UInt8.self)
                output.advance(1)
                if delimiter.count > 1 { append(delimiter[1...]) }
            }
            let isEnclosed = isAlwaysEnclosed[index]
            guard count > 0 || isEnclosed else { continue }
            if format.formulaGuard == .prefix || !(isEnclosed ? copiedEnclosed(place.data + from, count) : copiedPlain(place.data + from, count)) {
                try put(UnsafeRawBufferPointer(start: place.data + from, count: count), column: index)
            }
        }
        if output.count == start { try writeEmptyRecord() }
        output.tail.storeBytes(of: lineEnd[0], as: UInt8.self)
        output.advance(1)
        if lineEnd.count > 1 { append(lineEnd[1...]) }
    }

    /// Copies the value if nothing in it needs care; otherwise leaves the output as it was.
    @inline(__always)
    private func copiedPlain(_ source: UnsafeRawPointer, _ count: Int) -> Bool {
        guard isCopied(source, count, to: output.tail) else { return false }
        output.advance(count)
        return true
    }

    /// The same with the enclosure around it.
    @inline(__always)
    private func copiedEnclosed(_ source: UnsafeRawPointer, _ count: Int) -> Bool {
        let target = output.tail
        guard let enclosure, isCopied(source, count, to: target + 1) else { return false }
        target.storeBytes(of: enclosure, as: UInt8.self)
        target.storeBytes(of: enclosure, toByteOffset: count + 1, as: UInt8.self)
        output.advance(count + 2)
        return true
    }

    @inline(__always)
    private func isCopied(_ source: UnsafeRawPointer, _ count: Int, to target: UnsafeMutableRawPointer) -> Bool {
        var place = 0
        // Reading and writing beyond the value's end stays within the buffers' slack.
        while place < count {
            let word = source.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            target.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
            if marks.found(in: word, first: count - place) { return false }
            place += 8
        }
        return true
    }

    /// Any value, with everything that may have to be done to it.
    private func put(_ value: UnsafeRawBufferPointer, column: Int) throws {
        let isFormula = format.formulaGuard == .prefix && FieldMarks.beginsFormula(value)
        if isFormula { guardedCount += 1 }
        output.reserve(2 * value.count + 16)
        guard marks.stand(in: value) || isAlwaysEnclosed[column] else {
            if isFormula { output.append(0x27) }
            return output.append(value)
        }
        guard let enclosure else { return try putUnenclosed(value, column: column, isFormula: isFormula) }
        output.append(enclosure)
        if isFormula { append(enclosure == 0x27 ? [0x27, 0x27] : [0x27]) }
        for byte in value {
            if byte == enclosure { output.append(enclosure) }
            output.append(byte)
        }
        output.append(enclosure)
    }

    private func putUnenclosed(_ value: UnsafeRawBufferPointer, column: Int, isFormula: Bool) throws {
        if isFormula { output.append(0x27) }
        var place = 0
        while place < value.count {
            let byte = value[place]
            let isDelimiter = byte == delimiter[0] && value[place...].starts(with: delimiter)
            let isSpecial = isDelimiter || byte == 0x0A || byte == 0x0D || (format.unenclosed == .escape && byte == Self.backslash)
            let length = isDelimiter ? delimiter.count : 1
            if isSpecial {
                switch format.unenclosed {
                case .refuse: throw refusal(column: column, byte: byte)
                case .replace:
                    output.append(0x20)
                    replacedCount += 1
                    place += length
                    continue
                case .escape: output.append(Self.backslash)
                }
            }
            append(value[place..<(place + length)])
            place += length
        }
    }

    /// A record of one empty value, which without an enclosure would be an empty line and no record.
    private func writeEmptyRecord() throws {
        guard let enclosure else { throw refusal(column: 0, byte: nil) }
        append([enclosure, enclosure])
    }

    private func refusal(column: Int, byte: UInt8?) -> ConnectError {
        let what =
            switch byte {
            case nil: "is empty, and an empty line is no record"
            case 0x0A?, 0x0D?: "holds a line end"
            default: "holds the delimiter \"\(format.layout.delimiter)\""
            }
        return ConnectError(
            "export.unenclosed", .data,
            "Record \(recordCount + 1) or one soon after it cannot be told apart: \(columns[column].name) \(what), and the file has no enclosure.",
            remedy: "Choose another delimiter, `file.enclosure: double`, or `file.unenclosed: replace` or `escape`.")
    }

    private func append(_ bytes: some Collection<UInt8>) {
        for byte in bytes { output.append(byte) }
    }

    private func flush() throws {
        guard output.count > 0 else { return }
        try sink.write(output.bytes)
        output.removeAll()
    }
}

public import ConnectModel

/// What the first bytes of a file suggest about its format (IMP-18). A suggestion: a job says what holds.
public struct FormatDetection: Sendable, Equatable {
    public enum LineEnd: String, Sendable, Codable {
        case lf = "LF"
        case crlf = "CRLF"
        case cr = "CR"
        case mixed
    }

    public var charset: FileCharacterSet
    /// `,`, tab, `;`, `|` or another; a comma where the file has one column only.
    public var delimiter: String
    public var enclosure: DelimitedFormat.Enclosure
    public var hasHeader: Bool
    /// nil when the sample holds no line end.
    public var lineEnd: LineEnd?
    /// Names in the first record, or COLUMN1, COLUMN2, … without header.
    public var columnNames: [String]
    /// The narrowest type that holds each column's values in the sample.
    public var columnTypes: [FieldType]
    /// The format that most of the columns of timestamps are written in; nil where there are none.
    public var dateFormat: NamedDateFormat?
    /// Records of the sample below the header, at most 1,000.
    public var rows: [[String]]

    /// Looks at up to the first 256 KiB of `sample`, the beginning of a file; `isWholeFile` when nothing follows it.
    public init(sample: [UInt8], isWholeFile: Bool = false) {
        let whole = isWholeFile && sample.count <= Self.mostBytes
        let sample = Array(sample.prefix(Self.mostBytes))
        charset = Self.charset(of: sample, isWhole: whole)
        var text = Self.text(sample, charset)
        if !whole, let cut = text.lastIndex(where: { $0 == 0x0A || $0 == 0x0D }) { text.removeSubrange((cut + 1)...) }
        lineEnd = Self.lineEnd(in: text)
        let shape = Self.shape(of: text)
        delimiter = shape.delimiter
        enclosure = shape.enclosure
        let records = shape.records
        let types = ColumnTypeGuess.types(of: records.dropFirst())
        hasHeader = Self.looksLikeHeader(records, types)
        let width = records.first?.count ?? 0
        columnNames = hasHeader ? records.first ?? [] : (0..<width).map { "COLUMN\($0 + 1)" }
        let below = Array(records.dropFirst(hasHeader ? 1 : 0))
        rows = below
        let found = hasHeader ? types : ColumnTypeGuess.types(of: records[...])
        columnTypes = found
        dateFormat = ColumnTypeGuess.dateFormat(of: below, columns: found.indices.filter { found[$0] == .timestamp })
    }

    private static let mostBytes = 256 << 10

    private static func charset(of sample: [UInt8], isWhole: Bool) -> FileCharacterSet {
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
        if sample.starts(with: [0xFF, 0xFE]) || sample.starts(with: [0xFE, 0xFF]) { return .utf16 }
        if let order = zeroBytes(in: sample) { return order }
        let valid = sample.withUnsafeBytes { bytes -> Bool in
            guard let base = bytes.baseAddress else { return true }
            let prefix = UTF8Validation.validPrefix(base, count: bytes.count)
            return prefix == bytes.count || (!isWhole && UTF8Validation.isCutOff(base + prefix, count: bytes.count - prefix))
        }
        return valid ? .utf8 : .windows1252
    }

    /// Text of mostly Latin letters in UTF-16 has a zero in every second byte.
    private static func zeroBytes(in sample: [UInt8]) -> FileCharacterSet? {
        let pairs = min(sample.count, 4096) / 2
        guard pairs >= 4 else { return nil }
        let even = (0..<pairs).count { sample[2 * $0] == 0 }
        let odd = (0..<pairs).count { sample[2 * $0 + 1] == 0 }
        if odd * 10 > pairs * 7 && even * 10 < pairs { return .utf16LittleEndian }
        return even * 10 > pairs * 7 && odd * 10 < pairs ? .utf16BigEndian : nil
    }

    private static func text(_ sample: [UInt8], _ charset: FileCharacterSet) -> [UInt8] {
        guard let source = try? charset.decoded(MemorySource(sample)) else { return [] }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while let count = try? piece.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 { text += piece[..<count] }
        return text
    }

    private static func lineEnd(in text: [UInt8]) -> LineEnd? {
        var found: Set<LineEnd> = []
        for (index, byte) in text.enumerated() {
            if byte == 0x0D { found.insert(index + 1 < text.count && text[index + 1] == 0x0A ? .crlf : .cr) }
            if byte == 0x0A && (index == 0 || text[index - 1] != 0x0D) { found.insert(.lf) }
        }
        return found.count > 1 ? .mixed : found.first
    }

    private struct Shape {
        var delimiter = ","
        var enclosure = DelimitedFormat.Enclosure.double
        var records: [[String]] = []
        var score = 0.0
    }

    /// Reads the sample in every likely way and takes the one under which most records have the same number, above one, of fields.
    private static func shape(of text: [UInt8]) -> Shape {
        var best = Shape()
        for delimiter in [",", "\t", ";", "|", ":", "^", "~", "\u{1}"] {
            for enclosure in [DelimitedFormat.Enclosure.double, .single, .none] {
                let shape = read(text, delimiter, enclosure)
                if best.records.isEmpty || shape.score > best.score { best = shape }
            }
        }
        if best.enclosure == .none || best.enclosure == .single && !hasEnclosed(text, 0x27) { best.enclosure = .double }
        return best
    }

    private static func hasEnclosed(_ text: [UInt8], _ enclosure: UInt8) -> Bool { text.contains(enclosure) }

    private static func read(_ text: [UInt8], _ delimiter: String, _ enclosure: DelimitedFormat.Enclosure) -> Shape {
        var shape = Shape(delimiter: delimiter, enclosure: enclosure)
        guard let format = try? DelimitedFormat(delimiter: delimiter, enclosure: enclosure, hasHeader: false),
            let reader = try? DelimitedReader(source: MemorySource(text), format: format), !reader.header.isEmpty
        else { return shape }
        while shape.records.count < 1000, let batch = try? reader.next() {
            for row in 0..<min(batch.rowCount, 1000) { shape.records.append(batch.columns.map { String(decoding: $0[row], as: UTF8.self) }) }
        }
        let total = Double(reader.recordCount + reader.malformedCount)
        guard total > 0 else { return shape }
        let agreement = Double(reader.recordCount) / total
        let enclosed = shape.records.contains { $0.contains { $0.first == "\"" || $0.first == "'" } }
        // Between ways that agree equally: more columns, then enclosures understood, then the double one.
        shape.score =
            agreement * 100 + (reader.header.count > 1 ? 50 : 0) + min(Double(reader.header.count), 40) / 10
            - (enclosed ? 2 : 0) - (enclosure == .single ? 0.02 : enclosure == .none ? 0.01 : 0)
        return shape
    }

    /// A header's names are all there, differ, are no numbers or dates, and at least look unlike the column beneath them or like names.
    private static func looksLikeHeader(_ records: [[String]], _ types: [FieldType]) -> Bool {
        guard let first = records.first else { return false }
        // Lines that end in delimiters have columns without a name at their end.
        let names = Array(first[..<(first.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? 0)])
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 100 }), Set(names).count == names.count else { return false }
        let own = ColumnTypeGuess.types(of: [names])
        if own.contains(.integer) || own.contains(.number) || own.contains(.timestamp) { return false }
        if names.contains(where: { $0.contains("@") }) { return false }
        if zip(own, types).contains(where: { $0 != $1 && [.integer, .number, .timestamp].contains($1) }) { return true }
        // Above addresses that have an @ stands a name that has none.
        if names.indices.contains(where: { column in isAddresses(records.dropFirst(), column) }) { return true }
        return names.allSatisfy {
            $0.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.numericType != nil || "_- .".unicodeScalars.contains($0) }
        }
    }

    private static func isAddresses(_ records: ArraySlice<[String]>, _ column: Int) -> Bool {
        let values = records.compactMap { column < $0.count && !$0[column].isEmpty ? $0[column] : nil }
        return !values.isEmpty && values.count { $0.contains("@") } * 10 >= values.count * 9
    }
}

extension FormatDetection {
    /// The type of a column for a job that reads timestamps in `dateFormat`: text where they are written otherwise.
    public func columnType(_ index: Int) -> FieldType {
        guard columnTypes[index] == .timestamp else { return columnTypes[index] }
        return dateFormat.map { ColumnTypeGuess.isWritten(index, $0, in: rows) } ?? false ? .timestamp : .str50
    }
}

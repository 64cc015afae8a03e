import ConnectModel

/// Reads a delimited text file as batches of records (IMP-3). One thread at a time.
///
/// Rows come in file order; column `i` of every batch is column `i` of `header`. A batch holds up to 8,192 records or about
/// 1 MiB of text, whichever is less. `DelimitedFormat` says what a field is. A record that cannot be read costs itself only:
///
/// - **Text behind a closing enclosure** (`ENCLOSURE_INVALID`) and **an enclosure that is not closed** before the end of the file or
///   within `maximumRecordBytes` (`ENCLOSURE_UNTERMINATED`): the record's first line is refused and reading goes on at the line
///   after it, so a stray enclosure never swallows the rest of the file. Where a file has so many of them that looking again
///   would cost more than eight times its size, an enclosed field must end on its own line until the balance is restored.
/// - **A record longer than `maximumRecordBytes`** (`RECORD_TOO_LONG`): reading goes on behind the next line end. Memory stays bounded.
/// - **A NUL** (`NUL_BYTE`), **bytes that are not of the character set** (`CHARSET_UNDECODABLE`), **too few or too many fields**
///   (`FIELDS_TOO_FEW`, `FIELDS_TOO_MANY`): the record is refused; reasons are looked for in this order.
///
/// Empty lines are passed over; in a file of one column, too. Lines are counted as they stand in the file, those inside
/// enclosed fields and empty ones included.
public final class DelimitedReader {
    /// Names of the columns, blanks around them removed; empty for an empty file. Without header line and names given: COLUMN1, COLUMN2, …
    public private(set) var header: [String]
    /// Well-formed records handed out so far.
    @exclusivity(unchecked) public private(set) var recordCount: Int64 = 0
    /// Records refused so far.
    public private(set) var malformedCount: Int64 = 0

    public static let mostColumns = 4096
    private static let rowLimit = 8192

    // Read and written for every record by one thread, so without exclusivity checks at run time.
    @exclusivity(unchecked) private var window: TextWindow
    @exclusivity(unchecked) private var scanner: RecordScanner
    @exclusivity(unchecked) private var writer: BatchWriter
    @exclusivity(unchecked) private var line: Int64 = 1
    @exclusivity(unchecked) private var rescan = RescanBudget()
    private let pool: BatchPool
    private let format: DelimitedFormat
    private let spans: UnsafeMutablePointer<FieldSpan>

    /// Reads up to the header. `columnNames` take the place of the header line, which is then passed over if the format has one.
    /// `batchBytes` is the size of the pieces the file is read in, 64 bytes to 64 MiB.
    /// Throws what the source throws, or `file.header` (data) when the first record cannot be read, or has not as many fields as names are given.
    public init(
        source: any ByteSource, charset: FileCharacterSet = .utf8, format: DelimitedFormat, columnNames: [String]? = nil,
        batchBytes: Int = 1 << 20
    ) throws {
        self.format = format
        let most = Self.mostColumns + 1
        spans = .allocate(capacity: most)
        scanner = RecordScanner(format: format, spans: spans, capacity: most)
        let slabBytes = min(max(batchBytes, 64), 64 << 20)
        let columnNames = columnNames?.isEmpty == true ? nil : columnNames
        pool = BatchPool(slabBytes: slabBytes)
        window = TextWindow(source: try charset.decoded(source), pool: pool, slabBytes: slabBytes, recordLimit: format.maximumRecordBytes)
        header = columnNames ?? []
        writer = BatchWriter(enclosure: format.enclosure.byte ?? 0)
        if format.hasHeader || columnNames == nil { try readHeader(columnNames) }
    }

    deinit { spans.deallocate() }

    /// The next batch, nil at the end of the file. It may hold malformed records only, and no row.
    public func next() throws -> RecordBatch? {
        guard !header.isEmpty else { return nil }
        let batch = pool.takeBatch(columnCount: header.count)
        writer.begin(batch, rowLimit: Self.rowLimit)
        defer { writer.end() }
        batch.raw = window.slab
        while batch.rowCount + batch.malformed.count < Self.rowLimit {
            switch scanRecord() {
            case .record(let end, let next, let lines):
                take(from: window.position, to: end, into: batch)
                line += 1 + Int64(lines)
                window.consume(to: next)
            case .blank(let next):
                line += 1
                window.consume(to: next)
            case .faulty(let reason, let lineEnd, let next, let scanned):
                refuse(reason, to: lineEnd, in: batch)
                rescan.note(scanned - next)
                line += 1
                window.consume(to: next)
            case .skip(let reason, let from, let lines):
                refuse(reason, to: window.end, in: batch)
                line += 1 + Int64(lines)
                try window.skipLine(from: from)
                if window.slab !== batch.raw { return batch }
            case .incomplete:
                if batch.rowCount + batch.malformed.count > 0 { return batch }
                try window.refill()
                batch.raw = window.slab
            case .end:
                if batch.rowCount + batch.malformed.count > 0 { return batch }
                pool.give(batch)
                return nil
            }
        }
        return batch
    }

    /// Takes back a batch that nobody reads any more, to be filled again. Any thread; optional, but keeps memory flat.
    public func recycle(_ batch: RecordBatch) { pool.give(batch) }

    private func scanRecord() -> RecordScanner.Result {
        scanner.scan(
            window.base, from: window.position, to: window.end, isLast: window.isLast,
            enclosureEndsOnLine: rescan.isSpent(after: window.consumed))
    }

    @inline(__always)
    private func take(from start: Int, to end: Int, into batch: RecordBatch) {
        let reason: RejectReason
        if scanner.holdsNUL {
            reason = .nulByte
        } else if !window.isValidText && !UTF8Validation.isValid(UnsafeRawBufferPointer(start: window.base + start, count: end - start)) {
            reason = .undecodable
        } else if scanner.fieldCount != batch.columnCount {
            reason = scanner.fieldCount < batch.columnCount ? .tooFewFields : .tooManyFields
        } else {
            writer.append(spans, window.base)
            batch.lineNumbers.append(line)
            batch.rawStarts.append(Int32(truncatingIfNeeded: start))
            batch.rawEnds.append(Int32(truncatingIfNeeded: end))
            batch.rowCount += 1
            recordCount += 1
            return
        }
        refuse(reason, to: end, in: batch)
    }

    private func refuse(_ reason: RejectReason, to end: Int, in batch: RecordBatch) {
        batch.malformed.append(MalformedRecord(line: line, reason: reason, raw: window.raw(to: end, recordLimit: format.maximumRecordBytes)))
        malformedCount += 1
    }
}

extension DelimitedReader {
    private func readHeader(_ given: [String]?) throws {
        while true {
            switch scanRecord() {
            case .blank(let next):
                line += 1
                window.consume(to: next)
            case .incomplete:
                try window.refill()
            case .end:
                return
            case .record(let end, let next, let lines):
                try takeHeader(given, to: end)
                guard format.hasHeader else { return }
                line += 1 + Int64(lines)
                window.consume(to: next)
                return
            case .faulty(let reason, _, let next, _):
                guard given != nil else { throw headerFault(reason) }
                line += 1
                window.consume(to: next)
                return
            case .skip(let reason, let from, let lines):
                guard given != nil else { throw headerFault(reason) }
                line += 1 + Int64(lines)
                try window.skipLine(from: from)
                return
            }
        }
    }

    private func takeHeader(_ given: [String]?, to end: Int) throws {
        let count = scanner.fieldCount
        if let given {
            guard count == given.count else {
                throw ConnectError(
                    "file.header", .data, "The job names \(given.count) columns, but the header line \(line) of the file has \(count).",
                    remedy: "Correct the names in the job or its mapping file, or check the delimiter.")
            }
            return
        }
        guard count <= Self.mostColumns else {
            throw ConnectError(
                "file.header", .data, "The first record has \(count) fields; at most \(Self.mostColumns) columns can be read.",
                remedy: "Check the delimiter, and that the file is text.")
        }
        guard format.hasHeader else {
            header = (1...count).map { "COLUMN\($0)" }
            return
        }
        let text = UnsafeRawBufferPointer(start: window.base + window.position, count: end - window.position)
        if scanner.holdsNUL { throw headerFault(.nulByte) }
        guard UTF8Validation.isValid(text) else { throw headerFault(.undecodable) }
        header = (0..<count).map { name(spans[$0]) }
    }

    private func name(_ span: FieldSpan) -> String {
        let bytes = UnsafeRawBufferPointer(start: window.base + Int(span.start), count: Int(span.end - span.start))
        var text = String(decoding: bytes, as: UTF8.self)
        if span.isDoubled, let enclosure = format.enclosure.character {
            text = BatchWriter.undoubled(text, enclosure: enclosure)
        }
        return String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private func headerFault(_ reason: RejectReason) -> ConnectError {
        ConnectError(
            "file.header", .data, "The column names in line \(line) cannot be read (\(reason.rawValue)): \(reason.sentence)",
            remedy: "Check the file's character set, delimiter and enclosure.")
    }
}

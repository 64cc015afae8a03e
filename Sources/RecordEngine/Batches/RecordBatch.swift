public import ConnectModel

/// Rows of text in Arrow layout (utf8 columns: 32-bit offsets, one data buffer a column), in file order.
///
/// An empty value is a value of length 0; text files know no other absence, and the store keeps it as NULL.
/// Beside the columns a batch holds each record's line number and raw bytes, so that a reject can be written
/// as it came (IMP-15). A batch is filled by one thread and then only read; whoever holds it last frees it.
///
/// `@unchecked Sendable`: it changes threads through a queue whose lock orders the memory, and only the reader or
/// checker that made it writes to it, before handing it over or after it was given back by `recycle`.
public final class RecordBatch: @unchecked Sendable {
    public let columnCount: Int
    @exclusivity(unchecked) public package(set) var rowCount: Int = 0
    public internal(set) var columns: [TextColumn]
    /// Line of the file on which each record begins, from 1.
    @exclusivity(unchecked) public package(set) var lineNumbers: [Int64] = []
    /// Records that stand between the rows of this batch but could not be read, in file order.
    @exclusivity(unchecked) public package(set) var malformed: [MalformedRecord] = []

    /// Where each record's raw bytes begin and end in `raw`, line end excluded.
    @exclusivity(unchecked) internal var rawStarts: [Int32] = []
    @exclusivity(unchecked) internal var rawEnds: [Int32] = []
    /// The piece of the file the rows were read from, as UTF-8. Several batches may share it.
    internal var raw: ByteBuffer?

    public init(columnCount: Int, rowCapacity: Int = 8192, byteCapacity: Int = 1 << 20) {
        self.columnCount = columnCount
        columns = (0..<columnCount).map { _ in TextColumn(rowCapacity: rowCapacity, byteCapacity: byteCapacity / max(columnCount, 1)) }
        lineNumbers.reserveCapacity(rowCapacity)
        rawStarts.reserveCapacity(rowCapacity)
        rawEnds.reserveCapacity(rowCapacity)
    }

    internal init(columns: [TextColumn]) {
        columnCount = columns.count
        self.columns = columns
    }

    /// The same rows with some of the columns, which both batches then hold. Without the raw records.
    public func picking(_ chosen: [Int]) -> RecordBatch {
        let picked = RecordBatch(columns: chosen.map { columns[$0] })
        picked.rowCount = rowCount
        picked.lineNumbers = lineNumbers
        return picked
    }

    /// The record as it stood in the file (in UTF-8, without its line end). Empty for rows that were not read from a file.
    public func rawRecord(_ row: Int) -> UnsafeRawBufferPointer {
        guard let raw, row < rawEnds.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: raw.bytes[Int(rawStarts[row])..<Int(rawEnds[row])])
    }

    /// What is kept of a record that is refused: its text as it stood in the file, or, of a row that was not read from a file, its values as a line of CSV.
    /// At most `MalformedRecord.rawLimit` bytes.
    package func keptRecord(_ row: Int) -> [UInt8] {
        guard raw == nil else { return Array(rawRecord(row).prefix(MalformedRecord.rawLimit)) }
        var line: [UInt8] = []
        for (index, column) in columns.enumerated() where line.count < MalformedRecord.rawLimit {
            if index > 0 { line.append(0x2C) }
            Self.appendCell(column[row].prefix(MalformedRecord.rawLimit), to: &line)
        }
        return Array(line.prefix(MalformedRecord.rawLimit))
    }

    /// Enclosed where a reader of CSV would otherwise see another value.
    private static func appendCell(_ value: some Collection<UInt8>, to line: inout [UInt8]) {
        guard value.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return line.append(contentsOf: value) }
        line.append(0x22)
        for byte in value { line += byte == 0x22 ? [0x22, 0x22] : [byte] }
        line.append(0x22)
    }

    /// Makes it empty, to be filled again by whoever owns it alone.
    package func removeAll() {
        rowCount = 0
        for column in columns { column.removeAll() }
        lineNumbers.removeAll(keepingCapacity: true)
        rawStarts.removeAll(keepingCapacity: true)
        rawEnds.removeAll(keepingCapacity: true)
        malformed.removeAll(keepingCapacity: true)
        raw = nil
    }
}

/// A record that could not be read; reading went on at the next one.
public struct MalformedRecord: Sendable, Equatable {
    /// Line of the file on which the record begins, from 1.
    public var line: Int64
    public var reason: RejectReason
    /// The record in UTF-8 (undecodable characters as byte FF), at most `rawLimit` bytes, line end excluded.
    public var raw: [UInt8]

    /// Most bytes kept of the raw text of a record that could not be read or was refused.
    public static let rawLimit = 16 << 10

    public init(line: Int64, reason: RejectReason, raw: [UInt8]) {
        self.line = line
        self.reason = reason
        self.raw = raw
    }
}

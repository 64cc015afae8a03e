/// One value of a row.
public enum FieldValue: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
}

/// Rows on their way to the host, column by column in Arrow's layout, so that handing them over copies each column once.
public struct RowBatch: Sendable {
    public let columns: [StreamColumn]
    public private(set) var count = 0
    var storage: [ColumnStorage]

    /// `columns` are those of the request.
    public init(columns: [StreamColumn], reserving rows: Int = 0) {
        self.columns = columns
        storage = columns.map { ColumnStorage($0.kind, rows) }
    }

    /// Adds a row with one value for each column, in their order. Throws `.internal` naming the column that a value does not fit,
    /// `.data` where the batch has more than 2 GiB of text in a column; the batch is then of no use.
    public mutating func append(_ row: [FieldValue]) throws(ConnectorError) {
        guard row.count == columns.count else {
            throw ConnectorError(.internal, "A row has \(row.count) values where the stream has \(columns.count) columns.")
        }
        for (index, value) in row.enumerated() {
            if value == .null && !columns[index].isNullable {
                throw ConnectorError(.internal, "The column \"\(columns[index].name)\" is never empty, and a row has no value for it.")
            }
            try storage[index].append(value, columns[index].name)
        }
        count += 1
    }
}

/// The values of one column. Which of the arrays are used depends on the kind.
struct ColumnStorage: Sendable {
    let kind: StreamColumn.Kind
    private(set) var count = 0
    private(set) var nullCount = 0
    /// A bit a row, least significant first; 1 is a value.
    private(set) var validity: [UInt8] = []
    private(set) var bits: [UInt8] = []
    private(set) var integers: [Int64] = []
    private(set) var doubles: [Double] = []
    private(set) var offsets: [Int32] = [0]
    private(set) var bytes: [UInt8] = []

    init(_ kind: StreamColumn.Kind, _ rows: Int) {
        self.kind = kind
        validity.reserveCapacity(rows / 8 + 1)
        switch kind {
        case .integer: integers.reserveCapacity(rows)
        case .double: doubles.reserveCapacity(rows)
        case .text: offsets.reserveCapacity(rows + 1)
        case .boolean: bits.reserveCapacity(rows / 8 + 1)
        }
    }

    mutating func append(_ value: FieldValue, _ name: String) throws(ConnectorError) {
        Self.append(value != .null, to: &validity, at: count)
        if value == .null { nullCount += 1 }
        switch (kind, value) {
        case (.integer, .integer(let number)): integers.append(number)
        case (.integer, .null): integers.append(0)
        case (.double, .double(let number)): doubles.append(number)
        case (.double, .null): doubles.append(0)
        case (.boolean, .boolean(let truth)): Self.append(truth, to: &bits, at: count)
        case (.boolean, .null): Self.append(false, to: &bits, at: count)
        case (.text, .text(let text)):
            bytes.append(contentsOf: text.utf8)
            guard bytes.count <= Int(Int32.max) else {
                throw ConnectorError(.data, "The column \"\(name)\" has more than 2 GiB of text in one batch: read fewer rows at a time.")
            }
            offsets.append(Int32(bytes.count))
        case (.text, .null): offsets.append(Int32(bytes.count))
        default: throw ConnectorError(.internal, "The column \"\(name)\" was given a value of another type.")
        }
        count += 1
    }

    private static func append(_ bit: Bool, to bytes: inout [UInt8], at index: Int) {
        if index % 8 == 0 { bytes.append(0) }
        if bit { bytes[index / 8] |= 1 << UInt8(index % 8) }
    }
}

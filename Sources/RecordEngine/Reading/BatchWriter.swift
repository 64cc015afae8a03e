/// Writes records into the columns of one batch. Between `begin` and `end` the columns' own counts are not up to date.
struct BatchWriter {
    /// A column's buffers laid open, so that writing a field touches no object.
    private struct OpenColumn {
        var data: UnsafeMutableRawPointer
        var count: Int
        var capacity: Int
        var offsets: UnsafeMutablePointer<Int32>
    }

    private let enclosure: UInt8
    private var open: [OpenColumn] = []
    private var batch: RecordBatch?
    private var rows = 0

    init(enclosure: UInt8) { self.enclosure = enclosure }

    /// Starts to fill an empty batch with at most `rowLimit` records.
    mutating func begin(_ batch: RecordBatch, rowLimit: Int) {
        self.batch = batch
        rows = 0
        open.removeAll(keepingCapacity: true)
        for column in batch.columns {
            column.offsets.reserve(rowLimit + 1)
            open.append(
                OpenColumn(
                    data: column.data.storage, count: column.data.length, capacity: column.data.capacity, offsets: column.offsets.storage))
        }
    }

    /// Hands the counts back to the columns.
    mutating func end() {
        guard let batch else { return }
        for (index, column) in batch.columns.enumerated() {
            column.data.length = open[index].count
            column.offsets.length = rows + 1
        }
        self.batch = nil
    }

    /// Appends one record whose fields stand at `spans` in `window`, one a column.
    @inline(__always)
    mutating func append(_ spans: UnsafePointer<FieldSpan>, _ window: UnsafeRawPointer) {
        rows += 1
        let (rows, enclosure, batch) = (rows, enclosure, batch)
        open.withUnsafeMutableBufferPointer { open in
            for index in 0..<open.count {
                let span = spans[index]
                let count = Int(span.end - span.start)
                if open[index].count + count > open[index].capacity { Self.grow(&open[index], batch?.columns[index], by: count) }
                let target = open[index].data + open[index].count
                let source = window + Int(span.start)
                if span.isDoubled {
                    open[index].count += Self.undouble(source, count, enclosure, into: target)
                } else {
                    // Wide copies run over the value's end into slack that every buffer has.
                    if count <= 16 {
                        target.storeBytes(of: source.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
                    } else if count <= 32 {
                        target.storeBytes(of: source.loadUnaligned(as: SIMD32<UInt8>.self), as: SIMD32<UInt8>.self)
                    } else {
                        target.copyMemory(from: source, byteCount: count)
                    }
                    open[index].count += count
                }
                open[index].offsets[rows] = Int32(truncatingIfNeeded: open[index].count)
            }
        }
    }

    @inline(never)
    private static func grow(_ column: inout OpenColumn, _ object: TextColumn?, by count: Int) {
        guard let data = object?.data else { return }
        data.length = column.count
        data.grow(count)
        column.data = data.storage
        column.capacity = data.capacity
    }

    /// Copies with each doubled enclosure written once; returns the bytes written.
    private static func undouble(_ source: UnsafeRawPointer, _ count: Int, _ enclosure: UInt8, into target: UnsafeMutableRawPointer) -> Int {
        var written = 0
        var index = 0
        while index < count {
            let byte = source.load(fromByteOffset: index, as: UInt8.self)
            target.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
            written += 1
            index += byte == enclosure ? 2 : 1
        }
        return written
    }

    /// The text with each doubled enclosure written once.
    static func undoubled(_ text: String, enclosure: Character) -> String {
        text.split(separator: "\(enclosure)\(enclosure)", omittingEmptySubsequences: false).joined(separator: String(enclosure))
    }
}

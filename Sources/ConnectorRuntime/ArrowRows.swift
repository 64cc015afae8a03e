import ConnectModel
import PluginABI

/// Arrow structs of a source turned into values, checked on the way: what a connector says about lengths is not believed.
/// Nothing here releases anything; whoever holds a struct does.
enum ArrowRows {
    /// Columns of a stream's schema. Throws `source.schema` naming the column whose type this host does not take.
    static func columns(of schema: ArrowSchema, stream: String) throws -> [SourceColumn] {
        guard let format = schema.format, String(cString: format) == "+s", schema.n_children > 0, let children = schema.children else {
            throw defect("Stream \"\(stream)\" has no columns: its schema is not a struct of them.")
        }
        return try (0..<Int(schema.n_children)).map { index in
            guard let child = children[index]?.pointee, let format = child.format else {
                throw defect("Column \(index + 1) of stream \"\(stream)\" has no type.")
            }
            let name = child.name.map { String(cString: $0) } ?? ""
            let type = String(cString: format)
            guard let kind = SourceColumn.Kind(rawValue: type), child.dictionary == nil else {
                throw ConnectError(
                    "source.schema", .configuration,
                    "Column \"\(name)\" of stream \"\(stream)\" has the Arrow type \"\(type)\", which this host does not take.",
                    remedy: "It takes utf8 (u), int64 (l), double (g) and bool (b): leave the column out, or ask the connector's author for one.")
            }
            return SourceColumn(name: name, kind: kind, isNullable: child.flags & Int64(ARROW_FLAG_NULLABLE) != 0)
        }
    }

    /// The rows of one batch. Throws `connector.defect` when the batch does not fit its schema or itself.
    static func rows(of batch: ArrowArray, columns: [SourceColumn]) throws -> [[SourceValue]] {
        guard isSize(batch.length), isSize(batch.offset), batch.n_children == Int64(columns.count), let children = batch.children else {
            throw defect("A batch has \(batch.n_children) columns where its schema has \(columns.count).")
        }
        let (start, count) = (Int(batch.offset), Int(batch.length))
        let read = try columns.enumerated().map { index, column in
            guard let child = children[index]?.pointee, child.length >= Int64(start) + Int64(count), isSize(child.offset) else {
                throw defect("Column \"\(column.name)\" is shorter than its batch.")
            }
            return try values(of: child, column, from: start, count: count)
        }
        return (0..<count).map { row in isValid(batch, start + row) ? read.map { $0[row] } : read.map { _ in .null } }
    }

    /// Sizes stay far from where sums of them overflow.
    private static func isSize(_ number: Int64) -> Bool { (0...Int64(Int32.max)).contains(number) }

    private static func values(of array: ArrowArray, _ column: SourceColumn, from start: Int, count: Int) throws -> [SourceValue] {
        let first = start + Int(array.offset)
        guard array.n_buffers == (column.kind == .text ? 3 : 2), let buffers = array.buffers else {
            throw defect("Column \"\(column.name)\" has \(array.n_buffers) buffers, which is not what its type has.")
        }
        guard count > 0 else { return [] }
        guard let data = buffers[1] else { throw defect("Column \"\(column.name)\" has no values.") }
        return try (0..<count).map { row in
            let index = first + row
            guard isBitSet(buffers[0], index) else { return .null }
            switch column.kind {
            case .integer: return .integer(data.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
            case .double: return .double(data.loadUnaligned(fromByteOffset: index * 8, as: Double.self))
            case .boolean: return .boolean(isBitSet(data, index))
            case .text: return .text(try text(data, buffers[2], index, column))
            }
        }
    }

    private static func text(_ offsets: UnsafeRawPointer, _ bytes: UnsafeRawPointer?, _ index: Int, _ column: SourceColumn) throws -> String {
        let start = Int(offsets.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        let end = Int(offsets.loadUnaligned(fromByteOffset: index * 4 + 4, as: Int32.self))
        guard start >= 0, end >= start else { throw defect("A text of column \"\(column.name)\" ends before it begins.") }
        guard end > start else { return "" }
        guard let bytes, let text = String(validating: UnsafeRawBufferPointer(start: bytes + start, count: end - start), as: UTF8.self) else {
            throw defect("A text of column \"\(column.name)\" is not UTF-8.")
        }
        return text
    }

    private static func isValid(_ array: ArrowArray, _ index: Int) -> Bool {
        array.n_buffers < 1 || isBitSet(array.buffers?[0], index)
    }

    /// A missing bitmap means all of them.
    private static func isBitSet(_ bitmap: UnsafeRawPointer?, _ index: Int) -> Bool {
        guard let bitmap else { return true }
        return bitmap.load(fromByteOffset: index / 8, as: UInt8.self) & (1 << UInt8(index % 8)) != 0
    }

    private static func defect(_ message: String) -> ConnectError { ConnectError("connector.defect", .internal, message) }
}

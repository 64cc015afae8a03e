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
        let open = try ArrowColumn.all(of: batch, columns)
        return try (0..<Int(batch.length)).map { row in
            let isThere = isValid(batch, row)
            return try open.map { isThere ? try value(of: $0, row) : .null }
        }
    }

    private static func value(of column: ArrowColumn, _ row: Int) throws -> SourceValue {
        guard !column.isNull(row) else { return .null }
        switch column.kind {
        case .integer: return .integer(column.integer(row))
        case .double: return .double(column.double(row))
        case .boolean: return .boolean(column.boolean(row))
        case .text:
            guard let text = String(validating: try column.text(row), as: UTF8.self) else { throw column.notText }
            return .text(text)
        }
    }

    /// Whether a row of the batch is one, and not null as a whole.
    static func isValid(_ batch: ArrowArray, _ row: Int) -> Bool {
        batch.n_buffers < 1 || ArrowColumn.isBitSet(batch.buffers?[0], Int(batch.offset) + row)
    }

    static func defect(_ message: String) -> ConnectError { ConnectError("connector.defect", .internal, message) }
}

import ConnectModel
import StoreAPI

/// Finds the rows that keys belong to. Keys are asked for in ascending order.
protocol KeyResolver: AnyObject {
    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch
}

enum KeyMatch {
    case none
    case one(Int64)
    case several
}

/// Walks the keys of a whole table beside those of a load: for loads that are large beside the table.
final class StreamResolver: KeyResolver {
    private let keys: any KeyStream
    private var present: (key: UnsafeRawBufferPointer, rowID: Int64)?

    /// The connection holds a lock or a read transaction, and its file is whole (`DatabaseFile.isWhole`).
    init(_ layout: MergeLayout, _ file: DatabaseFile, roots: TreeRoots, directory: String, memoryLimit: Int) throws {
        if let index = layout.keyIndex {
            keys = IndexKeyStream(try roots.reader(file, layout.keyed.indexes[index].name, isIndex: true), layout.key)
        } else {
            let rows = try roots.reader(file, layout.keyed.name, isIndex: false)
            keys = layout.keyIsRowID ? RowIDKeyStream(rows) : try SortedKeyStream(rows, layout, directory: directory, memoryLimit: memoryLimit)
        }
        present = try keys.next()
    }

    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch {
        while let candidate = present {
            let order = compareBytes(candidate.key, key)
            if order > 0 { return .none }
            let rowID = candidate.rowID
            present = try keys.next()
            guard order == 0 else { continue }
            if let next = present, compareBytes(next.key, key) == 0 { return .several }
            return .one(rowID)
        }
        return .none
    }
}

/// Asks for each key: for loads that are small beside the table, and for previews.
final class StatementResolver: KeyResolver {
    private let key: MatchKey
    private let lookUp: SQLiteStatement

    /// The connection may make temporary tables.
    init(_ layout: MergeLayout, _ connection: SQLiteConnection) throws {
        key = layout.key
        lookUp = try StatementResolver.lookUp(layout, connection)
    }

    /// Hashes have no index of their own in the list: one is made beside it, for this load.
    private static func lookUp(_ layout: MergeLayout, _ connection: SQLiteConnection) throws -> SQLiteStatement {
        let (table, id) = (layout.keyed.name, quoted(layout.keyed.idName))
        if layout.keys.count == 1, case .hash = layout.keys[0].part {
            let column = quoted(layout.keys[0].field)
            try connection.execute(
                """
                DROP TABLE IF EXISTS temp.hash_key;
                CREATE TEMP TABLE hash_key AS SELECT \(column) AS value, \(id) AS id FROM \(table) WHERE \(column) IS NOT NULL;
                CREATE INDEX temp.hash_key_by_value ON hash_key (value, id);
                """)
            return try connection.prepare("SELECT id FROM temp.hash_key WHERE value = ? LIMIT 2")
        }
        let condition = layout.keys.map { quoted($0.field) + " = ?" }.joined(separator: " AND ")
        return try connection.prepare("SELECT \(id) FROM \(table) WHERE \(condition) LIMIT 2")
    }

    func match(_ key: UnsafeRawBufferPointer) throws -> KeyMatch {
        defer { lookUp.reset() }
        for (index, part) in self.key.split(key).enumerated() {
            switch self.key.parts[index] {
            case .number: lookUp.bind(index + 1, MatchKey.number(part))
            case .hash: lookUp.bindBlob(index + 1, part)
            case .folded, .bytes: lookUp.bindText(index + 1, part)
            case .decimal:
                switch DecimalKey.value(part) {
                case .integer(let value): lookUp.bind(index + 1, value)
                case .double(let value): lookUp.bind(index + 1, value)
                }
            }
        }
        guard try lookUp.step() else { return .none }
        let id = lookUp.integer(0)
        return try lookUp.step() ? .several : .one(id)
    }
}

/// Where the tables and indexes of a file begin.
struct TreeRoots {
    private let pages: [String: UInt32]
    private let path: String

    init(_ connection: SQLiteConnection) throws {
        path = connection.path
        let statement = try connection.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
        var pages: [String: UInt32] = [:]
        while try statement.step() {
            if let name = statement.text(0) { pages[name] = UInt32(clamping: statement.integer(1)) }
        }
        self.pages = pages
    }

    func page(of name: String) throws -> UInt32 {
        guard let root = pages[name] else { throw AudienceStoreError.corrupt(path, "\(name) is not in it") }
        return root
    }

    func reader(_ file: DatabaseFile, _ name: String, isIndex: Bool) throws -> TreeReader {
        try TreeReader(file, root: try page(of: name), isIndex: isIndex)
    }
}

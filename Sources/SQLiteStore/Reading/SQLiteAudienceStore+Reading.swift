import ConnectModel
public import StoreAPI

extension SQLiteAudienceStore {
    public func values(of fields: [String], in name: String, ids: [Int64]) throws -> [Int64: [String?]] {
        try reading(name) { connection in
            let table = try TableFile.table(connection)
            for field in fields where table.field(field) == nil { throw AudienceStoreError.fieldMissing(field, table.name) }
            let layout = TableLayout(table)
            let statement = try connection.prepare(
                "SELECT \(fields.map(quoted).joined(separator: ", ")) FROM \(layout.name) WHERE \(quoted(layout.idName)) = ?")
            var found: [Int64: [String?]] = [:]
            for id in ids {
                statement.bind(1, id)
                if try statement.step() { found[id] = fields.indices.map(statement.shown) }
                statement.reset()
            }
            return found
        }
    }

    public func read(_ selection: RowSelection, _ body: (any RowReader) throws -> Void) throws {
        let (what, names) = try tables(of: selection)
        let snapshot = try TableSnapshot(of: names, in: self)
        if let reader = try TreeRowReader(selection, snapshot) { return try body(reader) }
        let guardian = QueryGuard(timeLimit: selection.timeLimitSeconds.map { .seconds($0) } ?? queryTimeLimit, tables: snapshot.readableNames)
        defer { QueryGuard.remove(snapshot.connection.handle) }
        let selected = try SelectionStatement(selection, snapshot, guardian)
        try body(StatementRowReader(selected, snapshot, guardian, what: what))
    }

    /// The tables that a selection reads, the one whose rows they are first; and how to call it.
    private func tables(of selection: RowSelection) throws -> (what: String, names: [String]) {
        switch selection.source {
        case .table(let name): return (name, [name])
        case .filtered(let name, let condition):
            let others = try named(in: condition).filter { $0 != name }
            return (name, [name] + others)
        case .view(let sql):
            let names = try named(in: sql)
            guard !names.isEmpty else { throw AudienceStoreError.query("it names no table") }
            return (names.joined(separator: ", "), names)
        }
    }

    /// Tables whose names stand in the text as words of their own; of names that differ in case alone, the one as it is written.
    private func named(in text: String) throws -> [String] {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { $0.lowercased() }
        let isWord = { (name: String) in name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }
        let found = try withCatalogue { try $0.entries().map(\.name) }.filter { name in
            isWord(name) ? words.contains(name.lowercased()) : text.lowercased().contains(name.lowercased())
        }
        return found.filter { name in !found.contains { $0 != name && $0.lowercased() == name.lowercased() && text.contains($0) } }
    }
}

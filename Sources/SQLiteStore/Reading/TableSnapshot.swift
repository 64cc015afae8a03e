import ConnectModel
import Foundation
import StoreAPI

/// Some tables of the store in one connection, each as it was when the snapshot was taken. Used by one thread.
final class TableSnapshot {
    struct Member {
        var table: AudienceTable
        var layout: TableLayout
        /// What the file is attached as.
        var schema: String
        var place: ChangeMark.Place

        /// The rows, under the table's own name.
        var aliased: String { "\(schema).\(layout.name) AS \(quoted(table.name))" }
    }

    /// The first of the names is `main`.
    let connection: SQLiteConnection
    let members: [Member]

    /// SQLite takes ten attached files beside the first.
    private static let most = 11

    /// `names` are those of tables that are there, each once.
    init(of names: [String], in store: SQLiteAudienceStore) throws {
        guard names.count <= Self.most else {
            throw AudienceStoreError.query("it names \(names.count) tables, and \(Self.most) are the most that can be read together")
        }
        (connection, members) = try store.snapshot(names)
    }

    var mark: ChangeMark { ChangeMark(Dictionary(uniqueKeysWithValues: members.map { ($0.table.name, $0.place) })) }

    /// Lets SQL name each table as people do; columns that nobody sees are not in it.
    func makeViews() throws {
        for member in members {
            let columns = member.table.fields.map { quoted($0.name) }.joined(separator: ", ")
            try connection.execute("CREATE TEMP VIEW \(quoted(member.table.name)) AS SELECT \(columns) FROM \(member.schema).\(member.layout.name)")
        }
    }

    /// What SQL may read here.
    var readableNames: Set<String> { Set(members.map(\.layout.name) + members.map(\.table.name)) }

    deinit { connection.rollback() }
}

extension SQLiteAudienceStore {
    private static let snapshotAttempts = 100

    /// A read transaction over the tables' present files. If one has moved on meanwhile, all is begun again.
    fileprivate func snapshot(_ names: [String]) throws -> (SQLiteConnection, [TableSnapshot.Member]) {
        for _ in 0..<Self.snapshotAttempts {
            let places = try places(of: names)
            guard let connection = try attached(places) else { continue }
            try connection.execute("BEGIN")
            var members: [TableSnapshot.Member] = []
            for (index, place) in places.enumerated() {
                let schema = index == 0 ? "main" : "t\(index)"
                // The first look fixes what the transaction sees of this file.
                let change = try TableFile.lastChange(connection, schema: schema)
                let table = try TableFile.table(connection, schema: schema)
                members.append(
                    .init(table: table, layout: TableLayout(table), schema: schema, place: .init(table: place.id, change: change)))
            }
            if try self.places(of: names) == places { return (connection, members) }
            connection.rollback()
        }
        throw AudienceStoreError.sqlite(code: 5, message: "the tables change too often", path: path)
    }

    private func places(of names: [String]) throws -> [AudienceCatalogue.Place] {
        try withCatalogue { catalogue in try names.map { try catalogue.requiredEntry(of: $0).place } }
    }

    /// Nil when a file has gone because its table has moved on.
    private func attached(_ places: [AudienceCatalogue.Place]) throws -> SQLiteConnection? {
        let paths = try withCatalogue { catalogue in places.map { catalogue.path($0) } }
        guard let first = paths.first, paths.allSatisfy({ access($0, F_OK) == 0 }) else { return nil }
        do {
            // Views are temporary tables, so this connection may write; its guard lets it read alone.
            let connection = try TableFile(path: first).open(.writing)
            connection.emptyLogIfFree()
            for (index, path) in paths.enumerated().dropFirst() {
                let statement = try connection.prepare("ATTACH ? AS t\(index)")
                statement.bind(1, path)
                try statement.run()
            }
            return connection
        } catch  where paths.contains(where: { access($0, F_OK) != 0 }) {
            return nil
        }
    }
}

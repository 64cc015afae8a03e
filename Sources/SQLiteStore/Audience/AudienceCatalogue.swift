import ConnectModel
import Foundation
import StoreAPI

/// `audience.sqlite`: the names of the tables and the file that holds each. Which generation stands here is what readers see,
/// so writing one number publishes a whole load.
final class AudienceCatalogue {
    struct Place: Equatable {
        var id: Int64
        var generation: Int64
    }

    let connection: SQLiteConnection
    private let directory: String

    init(path: String, failpoint: (String) -> Void = { _ in }) throws {
        connection = try SQLiteConnection(path: path, mode: .creating)
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        directory = AudienceCatalogue.directory(of: path)
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw AudienceStoreError.system(errno, "created", directory) }
        let first = FirstListFiles(besides: path)
        try AudienceMigrations.bring(connection, to: AudienceMigrations.catalogue) { version in
            if version == 1 { try first.convert(connection) }
            failpoint("upgrade.lists-written")
        }
        try first.remove()
    }

    /// Where the tables' files are: "…/audience.sqlite" has them in "…/audience.tables".
    static func directory(of path: String) -> String { (path as NSString).deletingPathExtension + ".tables" }

    func path(_ place: Place) -> String { "\(directory)/table-\(place.id)-\(place.generation).sqlite" }

    /// What the catalogue itself knows of a table.
    struct Entry {
        var name: String
        var kind: TableKind
        var owner: String?
        var expiresAtUnixMilliseconds: Int64?
        var place: Place
    }

    func entry(of table: String) throws -> Entry? { try entries("WHERE name = ?", table).first }
    func place(of table: String) throws -> Place? { try entry(of: table)?.place }

    func requiredEntry(of table: String) throws -> Entry {
        guard let entry = try entry(of: table) else { throw AudienceStoreError.tableMissing(table, try entries().map(\.name)) }
        return entry
    }

    /// By name.
    func entries() throws -> [Entry] { try entries("ORDER BY name", nil) }

    private func entries(_ which: String, _ value: String?) throws -> [Entry] {
        let statement = try connection.prepare("SELECT name, kind, owner, expires_at, id, generation FROM audience_table \(which)")
        if let value { statement.bind(1, value) }
        var found: [Entry] = []
        while try statement.step() {
            guard let name = statement.text(0), let kind = statement.text(1).flatMap(TableKind.init(rawValue:)) else {
                throw AudienceStoreError.corrupt(connection.path, "a table is of no known kind")
            }
            found.append(
                Entry(
                    name: name, kind: kind, owner: statement.text(2), expiresAtUnixMilliseconds: statement.isNull(3) ? nil : statement.integer(3),
                    place: Place(id: statement.integer(4), generation: statement.integer(5))))
        }
        return found
    }

    /// Call in a transaction. The number is never given again.
    func add(_ table: AudienceTable) throws -> Place {
        let statement = try connection.prepare(
            "INSERT INTO audience_table (name, generation, kind, owner, expires_at) VALUES (?, 1, ?, ?, ?) RETURNING id")
        statement.bind(1, table.name)
        statement.bind(2, table.kind.rawValue)
        if let owner = table.owner { statement.bind(3, owner) }
        if let expiry = table.expiresAtUnixMilliseconds { statement.bind(4, expiry) }
        guard try statement.step() else { throw AudienceStoreError.corrupt(connection.path, "a table got no number") }
        return Place(id: statement.integer(0), generation: 1)
    }

    /// Makes the next generation the one that counts. False when somebody else has changed the table meanwhile.
    func publish(after place: Place) throws -> Bool {
        try connection.transaction {
            let statement = try connection.prepare("UPDATE audience_table SET generation = generation + 1 WHERE id = ? AND generation = ?")
            statement.bind(1, place.id)
            statement.bind(2, place.generation)
            try statement.run()
            return connection.changes == 1
        }
    }

    /// Call in a transaction.
    func remove(_ place: Place) throws {
        let statement = try connection.prepare("DELETE FROM audience_table WHERE id = ?")
        statement.bind(1, place.id)
        try statement.run()
    }

    /// Files that are there, by table and generation.
    func files() -> [Place] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("table-"), name.hasSuffix(".sqlite") else { return nil }
            let numbers = name.dropFirst(6).dropLast(7).split(separator: "-").compactMap { Int64($0) }
            return numbers.count == 2 ? Place(id: numbers[0], generation: numbers[1]) : nil
        }
    }
}

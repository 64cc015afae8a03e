import ConnectModel
import Foundation
import StoreAPI

/// `audience.sqlite`: the names of the lists and the file that holds each. Which generation stands here is what readers see,
/// so writing one number publishes a whole load.
final class AudienceCatalogue {
    struct Place: Equatable {
        var id: Int64
        var generation: Int64
    }

    let connection: SQLiteConnection
    private let directory: String

    init(path: String) throws {
        connection = try SQLiteConnection(path: path, mode: .creating)
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        try AudienceMigrations.bring(connection, to: AudienceMigrations.catalogue)
        directory = AudienceCatalogue.directory(of: path)
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw AudienceStoreError.system(errno, "created", directory) }
    }

    /// Where the lists' files are: "…/audience.sqlite" has them in "…/audience.lists".
    static func directory(of path: String) -> String { (path as NSString).deletingPathExtension + ".lists" }

    func path(_ place: Place) -> String { "\(directory)/list-\(place.id)-\(place.generation).sqlite" }

    func place(of list: String) throws -> Place? {
        let statement = try connection.prepare("SELECT id, generation FROM list WHERE name = ?")
        statement.bind(1, list)
        return try statement.step() ? Place(id: statement.integer(0), generation: statement.integer(1)) : nil
    }

    func requiredPlace(of list: String) throws -> Place {
        guard let place = try place(of: list) else { throw AudienceStoreError.listMissing(list, try names().map(\.name)) }
        return place
    }

    func names() throws -> [(name: String, place: Place)] {
        let statement = try connection.prepare("SELECT name, id, generation FROM list ORDER BY name")
        var found: [(name: String, place: Place)] = []
        while try statement.step() {
            found.append((statement.text(0) ?? "", Place(id: statement.integer(1), generation: statement.integer(2))))
        }
        return found
    }

    /// Call in a transaction. The number is never given again.
    func add(_ list: String) throws -> Place {
        let statement = try connection.prepare("INSERT INTO list (name, generation) VALUES (?, 1) RETURNING id")
        statement.bind(1, list)
        guard try statement.step() else { throw AudienceStoreError.corrupt(connection.path, "a list got no number") }
        return Place(id: statement.integer(0), generation: 1)
    }

    /// Makes the next generation the one that counts. False when somebody else has changed the list meanwhile.
    func publish(after place: Place) throws -> Bool {
        try connection.transaction {
            let statement = try connection.prepare("UPDATE list SET generation = generation + 1 WHERE id = ? AND generation = ?")
            statement.bind(1, place.id)
            statement.bind(2, place.generation)
            try statement.run()
            return connection.changes == 1
        }
    }

    /// Call in a transaction.
    func remove(_ place: Place) throws {
        let statement = try connection.prepare("DELETE FROM list WHERE id = ?")
        statement.bind(1, place.id)
        try statement.run()
    }

    /// Files of lists that are there, by list and generation.
    func files() -> [Place] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("list-"), name.hasSuffix(".sqlite") else { return nil }
            let numbers = name.dropFirst(5).dropLast(7).split(separator: "-").compactMap { Int64($0) }
            return numbers.count == 2 ? Place(id: numbers[0], generation: numbers[1]) : nil
        }
    }
}

import ConnectModel
import Foundation

/// Lists as the first layout of the audience had them: files `audience.lists/list-3-7.sqlite`, whose properties name the fields alone and whose rows do
/// not say which load wrote them.
struct FirstListFiles {
    private let directory: String
    private let tables: String

    /// - Parameter path: of the catalogue.
    init(besides path: String) {
        directory = (path as NSString).deletingPathExtension + ".lists"
        tables = AudienceCatalogue.directory(of: path)
    }

    /// Writes each list's rows and ledger into a file of the layout of now. Called in the transaction that brings the catalogue on; cut off before its
    /// end it has changed nothing, and is repeated.
    func convert(_ catalogue: SQLiteConnection) throws {
        let lists = try catalogue.prepare("SELECT name, id, generation FROM list")
        while try lists.step() {
            let number = "\(lists.integer(1))-\(lists.integer(2)).sqlite"
            try convert(lists.text(0) ?? "", from: "\(directory)/list-\(number)", to: "\(tables)/table-\(number)")
        }
    }

    /// What is of no more use once the catalogue names the new files.
    func remove() throws {
        guard access(directory, F_OK) == 0 else { return }
        try FileManager.default.removeItem(atPath: directory)
    }

    private func convert(_ name: String, from old: String, to new: String) throws {
        let source = try SQLiteConnection(path: old, mode: .reading)
        guard let fields = try TableFile.property("fields", source) else {
            throw AudienceStoreError.corrupt(old, "it does not say which fields the list \"\(name)\" has")
        }
        let table = AudienceTable(name: name, customFields: try decode(fields))
        let columns = TableLayout(table).columns.map { quoted($0.name) }
        let change = quoted(TableLayout.change.name)
        TableFile.remove(new)
        try TableFile.create(at: new, for: table)
        let target = try TableFile(path: new).open(.writing)
        let attachment = try target.prepare("ATTACH ? AS old")
        attachment.bind(1, old)
        _ = try attachment.step()
        // All that is there counts as the first load: later ones are told apart from it.
        try target.transaction {
            try target.execute(
                """
                INSERT INTO recipients (\(columns.joined(separator: ", ")))
                SELECT \(columns.map { $0 == change ? "1" : $0 }.joined(separator: ", ")) FROM old.recipients ORDER BY 1;
                INSERT INTO ledger SELECT * FROM old.ledger;
                """)
            try TableFile.setProperty("last_change", "1", target)
            if let next = try TableFile.property("next_riid", source) { try TableFile.setProperty("next_riid", next, target) }
        }
    }
}

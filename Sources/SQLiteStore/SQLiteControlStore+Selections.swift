public import ConnectModel
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func savedSelections(_ kind: SavedSelection.Kind) throws -> [SavedSelection] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT body FROM selection WHERE kind = ? ORDER BY name", arguments: [kind.rawValue]).map(decode)
        }
    }

    public func savedSelection(_ kind: SavedSelection.Kind, named name: String) throws -> SavedSelection? {
        try read { db in try fetch(kind, name, db) }
    }

    public func save(_ selection: SavedSelection) throws {
        try write { db in
            let before = try fetch(selection.kind, selection.name, db)
            try db.execute(
                sql: "INSERT INTO selection (kind, name, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                arguments: [selection.kind.rawValue, selection.name, try encode(selection)])
            try record(db, "\(selection.kind.rawValue)/\(selection.name)", before: before, after: selection)
        }
    }

    public func removeSelection(_ kind: SavedSelection.Kind, named name: String) throws {
        try write { db in
            let before = try fetch(kind, name, db)
            try db.execute(sql: "DELETE FROM selection WHERE kind = ? AND name = ?", arguments: [kind.rawValue, name])
            try record(db, "\(kind.rawValue)/\(name)", before: before, after: SavedSelection?.none)
        }
    }

    private func fetch(_ kind: SavedSelection.Kind, _ name: String, _ db: Database) throws -> SavedSelection? {
        try String.fetchOne(db, sql: "SELECT body FROM selection WHERE kind = ? AND name = ?", arguments: [kind.rawValue, name]).map(decode)
    }

    public func exportMark(of job: JobID) throws -> (run: RunID, mark: ChangeMark)? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT run, mark FROM export_mark WHERE job = ?", arguments: [job.value]).map { row in
                (RunID(job: job, number: row["run"]), try decode(row["mark"]))
            }
        }
    }

    /// In the transaction that ends the run: a watermark that has moved and a run that has succeeded are one.
    func moveMark(of run: Run, _ db: Database) throws {
        guard run.status == .succeeded, let export = run.export else { return }
        try db.execute(
            sql: "INSERT INTO export_mark (job, run, mark) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET run = excluded.run, mark = excluded.mark",
            arguments: [run.id.job.value, run.id.number, try encode(export.to)])
    }
}

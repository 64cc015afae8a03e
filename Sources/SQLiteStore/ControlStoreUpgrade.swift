import GRDB

/// Brings the tables of `control.sqlite` up to date.
///
/// All steps that a file has not seen yet are one transaction: whoever is cut off leaves the file as it was, and of several processes one makes the
/// upgrade while the others wait. A `DatabaseMigrator` commits each step by itself and looks which are missing before it waits; its table of names is
/// kept, since the first homes have it.
struct ControlStoreUpgrade {
    let path: String
    /// Called before the tables of an older version are changed; throws to leave them alone.
    let mayUpgrade: () throws -> Void
    let failpoint: (String) -> Void

    func perform(_ database: DatabasePool) throws {
        // Nearly always there is nothing to do, and to learn that keeps nobody from writing.
        guard try !database.read({ try pending($0) }).isEmpty else { return }
        try database.barrierWriteWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                try db.execute(sql: "CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                let steps = try pending(db)
                if steps.count < ControlStoreMigrations.steps.count, !steps.isEmpty { try mayUpgrade() }
                for step in steps {
                    try step.apply(db)
                    try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES (?)", arguments: [step.name])
                    failpoint("upgrade.step")
                }
                failpoint("upgrade.before-commit")
                return .commit
            }
        }
        failpoint("upgrade.after-commit")
    }

    private func pending(_ db: Database) throws -> [ControlStoreMigrations.Step] {
        guard try db.tableExists("grdb_migrations") else { return ControlStoreMigrations.steps }
        let applied = try String.fetchSet(db, sql: "SELECT identifier FROM grdb_migrations")
        let unknown = applied.subtracting(ControlStoreMigrations.steps.map(\.name))
        guard unknown.isEmpty else { throw ControlStoreError.newer(path, unknown: unknown.sorted()) }
        return ControlStoreMigrations.steps.filter { !applied.contains($0.name) }
    }
}

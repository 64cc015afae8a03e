import GRDB

/// The tables of `control.sqlite`. A migration is never edited once it has shipped; changes are new ones.
enum ControlStoreMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("001-foundation") { db in
            try db.execute(
                sql: """
                    CREATE TABLE server (
                        name TEXT PRIMARY KEY NOT NULL,
                        body TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE secret (
                        owner TEXT NOT NULL,
                        key TEXT NOT NULL,
                        sealed BLOB NOT NULL,
                        PRIMARY KEY (owner, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE job (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        name TEXT NOT NULL UNIQUE,
                        body TEXT NOT NULL
                    );
                    CREATE TABLE run (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        job INTEGER NOT NULL,
                        epoch INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        status TEXT NOT NULL,
                        body TEXT NOT NULL
                    );
                    CREATE INDEX run_of_job ON run (job, number);
                    -- One run of a job at a time (SCH-5), kept by the database whoever asks.
                    CREATE UNIQUE INDEX run_unfinished ON run (job) WHERE state <> 'finished';
                    """)
        }
        migrator.registerMigration("002-account") { db in
            try db.execute(sql: "CREATE TABLE account (id INTEGER PRIMARY KEY CHECK (id = 1), capabilities TEXT NOT NULL)")
        }
        migrator.registerMigration("003-outbox") { db in
            try db.execute(
                sql: """
                    CREATE TABLE outbox (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        -- What is delivered one at a time: 'mail', 'hook/crm'.
                        lane TEXT NOT NULL,
                        state TEXT NOT NULL,
                        due INTEGER NOT NULL,
                        settled INTEGER,
                        body TEXT NOT NULL
                    );
                    CREATE INDEX outbox_due ON outbox (due, number) WHERE state = 'waiting';
                    CREATE INDEX outbox_state ON outbox (state, settled);
                    CREATE TABLE hook (
                        name TEXT PRIMARY KEY NOT NULL,
                        body TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE setting (
                        name TEXT PRIMARY KEY NOT NULL,
                        body TEXT NOT NULL
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("004-audit") { db in
            try db.execute(
                sql: """
                    CREATE TABLE audit (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        at INTEGER NOT NULL,
                        actor TEXT NOT NULL,
                        object TEXT NOT NULL,
                        body TEXT NOT NULL
                    );
                    CREATE INDEX audit_object ON audit (object, number);
                    -- The name of the key that a secret is sealed under; '' for those of before keys had names.
                    ALTER TABLE secret ADD COLUMN sealing_key TEXT NOT NULL DEFAULT '';
                    """)
        }
        migrator.registerMigration("job-state-and-profiles") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job_state (
                        job INTEGER NOT NULL,
                        key TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (job, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE connector_profile (connector TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}

import GRDB

/// The tables of `control.sqlite`, as named steps. A step is never edited once it has shipped; changes are new ones.
enum ControlStoreMigrations {
    struct Step: Sendable {
        let name: String
        let apply: @Sendable (Database) throws -> Void

        init(_ name: String, _ apply: @escaping @Sendable (Database) throws -> Void) {
            self.name = name
            self.apply = apply
        }
    }

    static let steps = [foundation, account, outbox, audit, jobStateAndProfiles, schedules, exports, jobListing]

    private static let foundation = Step("001-foundation") { db in
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

    private static let account = Step("002-account") { db in
        try db.execute(sql: "CREATE TABLE account (id INTEGER PRIMARY KEY CHECK (id = 1), capabilities TEXT NOT NULL)")
    }

    private static let outbox = Step("003-outbox") { db in
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

    private static let audit = Step("004-audit") { db in
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

    private static let jobStateAndProfiles = Step("job-state-and-profiles") { db in
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

    /// Next starts, what became of earlier ones, and groups (SCH, GRP).
    private static let schedules = Step("006-schedules") { db in
        try db.execute(
            sql: """
                CREATE TABLE due (
                    owner INTEGER PRIMARY KEY NOT NULL,
                    is_group INTEGER NOT NULL,
                    seed INTEGER NOT NULL,
                    slot INTEGER NOT NULL,
                    at INTEGER NOT NULL,
                    waiting INTEGER NOT NULL
                );
                CREATE INDEX due_at ON due (at) WHERE waiting <> 1;
                CREATE INDEX due_waiting ON due (owner) WHERE waiting = 1;
                -- The due key: a start becomes a run once, whoever asks and whatever the clock does.
                CREATE TABLE start (
                    owner INTEGER NOT NULL,
                    slot INTEGER NOT NULL,
                    last_slot INTEGER NOT NULL,
                    body TEXT NOT NULL,
                    PRIMARY KEY (owner, slot)
                ) WITHOUT ROWID;
                CREATE INDEX start_slot ON start (slot);
                CREATE TABLE watched_job (
                    job INTEGER PRIMARY KEY NOT NULL,
                    every_seconds INTEGER NOT NULL
                );
                CREATE TABLE job_group (
                    id INTEGER PRIMARY KEY NOT NULL,
                    name TEXT NOT NULL UNIQUE,
                    body TEXT NOT NULL
                );
                -- A job is in one group at most (GRP-1).
                CREATE TABLE group_member (
                    job INTEGER PRIMARY KEY NOT NULL,
                    job_group INTEGER NOT NULL
                );
                CREATE TABLE group_run (
                    number INTEGER PRIMARY KEY NOT NULL,
                    job_group INTEGER NOT NULL,
                    finished INTEGER NOT NULL,
                    body TEXT NOT NULL
                );
                CREATE INDEX group_run_of_group ON group_run (job_group, number);
                CREATE UNIQUE INDEX group_run_unfinished ON group_run (job_group) WHERE finished = 0;
                """)
    }

    private static let exports = Step("007-exports") { db in
        try db.execute(
            sql: """
                -- Filters, audiences and views.
                CREATE TABLE selection (
                    kind TEXT NOT NULL,
                    name TEXT NOT NULL,
                    body TEXT NOT NULL,
                    PRIMARY KEY (kind, name)
                ) WITHOUT ROWID;
                -- What the last export of a job that succeeded has read up to.
                CREATE TABLE export_mark (
                    job INTEGER PRIMARY KEY,
                    run INTEGER NOT NULL,
                    mark TEXT NOT NULL
                );
                """)
    }
}

import ConnectModel
import GRDB

extension ControlStoreMigrations {
    /// What lists of jobs are filtered and ordered by, for the jobs that there are (MGT-1).
    static let jobListing = Step("008-job-listing") { db in
        try db.execute(
            sql: """
                CREATE TABLE job_listing (
                    job INTEGER PRIMARY KEY NOT NULL,
                    kind TEXT NOT NULL,
                    active INTEGER NOT NULL,
                    -- What its schedule comes to: 'recurring'.
                    schedule TEXT NOT NULL,
                    -- The last run that was asked for; '' and 0 where there is none, or it has not begun.
                    last_run INTEGER,
                    last_status TEXT NOT NULL DEFAULT '',
                    last_started INTEGER NOT NULL DEFAULT 0,
                    -- In lower case.
                    sought_name TEXT NOT NULL,
                    sought_description TEXT NOT NULL
                );
                CREATE INDEX job_listing_kind ON job_listing (kind);
                """)
        let bodies = try String.fetchCursor(db, sql: "SELECT body FROM job")
        while let body = try bodies.next() {
            let job: Job = try decode(body)
            try db.execute(
                sql: "INSERT INTO job_listing (job, kind, active, schedule, sought_name, sought_description) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    job.id.value, job.kind, job.active, Schedule(definition: job.definition).kind.rawValue, SoughtText.of(job.name),
                    SoughtText.of(job.description),
                ])
        }
        try db.execute(
            sql: """
                UPDATE job_listing SET (last_run, last_status, last_started) = (run.number, run.status, coalesce(json_extract(run.body, '$.startedAtUnixMilliseconds'), 0))
                FROM run WHERE run.number = (SELECT max(number) FROM run WHERE run.job = job_listing.job)
                """)
    }
}

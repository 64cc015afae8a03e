public import ConnectModel
import Foundation
import GRDB
public import StoreAPI

extension SQLiteControlStore {
    public func jobs(_ query: JobQuery, interrupted: [RunID]) throws -> [JobListing] {
        let page = JobListingStatement(query, interrupted: interrupted)
        return try read { db in
            // Bodies are long: a sort would carry those of every job along. So numbers are found first, then what belongs to each that is shown.
            let line = try db.cachedStatement(sql: JobListingStatement.line)
            return try Int64.fetchAll(db, sql: page.sql, arguments: page.arguments).compactMap { number in
                try Row.fetchOne(line, arguments: [number]).map(JobListing.init)
            }
        }
    }

    /// What lists of jobs are filtered and ordered by, beside the job: narrow rows, so that looking through all of them reads no definition.
    /// Called in the transaction that writes the job.
    func writeListing(of job: Job, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO job_listing (job, kind, active, schedule, sought_name, sought_description) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (job) DO UPDATE SET kind = excluded.kind, active = excluded.active, schedule = excluded.schedule,
                    sought_name = excluded.sought_name, sought_description = excluded.sought_description
                """,
            arguments: [
                job.id.value, job.kind, job.active, Schedule(definition: job.definition).kind.rawValue, SoughtText.of(job.name),
                SoughtText.of(job.description),
            ])
    }

    /// Called in the transaction that writes the run. Only the last run of its job stands in lists; jobs that are gone stand in none.
    func writeListing(of run: Run, isNew: Bool, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE job_listing SET last_run = ?1, last_status = ?2, last_started = ?3 WHERE job = ?4 AND (?5 OR last_run = ?1)",
            arguments: [run.id.number, run.status.rawValue, run.startedAtUnixMilliseconds ?? 0, run.id.job.value, isNew])
    }
}

/// Text as it is looked for: whatever its case, and however its accents are written.
enum SoughtText {
    static func of(_ text: String) -> String { text.lowercased().precomposedStringWithCanonicalMapping }
}

extension JobListing {
    fileprivate init(_ row: Row) throws {
        let lastRun: String? = row["run_body"]
        let slot: Int64? = row["slot"]
        let at: Int64? = row["at"]
        self.init(
            job: try decode(row["job_body"]), group: row["group_name"], lastRun: try lastRun.map(decode),
            next: slot.flatMap { slot in at.map { ScheduledStart(slot: slot, at: $0) } })
    }
}

/// The numbers of the jobs on a page, in their order, as one statement over narrow rows.
private struct JobListingStatement {
    private(set) var sql: String
    private(set) var arguments: StatementArguments = []

    /// Everything that a list shows of one job.
    static let line = """
        SELECT job.body AS job_body, job_group.name AS group_name, run.body AS run_body, due.slot, due.at
        FROM job
        LEFT JOIN job_listing ON job_listing.job = job.id
        LEFT JOIN group_member ON group_member.job = job.id
        LEFT JOIN job_group ON job_group.id = group_member.job_group
        LEFT JOIN due ON due.owner = job.id
        LEFT JOIN run ON run.number = job_listing.last_run
        WHERE job.id = ?
        """

    /// Which status the last run is seen in, given those that nobody is at any more.
    private let status: String
    private var joins: [String] = []

    init(_ query: JobQuery, interrupted: [RunID]) {
        let numbers = interrupted.map { String($0.number) }.joined(separator: ", ")
        status =
            interrupted.isEmpty
            ? "listing.last_status"
            : "CASE WHEN listing.last_run IN (\(numbers)) THEN '\(RunStatus.interrupted.rawValue)' ELSE listing.last_status END"
        sql = ""
        let conditions = conditions(query)
        let order = terms(query.order).map { $0 + (query.descending ? " DESC" : "") }.joined(separator: ", ")
        sql = (["SELECT listing.job FROM job_listing AS listing"] + joins).joined(separator: "\n")
        if !conditions.isEmpty { sql += "\nWHERE " + conditions.joined(separator: " AND ") }
        sql += "\nORDER BY \(order)\nLIMIT ? OFFSET ?"
        arguments += [query.limit ?? -1, query.offset]
    }

    private mutating func conditions(_ query: JobQuery) -> [String] {
        var all: [String] = []
        if let text = query.text.map(SoughtText.of) {
            all.append("(instr(listing.sought_name, ?) OR instr(listing.sought_description, ?))")
            arguments += [text, text]
        }
        if let kind = query.kind {
            all.append("listing.kind = ?")
            arguments += [kind]
        }
        if let group = query.group {
            let members = "SELECT group_member.job FROM job_group JOIN group_member ON group_member.job_group = job_group.id"
            all.append("listing.job IN (\(members) WHERE job_group.name = ?)")
            arguments += [group]
        }
        if let active = query.active {
            all.append("listing.active = ?")
            arguments += [active]
        }
        if query.running { all.append("listing.job IN (SELECT run.job FROM run WHERE run.state <> 'finished')") }
        if let schedule = query.scheduleKind {
            all.append("listing.schedule = ?")
            arguments += [schedule.rawValue]
        }
        if let last = query.lastStatus {
            all.append("\(status) = ?")
            arguments += [last.rawValue]
        }
        return all
    }

    /// Ends in the number, so that equal ones always come in the same order and no page repeats or leaves out another's.
    private mutating func terms(_ order: JobQuery.Order) -> [String] {
        switch order {
        case .id: return ["listing.job"]
        case .name:
            joins = ["JOIN job ON job.id = listing.job"]
            return ["job.name", "listing.job"]
        case .kind: return ["listing.kind", "listing.job"]
        case .group:
            joins = [
                "LEFT JOIN group_member ON group_member.job = listing.job", "LEFT JOIN job_group ON job_group.id = group_member.job_group",
            ]
            return ["job_group.name IS NULL", "job_group.name", "listing.job"]
        case .next:
            joins = ["LEFT JOIN due ON due.owner = listing.job"]
            return ["due.at IS NULL", "due.at", "listing.job"]
        case .previous: return ["-listing.last_started", "listing.job"]
        case .status: return [status, "listing.job"]
        }
    }
}

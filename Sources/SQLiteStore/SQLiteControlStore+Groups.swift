public import ConnectModel
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func groups() throws -> [JobGroup] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM job_group ORDER BY id").map(decode) }
    }

    public func group(named name: String) throws -> JobGroup? {
        try read { db in try String.fetchOne(db, sql: "SELECT body FROM job_group WHERE name = ?", arguments: [name]).map(decode) }
    }

    public func group(_ id: GroupID) throws -> JobGroup? {
        try read { db in try fetch(id, db) }
    }

    public func addGroup(name: String, description: String, jobs: [JobID], definition: [String: JSONValue], active: Bool) throws -> JobGroup {
        try write { db in
            let id = GroupID(try Self.nextNumber(of: "job", db))
            let group = JobGroup(id: id, name: name, description: description, jobs: jobs, definition: definition, active: active)
            try db.execute(sql: "INSERT INTO job_group (id, name, body) VALUES (?, ?, ?)", arguments: [id.value, name, try encode(group)])
            try addMembers(group, db)
            try record(db, "group/\(name)", before: JobGroup?.none, after: group)
            return group
        }
    }

    public func update(_ group: JobGroup) throws {
        try write { db in
            let before = try fetch(group.id, db)
            try db.execute(sql: "UPDATE job_group SET name = ?, body = ? WHERE id = ?", arguments: [group.name, try encode(group), group.id.value])
            try db.execute(sql: "DELETE FROM group_member WHERE job_group = ?", arguments: [group.id.value])
            try addMembers(group, db)
            try record(db, "group/\(group.name)", before: before, after: group)
        }
    }

    public func removeGroup(_ id: GroupID) throws {
        try write { db in
            guard let before = try fetch(id, db) else { return }
            try db.execute(sql: "DELETE FROM group_member WHERE job_group = ?", arguments: [id.value])
            try db.execute(sql: "DELETE FROM due WHERE owner = ?", arguments: [id.value])
            try db.execute(sql: "DELETE FROM job_group WHERE id = ?", arguments: [id.value])
            try record(db, "group/\(before.name)", before: before, after: JobGroup?.none)
        }
    }

    public func group(of job: JobID) throws -> JobGroup? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT body FROM job_group JOIN group_member ON job_group = id WHERE job = ?", arguments: [job.value]
            ).map(decode)
        }
    }

    public func createGroupRun(of group: JobGroup, members: [GroupRun.Member], origin: RunOrigin, atUnixMilliseconds now: Int64) throws -> GroupRun {
        try write { db in
            let other = try Int64.fetchOne(db, sql: "SELECT number FROM group_run WHERE job_group = ? AND finished = 0", arguments: [group.id.value])
            if let other { throw ControlStoreError.groupActive(group.name, GroupRunID(group: group.id, number: other)) }
            let run = GroupRun(
                id: GroupRunID(group: group.id, number: try Self.nextNumber(of: "run", db)), groupName: group.name, definition: group.definition,
                trigger: origin.trigger, dueAtUnixMilliseconds: origin.dueAtUnixMilliseconds, members: members, createdAtUnixMilliseconds: now)
            try db.execute(
                sql: "INSERT INTO group_run (number, job_group, finished, body) VALUES (?, ?, 0, ?)",
                arguments: [run.id.number, group.id.value, try encode(run)])
            if origin == .manual { try record(db, .start, "group-run/\(run.id)", before: nil, after: .object(["group": .string(group.name)])) }
            return run
        }
    }

    public func groupRun(_ id: GroupRunID) throws -> GroupRun? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT body FROM group_run WHERE number = ? AND job_group = ?", arguments: [id.number, id.group.value]
            ).map(decode)
        }
    }

    public func groupRuns(group: GroupID?, limit: Int) throws -> [GroupRun] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT body FROM group_run WHERE ?1 IS NULL OR job_group = ?1 ORDER BY number DESC LIMIT ?2",
                arguments: [group?.value, limit]
            ).map(decode)
        }
    }

    public func unfinishedGroupRuns() throws -> [GroupRun] {
        try read { db in try String.fetchAll(db, sql: "SELECT body FROM group_run WHERE finished = 0 ORDER BY number").map(decode) }
    }

    public func save(_ run: GroupRun) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE group_run SET finished = ?, body = ? WHERE number = ?", arguments: [run.status.isFinal, try encode(run), run.id.number])
        }
    }

    private func fetch(_ id: GroupID, _ db: Database) throws -> JobGroup? {
        try String.fetchOne(db, sql: "SELECT body FROM job_group WHERE id = ?", arguments: [id.value]).map(decode)
    }

    private func addMembers(_ group: JobGroup, _ db: Database) throws {
        for job in group.jobs {
            try db.execute(sql: "INSERT INTO group_member (job, job_group) VALUES (?, ?)", arguments: [job.value, group.id.value])
        }
    }
}

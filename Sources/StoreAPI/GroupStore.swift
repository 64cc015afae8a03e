public import ConnectModel

/// Groups and their runs. Any thread. All throw `ConnectError`.
public protocol GroupStore: AnyObject, Sendable {
    func groups() throws -> [JobGroup]
    func group(named name: String) throws -> JobGroup?
    func group(_ id: GroupID) throws -> JobGroup?
    /// Adds a group under a new id. Throws `control.conflict` when the name is taken or a job is in another group.
    func addGroup(name: String, description: String, jobs: [JobID], definition: [String: JSONValue], active: Bool) throws -> JobGroup
    func update(_ group: JobGroup) throws
    /// Jobs, runs and logs stay.
    func removeGroup(_ id: GroupID) throws
    func group(of job: JobID) throws -> JobGroup?

    /// A new run with its members waiting. Throws `group.active` when the group has an unfinished one.
    func createGroupRun(of group: JobGroup, members: [GroupRun.Member], origin: RunOrigin, atUnixMilliseconds now: Int64) throws -> GroupRun
    func groupRun(_ id: GroupRunID) throws -> GroupRun?
    /// Newest first.
    func groupRuns(group: GroupID?, limit: Int) throws -> [GroupRun]
    func unfinishedGroupRuns() throws -> [GroupRun]
    func save(_ run: GroupRun) throws
}

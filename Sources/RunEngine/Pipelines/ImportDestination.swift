public import ConnectModel
public import RecordEngine
import StoreAPI

/// Where the records of an import go: what its job names, found among the tables there are.
public struct ImportDestination: Sendable {
    /// The table that is loaded; of a generated one, its model until the run has made it.
    public private(set) var table: AudienceTable
    /// The table whose rows the records of an extension belong to.
    public let owner: AudienceTable?
    /// With the match fields of a supplemental table filled in.
    public private(set) var policy: MergePolicy
    public let target: ImportTarget

    /// What a job names that is not there or cannot be used, and the field of the job that names it.
    public struct Failure: Error {
        public var path: String
        public var error: ConnectError
    }

    /// Throws `Failure` alone.
    public init(_ target: ImportTarget, among tables: [AudienceTable]) throws(Failure) {
        let named = Dictionary(tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        func find(_ name: String, _ kind: TableKind, _ path: String) throws(Failure) -> AudienceTable {
            guard let found = named[name], found.kind == kind else { throw Self.missing(name, named[name], kind, path, tables) }
            return found
        }
        self.target = target
        policy = target.policy
        switch target.kind {
        case .list:
            table = try find(target.table ?? "", .list, "target.list")
            owner = nil
        case .supplemental:
            table = try find(target.table ?? "", .supplemental, "target.table")
            owner = nil
            policy.match = table.keyFields
            if table.keyFields.isEmpty, policy.onMatch != .reject { throw Self.keyless(table) }
        case .app:
            table = try Self.appList(of: try find(target.list ?? "", .list, "target.list"), tables, "target.list")
            owner = nil
        case .pet, .appPet:
            let list = try find(target.list ?? "", .list, "target.list")
            let owner = target.kind == .pet ? list : try Self.appList(of: list, tables, "target.app_channel")
            table = try find(target.table ?? "", target.kind, "target.pet")
            guard table.owner == owner.name else { throw Self.foreign(table, owner) }
            self.owner = owner
        }
    }

    /// As a run meets it: throws `ConnectError`.
    static func found(_ target: ImportTarget, in audience: any AudienceStore) throws -> ImportDestination {
        do {
            return try ImportDestination(target, among: try audience.tables(of: nil))
        } catch let failure as Failure {
            throw failure.error
        }
    }

    /// What the columns of the file may be mapped onto.
    public var mappingTarget: MappingTarget {
        guard let owner else { return MappingTarget(table) }
        return MappingTarget(table, owner: owner, match: policy.match, withPeople: target.people != nil)
    }

    /// Whether records hold addresses whose hashes and domain go into a list.
    var bringsAddresses: Bool { table.kind == .list || target.people != nil }

    mutating func added(_ fields: [Field]) { table.customFields += fields }

    /// The table that this run makes for itself (IMP-14).
    func generated(for run: RunID, atUnixMilliseconds now: Int64) -> AudienceTable? {
        guard let days = target.generatedForDays else { return nil }
        var made = table
        made.name = Self.generatedPrefix(table.name, run.job) + String(run.number)
        made.expiresAtUnixMilliseconds = now + days * 86_400_000
        return made
    }

    mutating func use(_ generated: AudienceTable) { table = generated }

    /// A preview sees the table that a run would make: one without rows.
    mutating func useEmptyModel() { policy.replacesAll = true }

    /// What the names of a job's generated tables begin with.
    static func generatedPrefix(_ model: String, _ job: JobID) -> String { "\(model.prefix(70))_\(job)_" }

    private static func appList(of list: AudienceTable, _ tables: [AudienceTable], _ path: String) throws(Failure) -> AudienceTable {
        guard let found = tables.first(where: { $0.kind == .app && $0.owner == list.name }) else {
            throw Failure(
                path: path,
                error: ConnectError(
                    "app.missing", .configuration, "List \"\(list.name)\" has no App Channel list.",
                    remedy: "`connecthost apps create NAME --list \"\(list.name)\"` makes one."))
        }
        return found
    }

    private static func missing(_ name: String, _ other: AudienceTable?, _ kind: TableKind, _ path: String, _ tables: [AudienceTable]) -> Failure {
        let code = "table.missing"
        if let other {
            return Failure(
                path: path,
                error: ConnectError(code, .configuration, "\"\(name)\" is a \(other.kind.noun), not a \(kind.noun).", remedy: "Name a \(kind.noun)."))
        }
        let known = tables.filter { $0.kind == kind }.map(\.name)
        let close = Similarity.closest(to: name, among: known)
        let advice = close.map { "Did you mean \"\($0)\"?" } ?? "There are: \(known.isEmpty ? "none" : known.sorted().joined(separator: ", "))."
        return Failure(path: path, error: ConnectError(code, .configuration, "There is no \(kind.noun) \"\(name)\".", remedy: advice))
    }

    private static func keyless(_ table: AudienceTable) -> Failure {
        Failure(
            path: "target.load",
            error: ConnectError(
                "table.key", .configuration, "\"\(table.name)\" has no key fields, so no record can be merged with its rows.",
                remedy: "Set target.load to insert or replace."))
    }

    private static func foreign(_ table: AudienceTable, _ owner: AudienceTable) -> Failure {
        Failure(
            path: "target.pet",
            error: ConnectError(
                "table.owner", .configuration, "\"\(table.name)\" belongs to \"\(table.owner ?? "")\", not to \"\(owner.name)\".",
                remedy: "Name a \(table.kind.noun) of \"\(owner.name)\"."))
    }
}

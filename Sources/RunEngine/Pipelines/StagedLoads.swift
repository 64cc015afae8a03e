import ConnectModel
import RecordEngine
import StoreAPI

/// The loads that the records of one file become: one as a rule; two where the records of a PET also bring people into its list (IMP-13).
///
/// Each table commits for itself. What keeps a crash between the two harmless: people come first, and adding those who are not there is
/// the same done once or twice; only the load of the PET is the run's witness. So a run that dies in between is begun again, finds the
/// people there, and loads the PET.
final class StagedLoads {
    /// Name in the ledger of the load that brings people.
    static let peoplePart = "people"

    private struct Load {
        var load: any TableLoad
        /// Which columns of the checked batches it takes; nil: all, in their order.
        var columns: [Int]?
    }

    private let people: Load?
    private let main: Load

    /// `columns` are those of the checked batches. `part` is given for a file that is a part of its run, and not what the run is about.
    init(
        _ destination: ImportDestination, columns: [Field], run: RunID, audience: any AudienceStore, workDirectory: String,
        loadedAtUnixMilliseconds: Int64, part: String? = nil
    ) throws {
        func begin(_ table: String, _ policy: MergePolicy, part: String?, _ isWanted: (Field) -> Bool) throws -> Load {
            let chosen = columns.indices.filter { isWanted(columns[$0]) }
            var plan = TableLoadPlan(
                table: table, columns: chosen.map { columns[$0] }, policy: policy, run: run, part: part, workDirectory: workDirectory,
                loadedAtUnixMilliseconds: loadedAtUnixMilliseconds)
            if table == destination.table.name {
                plan.loadSet = destination.target.latestLoad
                plan.customEvent = destination.target.customEvent
            }
            return Load(load: try audience.beginLoad(plan), columns: chosen.count == columns.count ? nil : chosen)
        }
        if let policy = destination.target.people, let list = destination.owner {
            people = try begin(list.name, policy, part: Self.peoplePart) { list.field($0.name) != nil }
        } else {
            people = nil
        }
        main = try begin(destination.table.name, destination.policy, part: part) { field in
            destination.owner == nil || destination.policy.match.contains(field.name) || destination.table.field(field.name) != nil
        }
    }

    func stage(_ batch: RecordBatch, accepted: [Bool]) throws {
        for load in [people, main] {
            guard let load else { continue }
            try load.load.stage(load.columns.map { batch.picking($0) } ?? batch, accepted: accepted)
        }
    }

    /// Commits the people, where there are any to come; returns what became of them.
    func applyPeople(sha256: String, isCancelled: () -> Bool, entry: (MergeCounts) throws -> LedgerEntry) throws -> LedgerEntry? {
        try people?.load.apply(
            stands: { $0.sha256 == sha256 }, reject: { _ in }, progress: { _ in }, isCancelled: isCancelled,
            prepareCommit: { counts in
                var entry = try entry(counts)
                entry.part = Self.peoplePart
                return entry
            })
    }

    /// Commits the load that stands for the run.
    func apply(
        reject: (StagedReject) throws -> Void, progress: (Int64) -> Void, isCancelled: () -> Bool, prepareCommit: (MergeCounts) throws -> LedgerEntry
    ) throws -> LedgerEntry {
        try main.load.apply(reject: reject, progress: progress, isCancelled: isCancelled, prepareCommit: prepareCommit)
    }

    /// What would be counted, and how many people would be added. A record of somebody unknown would find its person, who is added first.
    func preview(_ destination: ImportDestination, isCancelled: () -> Bool) throws -> (counts: MergeCounts, addedPeople: Int64?) {
        var counts = try main.load.preview(isCancelled: isCancelled)
        guard let added = try people?.load.preview(isCancelled: isCancelled).inserted else { return (counts, nil) }
        if destination.policy.unknownPerson == .reject { counts.rejected -= added } else { counts.skipped -= added }
        if destination.policy.onNoMatch == .insert { counts.inserted += added } else { counts.skipped += added }
        return (counts, added)
    }

    func discard() {
        people?.load.discard()
        main.load.discard()
    }
}

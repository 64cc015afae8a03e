import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// The audience scope file beside a list import (IMP-1): a file of the same format that says which part of the organisation each person belongs
/// to. Its records go into a PET of the list, after the list, since they may speak of people whom the list has only just got.
///
/// It is a part of the run with a ledger entry of its own. The run's state is `applied` by then, and recovery in that state comes here again.
struct ScopeLoad {
    static let part = "scope"

    private let definition: ImportDefinition
    private let run: RunID
    private let environment: RunEnvironment

    /// Nil when the job has none.
    init?(_ list: ImportDefinition, run: RunID, environment: RunEnvironment) {
        guard let target = list.target.scopeTarget else { return nil }
        var scope = list
        scope.target = target
        // The match fields stand under the names they have in the data file.
        scope.mappedFields = list.mappedFields.filter { target.policy.match.contains($0.value.uppercased()) }
        scope.newFields = []
        scope.ignoredColumns = []
        scope.columnNames = []
        scope.sameContent = .load
        scope.failsIfEmpty = false
        scope.minimumRecords = 0
        scope.maximumRecords = .max
        scope.maximumDeviationPercent = nil
        scope.maximumRejectedPercent = 100
        definition = scope
        self.run = run
        self.environment = environment
    }

    /// Throws what can be known to be wrong before the list is loaded.
    func check(_ file: SourceFile, _ transport: any Transport) throws {
        guard try environment.control.capabilities().allows(AccountCapabilities.audienceScope) else {
            throw ConnectError(
                "capability.off", .configuration, "The job has an audience scope file, and the administrator has not turned audience-scope on for this account.",
                remedy: "`connecthost account set audience-scope=on`, or take target.scope_file out of the job.")
        }
        let destination = try ImportDestination.found(definition.target, in: environment.audience)
        let input = try FileInput(definition: definition, source: file, transport: transport, environment: environment)
        defer { input.stop() }
        _ = try input.mapping(onto: destination)
    }

    /// Loads the file, once a run. Returns what became of its records, nil when an earlier attempt has done so already.
    func apply(_ file: SourceFile, _ transport: any Transport, startedAt: Int64) throws -> LedgerEntry? {
        let table = try ImportDestination.found(definition.target, in: environment.audience).table.name
        let earlier = try environment.audience.ledger(LedgerQuery(table: table, job: run.job, limit: .max))
        guard !earlier.contains(where: { $0.run == run && $0.part == Self.part }) else { return nil }
        let load = ImportLoad(
            definition: definition, source: file, suspect: nil, expectedRecords: nil, run: run, part: Self.part, environment: environment)
        guard case .applied(let entry) = try load.apply(startedAt: startedAt, { try FileInput(definition: definition, source: file, transport: transport, environment: environment) }) else { return nil }
        return entry
    }
}

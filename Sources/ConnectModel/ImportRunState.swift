/// The states of an import run, as data: what is durable in each and what recovery does (IMP-17; Docs/run-states.md draws them).
///
/// A state is written down before the work that follows it begins, so whatever dies, the next worker knows where to go on.
public enum ImportRunState: String, Sendable, Codable, CaseIterable {
    /// The run row with the frozen definition.
    case queued
    /// The file that was chosen. Whether its rows are in the list is told by the witness alone.
    case selected
    /// The witness: rows, ledger entry and counts have committed together.
    case applied
    /// The verdict: the run fails because of its data, and its file is to be archived and deleted.
    case failedData = "failed_data"
    /// The verdict: the run fails and its file stays; a copy goes to the archive.
    case failedKeep = "failed_keep"
    /// The file's place in the archive; nothing is left to do but to say so.
    case archived
    /// The end.
    case finished

    public enum Recovery: String, Sendable {
        /// Nothing has been applied: begin again at the file server.
        case redo
        /// Ask the witness: present, go on as applied; absent, redo.
        case askWitness
        /// Look on the server: archived already, or still to do.
        case finishArchiving
        /// Write the final status.
        case close
        case nothing
    }

    public var recovery: Recovery {
        switch self {
        case .queued: .redo
        case .selected: .askWitness
        case .applied, .failedData, .failedKeep: .finishArchiving
        case .archived: .close
        case .finished: .nothing
        }
    }

    /// Where a run may go from here. Staying is allowed where a step is repeated.
    public var successors: Set<ImportRunState> {
        switch self {
        case .queued: [.selected, .failedKeep, .finished]
        case .selected: [.selected, .applied, .failedData, .failedKeep, .finished]
        case .applied, .failedData, .failedKeep: [.archived, .finished]
        case .archived: [.finished]
        case .finished: []
        }
    }

    /// What has become of the rows by then.
    public var effect: RunStateMachine.Effect {
        switch self {
        case .queued: .none
        case .selected: .askLedger
        // A verdict is written only once the ledger has been asked: nothing was applied.
        case .applied, .failedData, .failedKeep, .archived, .finished: .made
        }
    }

    public var state: RunState { RunState(rawValue: rawValue) }

    public static let machine = RunStateMachine(
        Dictionary(uniqueKeysWithValues: allCases.map { ($0.state, .init(successors: Set($0.successors.map(\.state)), effect: $0.effect)) }))
}

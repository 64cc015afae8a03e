/// The states of an export run, as data (EXP-2, EXP-6; Docs/run-states.md draws them). A state is written down before the work that follows it begins.
public enum ExportRunState: String, Sendable, Codable, CaseIterable {
    /// The run row with the frozen definition.
    case queued
    /// The window: from which mark to which, and the names of the files. Nothing that others look at exists yet.
    case windowed
    /// Every file is whole under its temporary name, its size checked; how many there are, their sizes, counts and hashes, and of which the rename may
    /// have been asked for.
    case uploaded
    /// Every data file stands under its final name.
    case published
    /// The ready file stands too, or the job has none.
    case ready
    /// The end. The job's watermark moves in the same transaction when the run has succeeded.
    case finished

    public enum Recovery: String, Sendable {
        /// Nothing stands under a final name: remove what is left of the attempt before and write the file anew.
        case redo
        /// Look on the server: renamed already, still to do, or lost before anybody saw it (back to `windowed`).
        case publish
        /// Write the ready file, again if need be.
        case announce
        /// Write the final status and move the watermark.
        case close
        case nothing
    }

    public var recovery: Recovery {
        switch self {
        case .queued, .windowed: .redo
        case .uploaded: .publish
        case .published: .announce
        case .ready: .close
        case .finished: .nothing
        }
    }

    public var successors: Set<ExportRunState> {
        switch self {
        case .queued: [.windowed, .finished]
        case .windowed: [.windowed, .uploaded, .finished]
        case .uploaded: [.uploaded, .windowed, .published, .finished]
        case .published: [.ready, .finished]
        case .ready: [.finished]
        case .finished: []
        }
    }

    /// What others may have seen by then.
    public var effect: RunStateMachine.Effect {
        switch self {
        case .queued, .windowed: .none
        case .uploaded, .published: .askServer
        case .ready, .finished: .made
        }
    }

    public var state: RunState { RunState(rawValue: rawValue) }

    public static let machine = RunStateMachine(
        Dictionary(uniqueKeysWithValues: allCases.map { ($0.state, .init(successors: Set($0.successors.map(\.state)), effect: $0.effect)) }))
}

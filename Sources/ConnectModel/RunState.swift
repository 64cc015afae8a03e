/// Where a run stands: the name of a state in the table of its family ("queued", "selected"). Every family begins at `queued` and ends at `finished`.
public struct RunState: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// The run row with the frozen definition.
    public static let queued = RunState(rawValue: "queued")
    /// The end.
    public static let finished = RunState(rawValue: "finished")
}

/// Runs that go through the same states. Which one a job's runs belong to is told by the job's kind.
public enum RunFamily: String, Sendable, Codable, CaseIterable {
    /// A file is read and merged into a table of the audience store (`ImportRunState`).
    case `import`
    /// Rows are written to a file on a server (`ExportRunState`).
    case export
    /// The work is a connector's own (`ConnectorRunState`).
    case connector

    public var machine: RunStateMachine {
        switch self {
        case .import: ImportRunState.machine
        case .export: ExportRunState.machine
        case .connector: ConnectorRunState.machine
        }
    }
}

/// The states of a family as data: where a run may go from each, and what has happened outside of the control store by then.
public struct RunStateMachine: Sendable {
    /// Whether a run that stands in a state has changed anything that others see.
    public enum Effect: String, Sendable {
        /// Nothing yet: the run may end here, or begin again.
        case none
        /// Only the ledger of the audience store can tell.
        case askLedger
        /// Only the file server can tell.
        case askServer
        /// Only the connector can tell; a person may give the run up.
        case askConnector
        /// It has; the run is carried to its end.
        case made
    }

    public struct Rule: Sendable {
        public var successors: Set<RunState>
        public var effect: Effect

        public init(successors: Set<RunState>, effect: Effect) {
            self.successors = successors
            self.effect = effect
        }
    }

    public let rules: [RunState: Rule]

    public init(_ rules: [RunState: Rule]) { self.rules = rules }

    /// Staying is a step of its own and allowed only where the table says so.
    public func allows(_ from: RunState, to next: RunState) -> Bool { rules[from]?.successors.contains(next) ?? false }

    /// A state this version does not know may have had any effect.
    public func effect(of state: RunState) -> Effect { rules[state]?.effect ?? .made }
}

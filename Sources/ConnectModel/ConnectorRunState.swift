/// The states of a run whose work is a connector's own: the host knows that it has begun and that it has ended.
public enum ConnectorRunState: String, Sendable, Codable, CaseIterable {
    case queued
    /// The connector has been asked. What it has done by itself is its own to know; asked again, it goes on or begins anew.
    case running
    case finished

    public var successors: Set<ConnectorRunState> {
        switch self {
        case .queued: [.running, .finished]
        case .running: [.running, .finished]
        case .finished: []
        }
    }

    public var effect: RunStateMachine.Effect {
        switch self {
        case .queued: .none
        case .running: .askConnector
        case .finished: .made
        }
    }

    public var state: RunState { RunState(rawValue: rawValue) }

    public static let machine = RunStateMachine(
        Dictionary(uniqueKeysWithValues: allCases.map { ($0.state, .init(successors: Set($0.successors.map(\.state)), effect: $0.effect)) }))
}

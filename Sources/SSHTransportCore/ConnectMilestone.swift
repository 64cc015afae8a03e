/// How far a connection has come.
public enum ConnectMilestone: Int, Sendable, Comparable, CaseIterable {
    case started, resolved, connected, hostKeyShown, hostKeyAccepted, authenticated
    public static func < (left: ConnectMilestone, right: ConnectMilestone) -> Bool { left.rawValue < right.rawValue }
}

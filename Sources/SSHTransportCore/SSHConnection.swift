public import ConnectorKit

/// Who speaks SSH for a server.
public enum SSHEngine: String, Sendable, CaseIterable {
    /// OpenSSH's `ssh` where the program is installed, otherwise libssh2.
    case auto
    case openssh
    case libssh2
}

/// The one way to a channel: whoever needs bytes over SSH asks here and does not care which engine brings them.
public enum SSHConnection {
    /// A channel that is connected while it is first waited for. Throws as the engine's own initialiser does; logs where the endpoint allows
    /// broken algorithms.
    public static func open(
        _ endpoint: SSHEndpoint, _ request: SSHRequest, engine: SSHEngine, _ call: any CallContext
    ) throws(ConnectorError) -> any SSHChannel {
        if let warning = endpoint.algorithms.warning { call.log(.warning, warning, ["server": endpoint.address]) }
        return switch chosen(engine) {
        case .libssh2: try LibSSH2Channel(endpoint, request, call)
        case .auto, .openssh: try OpenSSHChannel(endpoint, request, call)
        }
    }

    /// Never `.auto`.
    static func chosen(_ engine: SSHEngine) -> SSHEngine {
        guard engine == .auto else { return engine }
        return ChildProcess.find("ssh") != nil ? .openssh : .libssh2
    }
}

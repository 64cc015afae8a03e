/// How an `ssh` child stands to others of the same log-in (OpenSSH's ControlMaster).
enum OpenSSHSharing {
    /// A connection of its own.
    case none
    /// Logs in and offers the connection at the socket; runs nothing at the far end, and says a line once others can come.
    case master(socket: String)
    /// A channel of the connection behind the socket; never one of its own, so it needs no credential.
    case through(socket: String)

    var options: [String] {
        switch self {
        case .none: []
        case .master(let socket):
            // The command is run here, after the socket is there: its output tells when without asking again and again.
            ["ControlMaster=yes", "ControlPath=" + socket, "ControlPersist=no", "PermitLocalCommand=yes", "LocalCommand=echo ready"]
        case .through(let socket):
            // Where the socket is gone, ssh would make a connection of its own; this program ends at once instead.
            ["ControlMaster=no", "ControlPath=" + socket, "ProxyCommand=exit 1", "PermitLocalCommand=no", "ClearAllForwardings=yes", "BatchMode=yes"]
        }
    }
}

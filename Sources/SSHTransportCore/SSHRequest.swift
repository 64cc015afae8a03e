/// What the far end is asked to run on a channel.
public enum SSHRequest: Sendable {
    /// A subsystem by its name, such as "sftp".
    case subsystem(String)
    /// A command line for the account's shell at the far end; whoever makes it quotes it.
    case command(String)
}

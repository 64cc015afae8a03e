public import ConnectorKit

/// The far end's `scp` for one file: a channel, and what errors about it say.
public final class SCPChannel {
    let channel: any SSHChannel
    /// What the user calls the file, in quotes.
    let name: String
    private let connection: SSHSharedConnection
    private let stallMilliseconds: Int64
    private(set) var hasBegun = false
    private(set) var isClosed = false

    /// - Parameter command: `scp -f …` or `scp -t …`, quoted.
    public init(
        _ connection: SSHSharedConnection, command: String, name: String, stallMilliseconds: Int64, _ call: any CallContext
    ) throws(ConnectorError) {
        self.connection = connection
        self.name = name
        self.stallMilliseconds = stallMilliseconds
        channel = try connection.open(.command(command), call)
    }

    deinit { close() }

    var serverName: String { connection.endpoint.address }

    func limits(_ call: (any CallContext)?) -> WaitLimits { WaitLimits(stallMilliseconds: stallMilliseconds, call: call) }

    /// The first byte came, so the far end's scp runs.
    func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        channel.established()
    }

    func ended() -> ConnectorError { connection.endReason(channel, begun: hasBegun, what: "scp") }

    func broken(_ violation: SCPViolation) -> ConnectorError {
        close()
        return ConnectorError(
            .data,
            "\(serverName) broke the rules of SCP for \(name): \(violation) The transfer was refused. A start-up script of the account that prints "
                + "something has this effect too.")
    }

    func refused(_ text: String, _ verb: String) -> ConnectorError {
        close()
        return RemoteMessage.error(text, verb, name, serverName)
    }

    /// Sends all of `bytes`; waits where it must. Only for control bytes.
    func send(_ bytes: [UInt8], _ limits: WaitLimits) throws(ConnectorError) {
        var sent = 0
        while sent < bytes.count {
            switch bytes.withUnsafeBytes({ channel.write(UnsafeRawBufferPointer(rebasing: $0[sent...]), then: .empty) }) {
            case .bytes(let count): sent += count
            case .wouldBlock: try channel.wait(for: .writing, limits)
            // What the server said last is still to be read, and says more.
            case .ended: return
            }
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        channel.close()
    }
}

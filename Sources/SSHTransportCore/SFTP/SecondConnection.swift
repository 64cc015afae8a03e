public import ConnectorKit

/// The second connection to a server, which moves a part of one large file beside the first.
///
/// One connection is often slower than what lies at its ends: its channel has 2 MiB on the way at most, whatever the distance, and each of its ends
/// encrypts on one core. Two share the file by ranges where that is what the transfer waits for. Whatever becomes of the second, the first goes on.
public final class SecondConnection {
    /// A file with so many bytes to go is worth it.
    let leastRemaining: UInt64
    /// Whether it is opened wherever the line is waited for, also where its length is not what holds it up.
    private let always: Bool
    private let open: (any CallContext) throws(ConnectorError) -> any ByteChannel
    /// A server that refused one is not asked again in this session: it may count log-ins.
    private var isRefused = false

    /// - Parameters:
    ///   - always: for servers that hold each connection to a rate of its own.
    ///   - open: logs in once more. The channel is connected while it is waited for.
    public init(forFilesFrom bytes: Int64, always: Bool, _ open: @escaping (any CallContext) throws(ConnectorError) -> any ByteChannel) {
        leastRemaining = UInt64(clamping: max(bytes, 1))
        self.always = always
        self.open = open
    }

    /// How much is moved before it is judged whether the line is what is waited for.
    var firstLook: Int { Int(clamping: min(leastRemaining / 8, 32 << 20)) }

    /// What is to be known of a client for `TransferPace`.
    func roundTrip(of first: SFTPClient) -> Int64? { always ? nil : first.shortestRoundTrip }

    /// A client that is on its way; nil where it cannot be had.
    func client(beside first: SFTPClient, for name: String, _ call: any CallContext) -> SFTPClient? {
        // A server that takes one request at a time is asked for no more.
        guard !isRefused, first.options.requestsInFlight > 1 else { return nil }
        do throws(ConnectorError) {
            let channel = try open(call)
            guard channel.awaited([]) != nil else {
                channel.close()
                isRefused = true
                return nil
            }
            let client = SFTPClient(channel: channel, options: first.options)
            client.adopt(limitsOf: first)
            client.greet()
            return client
        } catch {
            // The next call of a cancelled transfer says so itself.
            if error.status != .cancelled { lost(error, name, call) }
            return nil
        }
    }

    /// What became of a second that keeps the first waiting.
    static func tooSlow(_ server: String) -> ConnectorError {
        ConnectorError(.timeout, "\(server) moved too little over it, and kept the first one waiting.")
    }

    /// Says why one connection is all there is from now on.
    func lost(_ error: ConnectorError, _ name: String, _ call: any CallContext) {
        isRefused = true
        call.log(.warning, "The second connection for large files is gone; the transfer goes on over one. (\(error.message))", ["file": name])
    }
}

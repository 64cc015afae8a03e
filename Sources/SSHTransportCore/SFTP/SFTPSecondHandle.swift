internal import ConnectorKit

/// A second connection on its way to a file that is open already: logs in, opens the file, looks at it. Never waits.
final class SFTPSecondHandle {
    let client: SFTPClient
    private let path: [UInt8]
    private let name: String
    private let flags: SFTPOpenFlags
    private var waiting: SFTPSingleReply?
    private(set) var handle: [UInt8]?
    /// What the server says of the opened file; nil before it is open.
    private(set) var attributes: SFTPAttributes?

    init(_ client: SFTPClient, path: [UInt8], name: String, _ flags: SFTPOpenFlags) {
        self.client = client
        self.path = path
        self.name = name
        self.flags = flags
    }

    /// Moves what can be moved. - Returns: whether anything did.
    func advance(_ limits: WaitLimits) throws(ConnectorError) -> Bool {
        let moved = try client.turn(limits).moved
        guard let waiting else {
            guard client.isGreeted else { return moved }
            client.channel.established()
            try ask(limits) { $0.open(self.path, self.flags, permissions: nil) }
            return true
        }
        guard attributes == nil, let reply = waiting.reply else { return moved }
        guard handle != nil else {
            let opened = try client.expectHandle(reply, "be opened a second time", name)
            handle = opened
            try ask(limits) { $0.handleStat(opened) }
            return true
        }
        attributes = try client.expectAttributes(reply, "be looked at", name)
        return true
    }

    private func ask(_ limits: WaitLimits, _ encode: (inout SFTPCodec) -> SFTPRequestID?) throws(ConnectorError) {
        let reply = SFTPSingleReply()
        waiting = reply
        try client.send(reply, encode, limits)
    }
}

internal import ConnectorKit

/// One connection that a file is read over, with its own handle of it: knows which stretch each of its replies belongs to.
final class SFTPReadLane: SFTPReplyReceiver {
    let client: SFTPClient
    private let handle: [UInt8]
    /// The file ends its lanes before it goes.
    private unowned let file: SFTPReadFile
    private var stretchOfSlot = [Int](repeating: 0, count: SFTPRequestTable.capacity)
    /// Requests that wait for their replies.
    private(set) var waiting = 0
    /// Requests of somebody else that are out over it.
    var reserved = 0
    var takesMore: Bool { waiting + reserved < client.options.requestsInFlight }

    init(_ client: SFTPClient, handle: [UInt8], _ file: SFTPReadFile) {
        self.client = client
        self.handle = handle
        self.file = file
    }

    /// - Returns: the slot of the request.
    func ask(for stretch: Int, offset: UInt64, count: Int, _ limits: WaitLimits) throws(ConnectorError) -> Int {
        let handle = handle
        let slot = try client.send(self, { $0.read(handle, offset: offset, count: count) }, limits)
        stretchOfSlot[slot] = stretch
        waiting += 1
        return slot
    }

    /// The reply of a slot is of no interest any more.
    func forget(_ slot: Int) {
        client.forget(slot: slot, of: self)
        waiting -= 1
    }

    func closeHandle() { client.closeQuietly(handle) }

    override func received(_ reply: SFTPReply, slot: Int) {
        waiting -= 1
        file.received(reply, stretch: stretchOfSlot[slot])
    }

    override func contentsDestination(slot: Int, remaining: Int, scratch: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        file.contentsDestination(stretch: stretchOfSlot[slot], remaining: remaining)
    }

    override func contentsArrived(_ count: Int, slot: Int) { file.contentsArrived(count, stretch: stretchOfSlot[slot]) }

    override func contentsEnd(slot: Int) {
        waiting -= 1
        file.contentsEnd(stretch: stretchOfSlot[slot])
    }
}

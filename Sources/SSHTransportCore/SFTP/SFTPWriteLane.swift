internal import ConnectorKit

/// One connection that a file is written over, with its own handle of it.
final class SFTPWriteLane: SFTPReplyReceiver {
    let client: SFTPClient
    let handle: [UInt8]
    private var pieceOfSlot = [Int](repeating: 0, count: SFTPRequestTable.capacity)
    private var waiting = Set<Int>()
    private let answered: (_ piece: Int) -> Void
    /// What is still to be sent of the WRITE that is being sent; the caller's memory, which stays until it is empty.
    private(set) var rest = UnsafeRawBufferPointer.empty
    private(set) var refusal: SFTPStatus?

    /// - Parameter answered: gets the number that a piece was sent under, once the server has answered for it.
    init(_ client: SFTPClient, handle: [UInt8], answered: @escaping (_ piece: Int) -> Void) {
        self.client = client
        self.handle = handle
        self.answered = answered
        waiting.reserveCapacity(client.options.requestsInFlight)
    }

    override func received(_ reply: SFTPReply, slot: Int) {
        waiting.remove(slot)
        if case .status(let status) = reply, status.code != .ok, refusal == nil { refusal = status }
        answered(pieceOfSlot[slot])
    }

    /// Requests that wait for their replies.
    var waitingCount: Int { waiting.count }
    var isIdle: Bool { waiting.isEmpty && rest.isEmpty }
    var takesMore: Bool { rest.isEmpty && waiting.count < client.options.requestsInFlight }

    /// Begins a WRITE; `turn` sends its contents.
    func begin(_ contents: UnsafeRawBufferPointer, at offset: UInt64, piece: Int, _ limits: WaitLimits) throws(ConnectorError) {
        let handle = handle
        let slot = try client.send(self, { $0.writeHead(handle, offset: offset, count: contents.count) }, limits)
        pieceOfSlot[slot] = piece
        waiting.insert(slot)
        rest = contents
    }

    /// Moves what can be moved. - Returns: whether anything did.
    func turn(_ limits: WaitLimits) throws(ConnectorError) -> Bool {
        guard !isIdle else { return false }
        let turn = try client.turn(limits, contents: rest)
        if turn.contents > 0 { rest = UnsafeRawBufferPointer(rebasing: rest[turn.contents...]) }
        return turn.moved
    }

    /// Keeps what is still to be sent, so that requests after it make sense although its memory goes.
    func keepRest() {
        client.codec.keep(rest)
        rest = .empty
    }

    /// Nobody waits for its replies any more.
    func forget() {
        for slot in waiting { client.forget(slot: slot, of: self) }
        waiting.removeAll()
    }
}

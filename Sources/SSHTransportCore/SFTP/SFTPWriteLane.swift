internal import ConnectorKit

/// One connection that a file is written over, with its own handle of it.
///
/// The first connection's WRITEs are the caller's memory, sent before it is given back. Those of a second are copies, kept until they are answered, so
/// that the first can send them in its place.
final class SFTPWriteLane: SFTPReplyReceiver {
    /// What one WRITE carries.
    struct Piece {
        var number: Int
        var offset: UInt64
        var contents: UnsafeRawBufferPointer
    }

    let client: SFTPClient
    private let handle: [UInt8]
    private let pieces: SFTPPieces
    private let keepsCopies: Bool
    private var waiting: [Int: Piece] = [:]
    /// Copies that nobody needs any more.
    private var spare: [UnsafeMutableRawPointer] = []
    private var copies: [UnsafeMutableRawPointer] = []
    /// What is still to be sent of the WRITE that is being sent.
    private(set) var rest = UnsafeRawBufferPointer.empty
    /// The first refusal; what it refused stays unanswered.
    private(set) var refusal: SFTPStatus?

    init(_ client: SFTPClient, handle: [UInt8], _ pieces: SFTPPieces, keepsCopies: Bool) {
        self.client = client
        self.handle = handle
        self.pieces = pieces
        self.keepsCopies = keepsCopies
        waiting.reserveCapacity(client.options.requestsInFlight)
    }

    deinit { for copy in copies { copy.deallocate() } }

    override func received(_ reply: SFTPReply, slot: Int) {
        if case .status(let status) = reply, status.code != .ok {
            if refusal == nil { refusal = status }
            if keepsCopies { return }
        }
        guard let piece = waiting.removeValue(forKey: slot) else { return }
        if keepsCopies, let start = piece.contents.baseAddress { spare.append(UnsafeMutableRawPointer(mutating: start)) }
        pieces.answered(piece.number)
    }

    /// Requests that wait for their replies.
    var waitingCount: Int { waiting.count }
    var takesMore: Bool { rest.isEmpty && waiting.count < client.options.requestsInFlight }

    /// Begins a WRITE; `turn` sends its contents.
    func begin(_ piece: Piece, _ limits: WaitLimits) throws(ConnectorError) {
        var piece = piece
        if keepsCopies { piece.contents = copy(piece.contents) }
        let (handle, offset, count) = (handle, piece.offset, piece.contents.count)
        let slot = try client.send(self, { $0.writeHead(handle, offset: offset, count: count) }, limits)
        waiting[slot] = piece
        rest = piece.contents
    }

    private func copy(_ contents: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let room = spare.popLast() ?? .allocate(byteCount: client.writeLength, alignment: 16)
        if !copies.contains(room) { copies.append(room) }
        UnsafeMutableRawBufferPointer(start: room, count: contents.count).copyMemory(from: contents)
        return UnsafeRawBufferPointer(start: room, count: contents.count)
    }

    /// Moves what can be moved. - Returns: whether anything did.
    func turn(_ limits: WaitLimits) throws(ConnectorError) -> Bool {
        let turn = try client.turn(limits, contents: rest)
        if turn.contents > 0 { rest = UnsafeRawBufferPointer(rebasing: rest[turn.contents...]) }
        return turn.moved
    }

    /// Keeps what is still to be sent, so that requests after it make sense although its memory goes.
    func keepRest() {
        client.codec.keep(rest)
        rest = .empty
    }

    /// Asks for the handle to be closed, which only then may say what went wrong.
    func close(_ limits: WaitLimits) throws(ConnectorError) -> SFTPSingleReply {
        let (handle, reply) = (handle, SFTPSingleReply())
        try client.send(reply, { $0.close(handle) }, limits)
        return reply
    }

    /// Nothing can be asked over it any more.
    var isBroken: Bool { client.isBroken }

    /// Nobody waits for its replies any more.
    /// - Returns: what was not answered, in the order of the file; its memory is this lane's.
    @discardableResult
    func forget() -> [Piece] {
        for slot in waiting.keys { client.forget(slot: slot, of: self) }
        defer { waiting.removeAll() }
        rest = .empty
        return waiting.values.sorted { $0.number < $1.number }
    }
}

internal import ConnectorKit

/// The end of a file as two connections see it: what was opened by one name at two moments need not be one file, and size and time alone
/// do not tell a file from one that was put in its place between them.
final class SFTPTwinPieces {
    private let first: Piece
    private let second: Piece
    private let firstClient: SFTPClient
    private let firstSlot: Int

    /// Asks both for the last bytes before `end`, which is above 0; the first one's reply comes with its other replies.
    init(
        _ first: SFTPClient, _ firstHandle: [UInt8], _ second: SFTPClient, _ secondHandle: [UInt8], end: UInt64, _ limits: WaitLimits
    ) throws(ConnectorError) {
        let count = min(UInt64(Piece.length), end)
        (self.first, self.second, firstClient) = (Piece(), Piece(), first)
        firstSlot = try first.send(self.first, { $0.read(firstHandle, offset: end - count, count: Int(count)) }, limits)
        try second.send(self.second, { $0.read(secondHandle, offset: end - count, count: Int(count)) }, limits)
    }

    /// Whether both are alike; nil before both are here. A server may give less than it was asked for.
    var areAlike: Bool? {
        guard first.isOver, second.isOver else { return nil }
        let count = min(first.filled, second.filled)
        return count > 0 && first.bytes[..<count].elementsEqual(second.bytes[..<count])
    }

    /// Nobody waits for the first one's reply any more.
    func forget() { firstClient.forget(slot: firstSlot, of: first) }

    /// The contents of one READ.
    private final class Piece: SFTPReplyReceiver {
        static let length = 16 << 10
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 16)
        private(set) var filled = 0
        private(set) var isOver = false

        deinit { bytes.deallocate() }

        override func received(_ reply: SFTPReply, slot: Int) { isOver = true }
        override func contentsArrived(_ count: Int, slot: Int) { filled += count }
        override func contentsEnd(slot: Int) { isOver = true }

        override func contentsDestination(
            slot: Int, remaining: Int, scratch: UnsafeMutableRawBufferPointer
        ) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
        }
    }
}

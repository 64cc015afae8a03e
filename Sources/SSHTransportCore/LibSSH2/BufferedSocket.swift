internal import Glibc

/// A connected socket that never blocks, with a buffer on each side: few system calls whatever pieces the protocol above asks for.
///
/// What arrives after `isEnded` was raised is none; what had arrived before can still be taken.
final class BufferedSocket {
    private let descriptor: FileDescriptor
    private let incoming: UnsafeMutableRawBufferPointer
    private var incomingRange = 0..<0
    private var outgoing: UnsafeMutableRawBufferPointer
    private var outgoingRange = 0..<0
    /// The far end has closed, or the connection broke; `errorNumber` is 0 for the first.
    private(set) var isEnded = false
    private(set) var errorNumber: Int32 = 0
    private(set) var lastReceivedMilliseconds = MonotonicClock.milliseconds()
    /// The first bytes that came, for what the protocol above does not tell about its peer.
    private(set) var firstBytes: [UInt8] = []
    /// Whether `take` may ask the system once more; each call of the protocol gets one turn, so that a fast peer cannot hold it for ever.
    var mayReceive = true {
        didSet { if mayReceive { lastTurnBroughtBytes = false } }
    }
    private(set) var lastTurnBroughtBytes = false

    /// Fewer bytes than that may be waiting to be sent before more are accepted from the channel.
    static let outgoingLimit = 262_144
    private static let incomingCapacity = 262_144
    /// Answers of the protocol itself come on top of `outgoingLimit`; a peer that asks for so many and reads none is given up.
    private static let outgoingCapacity = 4_194_304
    private static let firstBytesLimit = 32768

    /// Takes over a connected, non-blocking socket.
    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        incoming = .allocate(byteCount: Self.incomingCapacity, alignment: 16)
        outgoing = .allocate(byteCount: Self.outgoingCapacity, alignment: 16)
    }

    deinit {
        incoming.deallocate()
        outgoing.deallocate()
    }

    var number: Int32 { descriptor.number }
    var outgoingCount: Int { outgoingRange.count }
    var hasIncoming: Bool { !incomingRange.isEmpty }
    func close() { descriptor.close() }

    /// Up to `room.count` bytes; 0 when none are there.
    func take(into room: UnsafeMutableRawBufferPointer) -> Int {
        if incomingRange.isEmpty { receive() }
        let count = min(room.count, incomingRange.count)
        guard count > 0 else { return 0 }
        let from = incomingRange.lowerBound
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: incoming[from..<from + count]))
        incomingRange = from + count..<incomingRange.upperBound
        return count
    }

    private func receive() {
        guard mayReceive, !isEnded else { return }
        mayReceive = false
        let count = recv(descriptor.number, incoming.baseAddress, incoming.count, 0)
        if count > 0 {
            incomingRange = 0..<count
            lastTurnBroughtBytes = true
            lastReceivedMilliseconds = MonotonicClock.milliseconds()
            if firstBytes.count < Self.firstBytesLimit { firstBytes += incoming[0..<min(count, Self.firstBytesLimit - firstBytes.count)] }
        } else if count == 0 {
            isEnded = true
        } else if errno != EAGAIN && errno != EINTR {
            errorNumber = errno
            isEnded = true
        }
    }

    /// Takes all of `bytes`. False when far too many are waiting already.
    func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if outgoingRange.isEmpty { outgoingRange = 0..<0 }
        if outgoingRange.upperBound + bytes.count > outgoing.count {
            guard outgoingRange.count + bytes.count <= outgoing.count else { return false }
            let waiting = UnsafeRawBufferPointer(rebasing: outgoing[outgoingRange])
            outgoing.copyMemory(from: waiting)
            outgoingRange = 0..<waiting.count
        }
        UnsafeMutableRawBufferPointer(rebasing: outgoing[outgoingRange.upperBound...]).copyMemory(from: bytes)
        outgoingRange = outgoingRange.lowerBound..<outgoingRange.upperBound + bytes.count
        return true
    }

    /// Sends what the system takes now. - Returns: whether anything went.
    @discardableResult func flush() -> Bool {
        var sent = false
        while !outgoingRange.isEmpty, descriptor.number >= 0 {
            let waiting = UnsafeRawBufferPointer(rebasing: outgoing[outgoingRange])
            let count = send(descriptor.number, waiting.baseAddress, waiting.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                outgoingRange = outgoingRange.lowerBound + count..<outgoingRange.upperBound
                sent = true
            } else if errno == EINTR {
                continue
            } else {
                // What the peer said before it went is still to be read, so only reading ends the connection.
                if errno != EAGAIN { outgoingRange = 0..<0 }
                return sent
            }
        }
        return sent
    }
}

public import ConnectorKit

/// A file that is being read: many READs wait for their replies at once, and contents land in the caller's buffer as they arrive.
///
/// Replies may come in any order and shorter than asked; the bytes are handed out in order all the same. What arrives while the
/// caller has no room for it is kept, at most as much as was asked for.
public final class SFTPReadFile: SFTPReplyReceiver, ReadableFile {
    /// One stretch of the file that was asked for.
    private struct Stretch {
        var offset: UInt64 = 0
        var length = 0
        /// Bytes that came in, and how many of them the caller has.
        var arrived = 0
        var delivered = 0
        /// Where bytes are kept that came when the caller had no room: `kept[keptStart..<keptEnd]`.
        var kept: UnsafeMutableRawPointer?
        var keptStart = 0
        var keptEnd = 0
        /// The request that is out, or -1.
        var slot = -1
        var refusal: SFTPStatus?

        var isComplete: Bool { arrived == length && delivered == length }
        /// Came short and must be asked for again.
        var wantsMore: Bool { slot < 0 && arrived < length && refusal == nil }
    }

    private let client: SFTPClient
    private let handle: [UInt8]
    private let name: String
    private var stretches: [Stretch]
    private var head = 0
    private var count = 0
    private var stretchOfSlot = [Int](repeating: 0, count: SFTPRequestTable.capacity)
    private var spare: [UnsafeMutableRawPointer] = []
    private let spareLength: Int
    private var nextOffset: UInt64
    /// The size when the file was opened; behind it one request at a time looks for more.
    private let knownEnd: UInt64
    private var window: Int
    private var chunk: Int
    private var room = UnsafeMutableRawBufferPointer.empty
    private var filled = 0
    private var arrivesInRoom = false
    private var pending: ConnectorError?
    private var isClosed = false

    init(_ client: SFTPClient, handle: [UInt8], name: String, offset: UInt64, size: UInt64?) {
        self.client = client
        self.handle = handle
        self.name = name
        nextOffset = offset
        knownEnd = size ?? offset
        chunk = client.readLength
        spareLength = client.readLength
        // Grows with every answer, so that a file that is given up early has not cost its server much.
        window = min(4, client.options.requestsInFlight)
        stretches = Array(repeating: Stretch(), count: client.options.requestsInFlight)
    }

    deinit { close() }

    public func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        if let pending { throw pending }
        room = buffer
        filled = 0
        defer { room = .empty }
        do throws(ConnectorError) {
            let limits = client.limits(call)
            while true {
                deliver()
                if filled == buffer.count { return filled }
                if count > 0, let refusal = stretches[head].refusal {
                    if refusal.code == .endOfFile { return filled }
                    throw client.error(refusal, "be read", name)
                }
                try ask(limits)
                try client.exchange(limits)
            }
        } catch {
            // The bytes that are here are good; the reason comes with the next call.
            guard filled > 0 else { throw error }
            pending = error
            return filled
        }
    }

    // MARK: Asking

    private func ask(_ limits: WaitLimits) throws(ConnectorError) {
        for place in 0..<count where stretches[(head + place) % stretches.count].wantsMore {
            try request((head + place) % stretches.count, limits)
        }
        // A few requests in one go cost one packet of SSH.
        guard count == 0 || count <= window - max(1, window / 8) else { return }
        while count < window, nextOffset < knownEnd || count == 0 {
            let index = (head + count) % stretches.count
            let length = nextOffset < knownEnd ? Int(min(UInt64(chunk), knownEnd - nextOffset)) : chunk
            stretches[index] = Stretch(offset: nextOffset, length: length)
            nextOffset += UInt64(length)
            count += 1
            try request(index, limits)
        }
    }

    private func request(_ index: Int, _ limits: WaitLimits) throws(ConnectorError) {
        let stretch = stretches[index]
        let handle = handle
        let slot = try client.send(
            self, { $0.read(handle, offset: stretch.offset + UInt64(stretch.arrived), count: stretch.length - stretch.arrived) }, limits)
        stretches[index].slot = slot
        stretchOfSlot[slot] = index
    }

    // MARK: Handing out

    /// Moves kept bytes to the caller and drops the stretches that are done.
    private func deliver() {
        while count > 0 {
            moveKept()
            guard stretches[head].isComplete else { return }
            if let kept = stretches[head].kept { spare.append(kept) }
            stretches[head] = Stretch()
            head = (head + 1) % stretches.count
            count -= 1
            window = min(window + 1, stretches.count)
        }
    }

    private func moveKept() {
        let available = min(stretches[head].keptEnd - stretches[head].keptStart, room.count - filled)
        guard available > 0, let kept = stretches[head].kept else { return }
        UnsafeMutableRawBufferPointer(rebasing: room[filled..<filled + available])
            .copyMemory(from: UnsafeRawBufferPointer(start: kept + stretches[head].keptStart, count: available))
        filled += available
        stretches[head].keptStart += available
        stretches[head].delivered += available
    }

    // MARK: Replies

    override func received(_ reply: SFTPReply, slot: Int) {
        let index = stretchOfSlot[slot]
        stretches[index].slot = -1
        stretches[index].refusal = if case .status(let status) = reply { status } else { SFTPStatus(number: 4, message: "an unexpected reply") }
    }

    override func contentsDestination(slot: Int, remaining: Int, scratch: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let index = stretchOfSlot[slot]
        if index == head { moveKept() }
        let nothingKept = stretches[index].keptStart == stretches[index].keptEnd
        arrivesInRoom = index == head && nothingKept && filled < room.count
        if arrivesInRoom { return UnsafeMutableRawBufferPointer(rebasing: room[filled..<min(filled + remaining, room.count)]) }
        let kept = stretches[index].kept ?? spare.popLast() ?? .allocate(byteCount: spareLength, alignment: 16)
        if nothingKept { (stretches[index].keptStart, stretches[index].keptEnd) = (0, 0) }
        stretches[index].kept = kept
        return UnsafeMutableRawBufferPointer(start: kept + stretches[index].keptEnd, count: remaining)
    }

    override func contentsArrived(_ count: Int, slot: Int) {
        let index = stretchOfSlot[slot]
        stretches[index].arrived += count
        if arrivesInRoom {
            filled += count
            stretches[index].delivered += count
        } else {
            stretches[index].keptEnd += count
        }
    }

    override func contentsEnd(slot: Int) {
        let index = stretchOfSlot[slot]
        stretches[index].slot = -1
        // A server that gives less than it is asked for is asked for that much from now on.
        if stretches[index].arrived < stretches[index].length { chunk = max(1024, min(chunk, stretches[index].arrived)) }
    }

    public func close() {
        guard !isClosed else { return }
        isClosed = true
        for index in stretches.indices {
            if stretches[index].slot >= 0 { client.forget(slot: stretches[index].slot, of: self) }
            stretches[index].kept?.deallocate()
        }
        for buffer in spare { buffer.deallocate() }
        stretches = []
        spare = []
        client.closeQuietly(handle)
    }
}

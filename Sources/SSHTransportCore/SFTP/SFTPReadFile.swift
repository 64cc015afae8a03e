public import ConnectorKit

/// A file that is being read: many READs wait for their replies at once, and contents land in the caller's buffer as they arrive.
///
/// Replies may come in any order and shorter than asked; the bytes are handed out in order all the same. What arrives while the
/// caller has no room for it is kept, at most as much as was asked for. Of a large file that is waited for, a second connection
/// fetches some ranges (`SecondConnection`).
public final class SFTPReadFile: ReadableFile {
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
        /// The request that is out, or -1, and whether it is the second connection's.
        var slot = -1
        var isOfSecond = false
        var refusal: SFTPStatus?

        var isComplete: Bool { arrived == length && delivered == length }
        /// Came short and must be asked for again.
        var wantsMore: Bool { slot < 0 && arrived < length && refusal == nil }
    }

    /// How far a second connection is.
    private enum Second {
        case none
        case opening(SFTPSecondHandle)
        case comparing(SFTPSecondHandle, SFTPTwinPieces)
        case reading(SFTPReadLane)
    }

    /// The file as it was when it was opened.
    struct Opened {
        var path: [UInt8]
        var handle: [UInt8]
        /// nil where the server does not tell.
        var attributes: SFTPAttributes?
    }

    private let client: SFTPClient
    private let opened: Opened
    private let name: String
    private lazy var first = SFTPReadLane(client, handle: opened.handle, self)
    private var second = Second.none
    private var pace = TransferPace()
    private var patience = SecondPatience()
    /// The second would not give a part of the file.
    private var secondRefusal: SFTPStatus?
    private var stretches: [Stretch]
    private var head = 0
    private var count = 0
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

    init(_ client: SFTPClient, _ opened: Opened, name: String, offset: UInt64) {
        self.client = client
        self.opened = opened
        self.name = name
        nextOffset = offset
        knownEnd = opened.attributes?.size.map(UInt64.init(clamping:)) ?? offset
        chunk = client.readLength
        spareLength = client.readLength
        // Grows with every answer, so that a file that is given up early has not cost its server much.
        window = min(4, client.options.requestsInFlight)
        stretches = Array(repeating: Stretch(), count: client.mostInFlight(each: client.readLength))
    }

    deinit { close() }

    public func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        if let pending { throw pending }
        room = buffer
        filled = 0
        pace.enter()
        patience.pause()
        defer {
            pace.leave(filled)
            room = .empty
        }
        do throws(ConnectorError) {
            let limits = client.limits(call)
            openSecondIfWorthIt(call)
            while true {
                deliver()
                if filled == buffer.count { return filled }
                if count > 0, let refusal = stretches[head].refusal {
                    if refusal.code == .endOfFile { return filled }
                    throw client.error(refusal, "be read", name)
                }
                try ask(limits)
                try exchange(limits, call)
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
        for place in 0..<count where stretches[(head + place) % stretches.count].wantsMore && first.takesMore {
            try request((head + place) % stretches.count, of: first, limits)
        }
        // A few requests in one go cost one packet of SSH.
        guard count == 0 || count <= window - max(1, window / 8) else { return }
        let idlest = lessBusyLane
        while count < window, nextOffset < knownEnd || count == 0, let lane = idlest.takesMore ? idlest : first.takesMore ? first : nil {
            let index = (head + count) % stretches.count
            let isKnown = nextOffset < knownEnd
            let length = isKnown ? Int(min(UInt64(chunk), knownEnd - nextOffset)) : chunk
            stretches[index] = Stretch(offset: nextOffset, length: length)
            nextOffset += UInt64(length)
            count += 1
            // What the file has beyond its size of before is the first one's to find.
            try request(index, of: isKnown ? lane : first, limits)
        }
    }

    private func request(_ index: Int, of lane: SFTPReadLane, _ limits: WaitLimits) throws(ConnectorError) {
        let stretch = stretches[index]
        stretches[index].isOfSecond = lane !== first
        stretches[index].slot = try lane.ask(
            for: index, offset: stretch.offset + UInt64(stretch.arrived), count: stretch.length - stretch.arrived, limits)
    }

    // MARK: Moving bytes

    /// Moves what can be moved over every connection; waits when nothing can.
    private func exchange(_ limits: WaitLimits, _ call: any CallContext) throws(ConnectorError) {
        guard let secondClient else {
            try client.exchange(limits)
            return
        }
        var moved = try client.turn(limits).moved
        do throws(ConnectorError) {
            if try advanceSecond(limits, call) { moved = true }
            if patience.isOver(firstWaits: keepsFirstWaiting) { throw SecondConnection.tooSlow(client.options.serverName) }
        } catch {
            return try loseSecond(error, call)
        }
        guard !moved else { return }
        var limits = limits
        if patience.isTried { limits.stallMilliseconds = min(limits.stallMilliseconds, SecondPatience.milliseconds) }
        do throws(ConnectorError) {
            try client.wait(limits, besides: secondClient)
        } catch {
            guard error.status == .timeout, patience.isTried else { throw error }
            try loseSecond(error, call)
        }
    }

    private var keepsFirstWaiting: Bool { if case .reading(let lane) = second { lane.waiting > 0 && first.waiting == 0 } else { false } }

    // MARK: The second connection

    private var secondClient: SFTPClient? {
        switch second {
        case .none: nil
        case .opening(let handle), .comparing(let handle, _): handle.client
        case .reading(let lane): lane.client
        }
    }

    private var lessBusyLane: SFTPReadLane {
        if case .reading(let lane) = second, lane.waiting < first.waiting { lane } else { first }
    }

    private func openSecondIfWorthIt(_ call: any CallContext) {
        guard case .none = second, let source = client.secondConnection, knownEnd >= nextOffset, knownEnd - nextOffset >= source.leastRemaining,
            pace.wantsSecond(after: source.firstLook, roundTrip: source.roundTrip(of: client)) == true,
            let other = source.client(beside: client, for: name, call)
        else { return }
        second = .opening(SFTPSecondHandle(other, path: opened.path, name: name, .read))
    }

    /// - Returns: whether anything moved.
    private func advanceSecond(_ limits: WaitLimits, _ call: any CallContext) throws(ConnectorError) -> Bool {
        switch second {
        case .none: return false
        case .opening(let opening):
            let moved = try opening.advance(limits)
            guard let handle = opening.handle, let attributes = opening.attributes else { return moved }
            // The comparison is one more request to the first.
            guard first.takesMore else { return moved }
            guard attributes.size == opened.attributes?.size, attributes.modified == opened.attributes?.modified else { throw anotherFile }
            first.reserved = 1
            second = .comparing(opening, try SFTPTwinPieces(client, opened.handle, opening.client, handle, end: knownEnd, limits))
            return true
        case .comparing(let opening, let pieces):
            let moved = try opening.client.turn(limits).moved
            guard let handle = opening.handle, let areAlike = pieces.areAlike else { return moved }
            guard areAlike else { throw anotherFile }
            first.reserved = 0
            patience = SecondPatience()
            second = .reading(SFTPReadLane(opening.client, handle: handle, self))
            call.log(.debug, "A second connection fetches a part of the file.", ["file": name])
            return true
        case .reading(let lane):
            if let secondRefusal { throw client.error(secondRefusal, "be read over a second connection", name) }
            return try lane.client.turn(limits).moved
        }
    }

    private var anotherFile: ConnectorError {
        ConnectorError(.data, "\(name) on \(client.options.serverName) is another file by now, or has changed.")
    }

    /// Has the first connection fetch what the second has not. Throws where the transfer as a whole was cancelled.
    private func loseSecond(_ error: ConnectorError, _ call: any CallContext) throws(ConnectorError) {
        if error.status == .cancelled { throw error }
        endSecond()
        client.secondConnection?.lost(error, name, call)
    }

    private func endSecond() {
        switch second {
        case .none: return
        case .opening(let handle): handle.client.close()
        case .comparing(let handle, let pieces):
            pieces.forget()
            first.reserved = 0
            handle.client.close()
        case .reading(let lane):
            for index in stretches.indices where stretches[index].slot >= 0 && stretches[index].isOfSecond {
                lane.forget(stretches[index].slot)
                stretches[index].slot = -1
            }
            lane.client.close()
        }
        second = .none
        window = min(window, client.options.requestsInFlight)
    }

    // MARK: Handing out

    private var mostInFlight: Int { if case .reading = second { stretches.count } else { min(client.options.requestsInFlight, stretches.count) } }

    /// Moves kept bytes to the caller and drops the stretches that are done.
    private func deliver() {
        while count > 0 {
            moveKept()
            guard stretches[head].isComplete else { return }
            if let kept = stretches[head].kept { spare.append(kept) }
            stretches[head] = Stretch()
            head = (head + 1) % stretches.count
            count -= 1
            window = min(window + 1, mostInFlight)
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

    func received(_ reply: SFTPReply, stretch index: Int) {
        stretches[index].slot = -1
        let refusal = if case .status(let status) = reply { status } else { SFTPStatus(number: 4, message: "an unexpected reply") }
        // What the second is refused, the first is asked for.
        if stretches[index].isOfSecond { secondRefusal = refusal } else { stretches[index].refusal = refusal }
    }

    func contentsDestination(stretch index: Int, remaining: Int) -> UnsafeMutableRawBufferPointer {
        if index == head { moveKept() }
        let nothingKept = stretches[index].keptStart == stretches[index].keptEnd
        arrivesInRoom = index == head && nothingKept && filled < room.count
        if arrivesInRoom { return UnsafeMutableRawBufferPointer(rebasing: room[filled..<min(filled + remaining, room.count)]) }
        let kept = stretches[index].kept ?? spare.popLast() ?? .allocate(byteCount: spareLength, alignment: 16)
        if nothingKept { (stretches[index].keptStart, stretches[index].keptEnd) = (0, 0) }
        stretches[index].kept = kept
        return UnsafeMutableRawBufferPointer(start: kept + stretches[index].keptEnd, count: remaining)
    }

    func contentsArrived(_ count: Int, stretch index: Int) {
        stretches[index].arrived += count
        if arrivesInRoom {
            filled += count
            stretches[index].delivered += count
        } else {
            stretches[index].keptEnd += count
        }
    }

    func contentsEnd(stretch index: Int) {
        stretches[index].slot = -1
        // A server that gives less than it is asked for is asked for that much from now on.
        if stretches[index].arrived < stretches[index].length { chunk = max(1024, min(chunk, stretches[index].arrived)) }
    }

    public func close() {
        guard !isClosed else { return }
        isClosed = true
        endSecond()
        for index in stretches.indices {
            if stretches[index].slot >= 0 { first.forget(stretches[index].slot) }
            stretches[index].kept?.deallocate()
        }
        for buffer in spare { buffer.deallocate() }
        stretches = []
        spare = []
        first.closeHandle()
    }
}

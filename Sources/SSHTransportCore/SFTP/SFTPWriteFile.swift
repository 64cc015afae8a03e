public import ConnectorKit

/// A file that is being written: the caller's bytes go to the channel without a copy, many WRITEs wait for their replies at once.
///
/// Of a large file that is waited for, a second connection writes some ranges (`SecondConnection`); when it is lost, the first writes them. What a
/// broken transfer leaves then has holes, at most `SFTPClient.mostOnTheWay` before its end: as with a server that writes several requests at once.
public final class SFTPWriteFile: WritableFile {
    /// How far a second connection is.
    private enum Second {
        case none
        case opening(SFTPSecondHandle)
        case writing(SFTPWriteLane)
    }

    private let client: SFTPClient
    private let path: [UInt8]
    private let name: String
    /// Where this writer began; what was there before belongs to an earlier one.
    private let start: UInt64
    /// How long the file is to be; nil when nobody knows.
    private let expected: UInt64?
    private var offset: UInt64
    private let handle: [UInt8]
    private let pieces: SFTPPieces
    private let first: SFTPWriteLane
    private var second = Second.none
    /// The second that was lost, whose memory holds what it gave back.
    private var lost: SFTPWriteLane?
    /// What the first has to write in the place of one that was lost, in the order of the file.
    private var givenBack: ArraySlice<SFTPWriteLane.Piece> = []
    private var pace = TransferPace()
    private var patience = SecondPatience()
    private var isEnded = false

    init(_ client: SFTPClient, handle: [UInt8], path: [UInt8], name: String, offset: UInt64, expected: UInt64?) {
        self.client = client
        self.handle = handle
        self.path = path
        self.name = name
        self.start = offset
        self.offset = offset
        self.expected = expected
        pieces = SFTPPieces(client.mostInFlight(each: client.writeLength))
        first = SFTPWriteLane(client, handle: handle, pieces, keepsCopies: false)
    }

    deinit { forget() }

    /// Takes all of `buffer`.
    public func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        let limits = client.limits(call)
        pace.enter()
        defer { pace.leave(buffer.count) }
        patience.pause()
        openSecondIfWorthIt(call)
        var taken = 0
        do throws(ConnectorError) {
            while taken < buffer.count || !givenBack.isEmpty || !first.rest.isEmpty {
                try checkRefusal(limits)
                try giveBack(limits)
                while taken < buffer.count, pieces.hasRoom(mostInFlight), let lane = idlestLane {
                    let count = min(buffer.count - taken, nextLength)
                    let contents = UnsafeRawBufferPointer(rebasing: buffer[taken..<taken + count])
                    let piece = SFTPWriteLane.Piece(number: pieces.add(), offset: offset, contents: contents)
                    offset += UInt64(count)
                    taken += count
                    try lane.begin(piece, limits)
                }
                try move(limits, call)
            }
        } catch {
            first.keepRest()
            throw error
        }
        return taken
    }

    /// Where two write, at multiples of 64 KiB: two servers that share a disk over a network write whole pages.
    private var nextLength: Int {
        guard case .writing = second, client.writeLength > Self.border else { return client.writeLength }
        return client.writeLength / Self.border * Self.border - Int(offset % UInt64(Self.border))
    }
    private static let border = 64 << 10

    // MARK: Moving bytes

    /// The lane that takes the next piece; nil when none has room.
    private var idlestLane: SFTPWriteLane? {
        guard givenBack.isEmpty else { return nil }
        guard case .writing(let lane) = second, lane.takesMore, !first.takesMore || lane.waitingCount < first.waitingCount else {
            return first.takesMore ? first : nil
        }
        return lane
    }

    private var mostInFlight: Int { if case .writing = second { .max } else { client.options.requestsInFlight } }

    private func giveBack(_ limits: WaitLimits) throws(ConnectorError) {
        while first.takesMore, let piece = givenBack.popFirst() { try first.begin(piece, limits) }
    }

    /// Moves what can be moved over every connection; waits when nothing can.
    private func move(_ limits: WaitLimits, _ call: any CallContext) throws(ConnectorError) {
        var moved = try first.turn(limits)
        switch second {
        case .none:
            if !moved { try client.wait(limits, contents: first.rest) }
        case .opening(let opening):
            do throws(ConnectorError) {
                if try opening.advance(limits) { moved = true }
                try adopt(opening, call)
            } catch {
                return try loseSecond(error, call)
            }
            if !moved { try client.wait(limits, contents: first.rest, besides: opening.client) }
        case .writing(let lane):
            do throws(ConnectorError) {
                if try lane.turn(limits) { moved = true }
                if let refusal = lane.refusal { throw client.error(refusal, "be written over a second connection", name) }
                if patience.isOver(firstWaits: first.waitingCount == 0 && lane.waitingCount > 0) {
                    throw SecondConnection.tooSlow(client.options.serverName)
                }
            } catch {
                return try loseSecond(error, call)
            }
            if !moved { try wait(besides: lane, limits, call) }
        }
    }

    private func wait(besides lane: SFTPWriteLane, _ limits: WaitLimits, _ call: any CallContext) throws(ConnectorError) {
        var limits = limits
        if patience.isTried { limits.stallMilliseconds = min(limits.stallMilliseconds, SecondPatience.milliseconds) }
        do throws(ConnectorError) {
            try client.wait(limits, contents: first.rest, besides: lane.client, contents: lane.rest)
        } catch {
            guard error.status == .timeout, patience.isTried else { throw error }
            try loseSecond(error, call)
        }
    }

    private func checkRefusal(_ limits: WaitLimits) throws(ConnectorError) {
        guard let refusal = first.refusal else { return }
        // Nothing may come between a WRITE and its contents.
        first.keepRest()
        if refusal.code == .failure, client.isFull(path, limits) {
            throw ConnectorError(.noSpace, "\(name) could not be written: the disk of \(client.options.serverName) is full. Free space there.")
        }
        throw client.error(refusal, "be written", name)
    }

    // MARK: The second connection

    /// Only with servers that show themselves to be OpenSSH's, or as good: behind others there may be a store of objects, where two handles of one name are
    /// two objects.
    private func openSecondIfWorthIt(_ call: any CallContext) {
        guard case .none = second, let source = client.secondConnection, let expected, expected >= offset, expected - offset >= source.leastRemaining,
            client.has(SFTPExtension.limits), client.has(SFTPExtension.fsync),
            pace.wantsSecond(after: source.firstLook, roundTrip: source.roundTrip(of: client)) == true,
            let other = source.client(beside: client, for: name, call)
        else { return }
        second = .opening(SFTPSecondHandle(other, path: path, name: name, .write))
    }

    /// Has the second write too, once it sees what the first has written so far.
    private func adopt(_ opening: SFTPSecondHandle, _ call: any CallContext) throws(ConnectorError) {
        guard let handle = opening.handle, let attributes = opening.attributes else { return }
        guard let size = attributes.size, size > 0, size <= offset, offset - UInt64(size) <= 2 * UInt64(SFTPClient.mostOnTheWay) else {
            throw ConnectorError(.unsupported, "\(client.options.serverName) does not show one handle of a file what another has written.")
        }
        patience = SecondPatience()
        second = .writing(SFTPWriteLane(opening.client, handle: handle, pieces, keepsCopies: true))
        call.log(.debug, "A second connection writes a part of the file.", ["file": name])
    }

    /// Has the first write what the second has not. Throws where the transfer as a whole was cancelled.
    private func loseSecond(_ error: ConnectorError, _ call: any CallContext) throws(ConnectorError) {
        if error.status == .cancelled { throw error }
        client.secondConnection?.lost(error, name, call)
        if case .writing(let lane) = second {
            givenBack = ArraySlice(lane.forget())
            lost = lane
        }
        endSecond()
    }

    private func endSecond() {
        switch second {
        case .none: return
        case .opening(let opening): opening.client.close()
        case .writing(let lane):
            lane.forget()
            lane.client.close()
        }
        second = .none
    }

    /// Has the server close the second handle, which only then may say what went wrong, and looks whether the first one shows the file whole.
    private func completeSecond(_ limits: WaitLimits, _ call: any CallContext) throws(ConnectorError) {
        guard case .writing(let lane) = second else {
            endSecond()
            if lost != nil { try checkSize(limits) }
            return
        }
        do throws(ConnectorError) {
            let closing = try lane.close(limits)
            while closing.reply == nil, case .writing = second { try move(limits, call) }
            if let reply = closing.reply { try client.expectOK(reply, "be completed", name) }
        } catch {
            // One that is lost has written all it was given, and the first puts the file on the disk.
            guard case .writing = second, lane.isBroken else { throw error }
            try loseSecond(error, call)
        }
        endSecond()
        try checkSize(limits)
    }

    private func checkSize(_ limits: WaitLimits) throws(ConnectorError) {
        let handle = handle
        let size = try client.expectAttributes(client.ask({ $0.handleStat(handle) }, limits), "be looked at", name).size
        if let size, size != offset {
            throw ConnectorError(.transient, "\(name) has \(size) bytes on \(client.options.serverName) after \(offset) were written.")
        }
    }

    // MARK: Ending

    /// Waits for every reply, sets the time, has the server put the file on its disk where it can (`fsync@openssh.com`), closes it.
    public func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        let limits = client.limits(call)
        isEnded = true
        patience.pause()
        defer { forget() }
        while !pieces.areAllAnswered {
            try checkRefusal(limits)
            try giveBack(limits)
            try move(limits, call)
        }
        try checkRefusal(limits)
        try completeSecond(limits, call)
        let handle = handle
        if let modifiedUnixNanoseconds {
            let seconds = UInt32(clamping: modifiedUnixNanoseconds / 1_000_000_000)
            let times = SFTPAttributes(accessed: seconds, modified: seconds)
            let answer = try client.ask({ $0.setAttributes(handle, times) }, limits)
            if answer != .status(.ok) { call.log(.warning, "The server did not take the modification time.", ["file": name]) }
        }
        if client.has(SFTPExtension.fsync) { try client.expectOK(client.ask({ $0.fsync(handle) }, limits), "be put on the disk", name) }
        try client.expectOK(client.ask({ $0.close(handle) }, limits), "be completed", name)
    }

    /// Replies that are still to come find nobody.
    private func forget() {
        first.keepRest()
        first.forget()
        endSecond()
    }

    /// Gives up within two seconds. A file that this writer began is removed; one that it went on with is cut back to where it began, as far as
    /// the server has not still something of a second connection to write.
    public func abort() {
        guard !isEnded else { return }
        isEnded = true
        forget()
        let limits = WaitLimits(stallMilliseconds: 1500, deadlineMilliseconds: MonotonicClock.milliseconds() + 1500, call: nil)
        let (handle, path, start) = (handle, path, start)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        if start > 0 { _ = try? client.ask({ $0.setAttributes(handle, SFTPAttributes(size: Int64(start))) }, limits) }
        _ = try? client.ask({ $0.close(handle) }, limits)
        if start == 0 { _ = try? client.ask({ $0.remove(path) }, limits) }
    }
}

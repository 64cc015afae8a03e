public import ConnectorKit

/// A file that is being written: the caller's bytes go to the channel without a copy, many WRITEs wait for their replies at once.
///
/// Of a large file that is waited for, a second connection writes some ranges (`SecondConnection`). What a broken transfer leaves then has holes,
/// at most `SFTPClient.mostOnTheWay` before its end: as with a server that writes several requests at once.
public final class SFTPWriteFile: WritableFile {
    /// How far a second connection is.
    private enum Second {
        case none
        case opening(SFTPSecondHandle)
        case writing(SFTPWriteLane)
    }

    /// The WRITEs that are out, oldest first, numbered in the order of the file: `pieces[number % pieces.count]`.
    private struct Pieces {
        private var isAnswered: [Bool]
        private(set) var oldest = 0
        private(set) var next = 0

        init(_ most: Int) { isAnswered = Array(repeating: true, count: most) }

        func hasRoom(_ most: Int) -> Bool { next - oldest < min(most, isAnswered.count) }
        var isEmpty: Bool { oldest == next }

        mutating func add() -> Int {
            isAnswered[next % isAnswered.count] = false
            next += 1
            return next - 1
        }

        mutating func answered(_ number: Int) {
            isAnswered[number % isAnswered.count] = true
            while oldest < next, isAnswered[oldest % isAnswered.count] { oldest += 1 }
        }
    }

    private let client: SFTPClient
    private let path: [UInt8]
    private let name: String
    /// Where this writer began; what was there before belongs to an earlier one.
    private let start: UInt64
    /// How long the file is to be; nil when nobody knows.
    private let expected: UInt64?
    private var offset: UInt64
    private var pieces: Pieces
    private let handle: [UInt8]
    private lazy var first = SFTPWriteLane(client, handle: handle) { [unowned self] in pieces.answered($0) }
    private var second = Second.none
    private var pace = TransferPace()
    private var isEnded = false

    init(_ client: SFTPClient, handle: [UInt8], path: [UInt8], name: String, offset: UInt64, expected: UInt64?) {
        self.client = client
        self.handle = handle
        self.path = path
        self.name = name
        self.start = offset
        self.offset = offset
        self.expected = expected
        pieces = Pieces(client.mostInFlight(withSecond: client.secondConnection != nil, each: client.writeLength))
    }

    deinit { endSecond() }

    /// Takes all of `buffer`.
    public func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        let limits = client.limits(call)
        pace.enter()
        defer { pace.leave(buffer.count) }
        openSecondIfWorthIt(call)
        var taken = 0
        do throws(ConnectorError) {
            while taken < buffer.count || !lanes.allSatisfy(\.rest.isEmpty) {
                try checkRefusal(limits)
                while taken < buffer.count, pieces.hasRoom(mostInFlight), let lane = idlestLane {
                    let count = min(buffer.count - taken, client.writeLength)
                    try lane.begin(UnsafeRawBufferPointer(rebasing: buffer[taken..<taken + count]), at: offset, piece: pieces.add(), limits)
                    offset += UInt64(count)
                    taken += count
                }
                try move(limits, call)
            }
        } catch {
            for lane in lanes { lane.keepRest() }
            throw error
        }
        return taken
    }

    // MARK: Moving bytes

    private var lanes: [SFTPWriteLane] { if case .writing(let lane) = second { [first, lane] } else { [first] } }

    /// The lane that takes the next piece; nil when none has room.
    private var idlestLane: SFTPWriteLane? {
        guard case .writing(let lane) = second, lane.takesMore, !first.takesMore || lane.waitingCount < first.waitingCount else {
            return first.takesMore ? first : nil
        }
        return lane
    }

    private var mostInFlight: Int { if case .writing = second { .max } else { client.options.requestsInFlight } }

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
            } catch {
                return try loseSecond(error, call)
            }
            if !moved { try client.wait(limits, contents: first.rest, besides: lane.client, contents: lane.rest) }
        }
    }

    private func checkRefusal(_ limits: WaitLimits) throws(ConnectorError) {
        for lane in lanes {
            guard let refusal = lane.refusal else { continue }
            if refusal.code == .failure, client.isFull(path, limits) {
                throw ConnectorError(.noSpace, "\(name) could not be written: the disk of \(client.options.serverName) is full. Free space there.")
            }
            throw client.error(refusal, "be written", name)
        }
    }

    // MARK: The second connection

    /// Only with servers that show themselves to be OpenSSH's, or as good: behind others there may be a store of objects, where two handles of one name are
    /// two objects.
    private func openSecondIfWorthIt(_ call: any CallContext) {
        guard case .none = second, let source = client.secondConnection, let expected, expected >= offset, expected - offset >= source.leastRemaining,
            client.has(SFTPExtension.limits), client.has(SFTPExtension.fsync), pace.waitsForLine(after: source.firstLook) == true,
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
        second = .writing(SFTPWriteLane(opening.client, handle: handle) { [unowned self] in pieces.answered($0) })
        call.log(.debug, "A second connection writes a part of the file.", ["file": name])
    }

    /// Goes on without the second where all it was given is on the server. Throws where something may be missing, or all was cancelled.
    private func loseSecond(_ error: ConnectorError, _ call: any CallContext) throws(ConnectorError) {
        if error.status == .cancelled { throw error }
        client.secondConnection?.lost(error, name, call)
        if case .writing(let lane) = second, !lane.isIdle { throw error }
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

    /// Has the server close the second handle, which may only then say what went wrong.
    private func completeSecond(_ limits: WaitLimits) throws(ConnectorError) {
        if case .writing(let lane) = second {
            let handle = lane.handle
            try client.expectOK(lane.client.ask({ $0.close(handle) }, limits), "be completed", name)
        }
        endSecond()
    }

    // MARK: Ending

    /// Waits for every reply, sets the time, has the server put the file on its disk where it can (`fsync@openssh.com`), closes it.
    public func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        let limits = client.limits(call)
        isEnded = true
        defer { endSecond() }
        while !pieces.isEmpty { try move(limits, call) }
        try checkRefusal(limits)
        try completeSecond(limits)
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

    /// Gives up within two seconds. A file that this writer began is removed; one that it went on with is cut back to where it began.
    public func abort() {
        guard !isEnded else { return }
        isEnded = true
        endSecond()
        first.forget()
        let limits = WaitLimits(stallMilliseconds: 1500, deadlineMilliseconds: MonotonicClock.milliseconds() + 1500, call: nil)
        let (handle, path, start) = (handle, path, start)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        if start > 0 { _ = try? client.ask({ $0.setAttributes(handle, SFTPAttributes(size: Int64(start))) }, limits) }
        _ = try? client.ask({ $0.close(handle) }, limits)
        if start == 0 { _ = try? client.ask({ $0.remove(path) }, limits) }
    }
}

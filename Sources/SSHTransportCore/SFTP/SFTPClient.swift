public import ConnectorKit

/// What a session may ask of its server.
public struct SFTPClientOptions: Sendable {
    /// For messages: the server as the user knows it.
    public var serverName: String
    /// Requests for contents that wait for their replies; 1 for servers that cannot cope with more.
    public var requestsInFlight: Int
    /// Nothing moving for so long is a `.timeout`.
    public var stallMilliseconds: Int64
    /// Everything up to the server's greeting.
    public var connectMilliseconds: Int64

    public init(serverName: String, requestsInFlight: Int = 64, stallMilliseconds: Int64, connectMilliseconds: Int64) {
        self.serverName = serverName
        self.requestsInFlight = min(max(requestsInFlight, 1), 128)
        self.stallMilliseconds = stallMilliseconds
        self.connectMilliseconds = connectMilliseconds
    }
}

/// Gets what the server answers to its requests; the kinds of them are this module's own.
public class SFTPReplyReceiver {
    init() {}
    func received(_ reply: SFTPReply, slot: Int) {}
    /// `count` bytes of contents follow for the request.
    func contentsBegin(count: Int, slot: Int) {}
    /// Where the next of them go: 1 byte or more of room.
    func contentsDestination(slot: Int, remaining: Int, scratch: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer { scratch }
    func contentsArrived(_ count: Int, slot: Int) {}
    func contentsEnd(slot: Int) {}
}

/// One request at a time, for everything that is not contents.
final class SFTPSingleReply: SFTPReplyReceiver {
    var reply: SFTPReply?
    override func received(_ reply: SFTPReply, slot: Int) { self.reply = reply }
}

/// An SFTP session over a channel: moves bytes between codec, channel and the open files. Used by one thread at a time.
///
/// Several files may be open at once; what arrives for a file that is not being read at the moment is kept for it.
public final class SFTPClient {
    let channel: any ByteChannel
    let options: SFTPClientOptions
    /// Where help with large files comes from; nil for none.
    public var secondConnection: SecondConnection?
    var codec = SFTPCodec()
    private(set) var extensions: [String: String] = [:]
    /// Bytes of one READ and one WRITE.
    private(set) var readLength = 32768
    private(set) var writeLength = 32768

    /// The least time from a request to its reply so far, in nanoseconds: how far away the server is.
    private(set) var shortestRoundTrip = Int64.max

    private var receivers = [SFTPReplyReceiver?](repeating: nil, count: SFTPRequestTable.capacity)
    /// Bytes that came in and were not understood yet: the front of packets, small enough that copying contents out of it costs little.
    private let arrived: UnsafeMutableRawBufferPointer
    private var arrivedRange = 0..<0
    private let scratch: UnsafeMutableRawBufferPointer
    private var contentsSlot = 0
    private var broken: ConnectorError?
    private var greeted = false
    private var writingEnded = false

    private static let arrivedCapacity = 8192
    /// OpenSSH's server takes 256 KiB packets; 255 KiB of contents and a head fit.
    private static let longestContents = 261_120

    public init(channel: any ByteChannel, options: SFTPClientOptions) {
        self.channel = channel
        self.options = options
        arrived = .allocate(byteCount: Self.arrivedCapacity, alignment: 16)
        scratch = .allocate(byteCount: 65536, alignment: 16)
    }

    deinit {
        channel.close()
        arrived.deallocate()
        scratch.deallocate()
    }

    /// Waits for the log-in and the server's greeting, and asks for its limits.
    public func start(_ call: any CallContext) throws(ConnectorError) {
        var limits = limits(call)
        limits.stallMilliseconds = options.connectMilliseconds
        limits.deadlineMilliseconds = MonotonicClock.milliseconds() + options.connectMilliseconds
        greet()
        while !isGreeted { try exchange(limits) }
        channel.established()
        guard extensions[SFTPExtension.limits] != nil else { return }
        if case .extended(let bytes) = try ask({ $0.limits() }, limits), let server = SFTPServerLimits(bytes) { adopt(server) }
    }

    /// Says hello; `isGreeted` once the server has answered.
    func greet() { codec.initialize() }
    var isGreeted: Bool { greeted }

    /// Has the limits of another client of the same server, instead of asking for them.
    func adopt(limitsOf other: SFTPClient) { (readLength, writeLength) = (other.readLength, other.writeLength) }

    /// How many requests of `length` bytes may wait for their replies. Where a second connection may join: for both together, at most `mostOnTheWay` bytes.
    func mostInFlight(each length: Int) -> Int {
        let one = options.requestsInFlight
        return secondConnection == nil ? one : min(2 * one, max(1, Self.mostOnTheWay / max(1, length)))
    }

    /// How far before its end a file that two connections wrote may have a hole.
    static let mostOnTheWay = 16 << 20

    private func adopt(_ server: SFTPServerLimits) {
        if server.readLength > 0 { readLength = Int(min(max(server.readLength, 1024), UInt64(Self.longestContents))) }
        if server.writeLength > 0 { writeLength = Int(min(max(server.writeLength, 1024), UInt64(Self.longestContents))) }
    }

    func has(_ name: String) -> Bool { extensions[name] != nil }

    func limits(_ call: (any CallContext)?) -> WaitLimits {
        WaitLimits(stallMilliseconds: options.stallMilliseconds, call: call)
    }

    /// As the user knows it, for messages.
    public var serverName: String { options.serverName }

    /// A name or a text of the server for a message: at most 200 characters, control characters replaced.
    public static func printable(_ bytes: [UInt8]) -> String { SSHTransportCore.printable(bytes) }

    public func cancel() { channel.cancel() }
    public func close() { channel.close() }

    // MARK: Requests

    /// Sends one request and waits for its reply. `encode` gets nil only when the table of requests is full.
    func ask(_ encode: (inout SFTPCodec) -> SFTPRequestID?, _ limits: WaitLimits) throws(ConnectorError) -> SFTPReply {
        let waiting = SFTPSingleReply()
        let asked = MonotonicClock.nanoseconds()
        try send(waiting, encode, limits)
        while true {
            if let reply = waiting.reply {
                shortestRoundTrip = min(shortestRoundTrip, MonotonicClock.nanoseconds() - asked)
                return reply
            }
            try exchange(limits)
        }
    }

    /// Sends one request whose reply goes to `receiver`.
    @discardableResult
    func send(_ receiver: SFTPReplyReceiver?, _ encode: (inout SFTPCodec) -> SFTPRequestID?, _ limits: WaitLimits) throws(ConnectorError) -> Int {
        if let broken { throw broken }
        while !codec.canRequest { try exchange(limits) }
        guard let id = encode(&codec) else { throw ConnectorError(.internal, "More SFTP requests were made than fit.") }
        receivers[id.slot] = receiver
        return id.slot
    }

    /// The replies still out for these requests are of no interest any more.
    func forget(slot: Int, of receiver: SFTPReplyReceiver) {
        if receivers[slot] === receiver { receivers[slot] = nil }
    }

    // MARK: Moving bytes

    /// Moves what can be moved in both directions, `contents` behind the requests that are to be sent; waits when nothing can.
    /// - Returns: how many bytes of `contents` went out.
    @discardableResult
    func exchange(_ limits: WaitLimits, contents: UnsafeRawBufferPointer = .empty) throws(ConnectorError) -> Int {
        let turn = try self.turn(limits, contents: contents)
        if !turn.moved { try wait(limits, contents: contents) }
        return turn.contents
    }

    /// What a wait is for, with `contents` behind the requests that are to be sent.
    private func interest(_ contents: UnsafeRawBufferPointer) -> ChannelInterest { isSending(contents) ? [.reading, .writing] : .reading }
    private func isSending(_ contents: UnsafeRawBufferPointer) -> Bool { !writingEnded && (codec.hasOutgoing || !contents.isEmpty) }

    /// Waits until something can be moved, `contents` behind the requests that are to be sent.
    func wait(_ limits: WaitLimits, contents: UnsafeRawBufferPointer) throws(ConnectorError) { try channel.wait(for: interest(contents), limits) }

    /// Waits until this client or `other` can move something, each with its contents.
    func wait(
        _ limits: WaitLimits, contents: UnsafeRawBufferPointer = .empty, besides other: SFTPClient, contents others: UnsafeRawBufferPointer = .empty
    ) throws(ConnectorError) {
        try channel.wait(for: interest(contents), besides: other.channel.awaited(other.interest(others)), limits)
    }

    /// Moves what can be moved in both directions without waiting.
    func turn(_ limits: WaitLimits, contents: UnsafeRawBufferPointer = .empty) throws(ConnectorError) -> (moved: Bool, contents: Int) {
        if let broken { throw broken }
        if let call = limits.call, channel.isCancelled || call.isCancelled { throw ConnectorError(.cancelled, "The transfer was cancelled.") }
        let sent = isSending(contents) ? sendOnce(contents) : (moved: false, contents: 0)
        // Also with nothing to come: a connection that has ended shows itself by nothing else, and would be ready to be read for ever.
        let received = try receiveOnce()
        return (sent.moved || received, sent.contents)
    }

    private func sendOnce(_ contents: UnsafeRawBufferPointer) -> (moved: Bool, contents: Int) {
        let waiting = codec.withOutgoing(\.count)
        switch codec.withOutgoing({ channel.write($0, then: contents) }) {
        case .bytes(let count):
            codec.sent(min(count, waiting))
            return (true, max(0, count - waiting))
        case .wouldBlock: return (false, 0)
        // What the server said before it went away is still to be read, and says more.
        case .ended:
            writingEnded = true
            return (true, 0)
        }
    }

    /// Sends what waits to be sent, as far as that needs no waiting.
    func flush() {
        while codec.hasOutgoing, broken == nil, case .bytes(let count) = codec.withOutgoing({ channel.write($0, then: .empty) }) { codec.sent(count) }
    }

    private func receiveOnce() throws(ConnectorError) -> Bool {
        let expected = codec.payloadRemaining
        let room = UnsafeMutableRawBufferPointer(rebasing: arrived[0..<Self.arrivedCapacity])
        guard expected > 0 else {
            return try taken(channel.read(into: room, then: .empty), contents: 0)
        }
        let destination = contentsDestination(expected)
        // What follows this packet is taken along only where all of the packet fits.
        let behind = destination.count == expected ? room : .empty
        return try taken(channel.read(into: destination, then: behind), contents: destination.count)
    }

    private func contentsDestination(_ expected: Int) -> UnsafeMutableRawBufferPointer {
        let destination = receivers[contentsSlot]?.contentsDestination(slot: contentsSlot, remaining: expected, scratch: scratch) ?? scratch
        return UnsafeMutableRawBufferPointer(rebasing: destination[0..<min(destination.count, expected)])
    }

    /// Accounts for a read into a destination of `contents` bytes and `arrived` behind it.
    private func taken(_ transfer: ChannelTransfer, contents: Int) throws(ConnectorError) -> Bool {
        switch transfer {
        case .bytes(let count):
            if contents > 0 { contentsArrived(min(count, contents)) }
            if count > contents {
                arrivedRange = 0..<count - contents
                try understand()
            }
            return true
        case .wouldBlock: return false
        case .ended:
            throw fail(channel.endReason() ?? ConnectorError(.transient, "\(options.serverName) ended the connection. It can be tried again."))
        }
    }

    private func contentsArrived(_ count: Int) {
        codec.payloadTaken(count)
        receivers[contentsSlot]?.contentsArrived(count, slot: contentsSlot)
        if codec.payloadRemaining == 0 {
            let receiver = receivers[contentsSlot]
            receivers[contentsSlot] = nil
            receiver?.contentsEnd(slot: contentsSlot)
        }
    }

    /// Turns everything in `arrived` into events; contents in it are copied to where they belong.
    private func understand() throws(ConnectorError) {
        while !arrivedRange.isEmpty {
            let bytes = UnsafeRawBufferPointer(rebasing: arrived[arrivedRange])
            if codec.payloadRemaining > 0 {
                let destination = contentsDestination(min(codec.payloadRemaining, bytes.count))
                destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<destination.count]))
                arrivedRange = arrivedRange.lowerBound + destination.count..<arrivedRange.upperBound
                contentsArrived(destination.count)
                continue
            }
            do {
                let (taken, event) = try codec.receive(bytes)
                arrivedRange = arrivedRange.lowerBound + taken..<arrivedRange.upperBound
                if let event { handle(event) }
            } catch {
                throw fail(ConnectorError(.transient, "\(options.serverName) broke the rules of SFTP: \(error) The connection was ended."))
            }
        }
    }

    private func handle(_ event: SFTPEvent) {
        switch event {
        case .version(_, let extensions):
            self.extensions = extensions
            greeted = true
        case .reply(let id, let reply):
            let receiver = receivers[id.slot]
            receivers[id.slot] = nil
            receiver?.received(reply, slot: id.slot)
        case .data(let id, let count):
            contentsSlot = id.slot
            receivers[id.slot]?.contentsBegin(count: count, slot: id.slot)
        }
    }

    /// No request can follow: the connection has ended, or what comes over it means nothing.
    var isBroken: Bool { broken != nil }

    /// The first reason stays.
    private func fail(_ error: ConnectorError) -> ConnectorError {
        if broken == nil { broken = error }
        return broken ?? error
    }
}

extension UnsafeRawBufferPointer {
    static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}

extension UnsafeMutableRawBufferPointer {
    static var empty: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: nil, count: 0) }
}

extension SFTPServerLimits {
    /// The reply to `limits@openssh.com`; nil when it is too short.
    init?(_ bytes: [UInt8]) {
        var fields = SFTPFieldReader(bytes[...])
        guard let packet = try? fields.uint64("packet"), let read = try? fields.uint64("read"), let write = try? fields.uint64("write"),
            let handles = try? fields.uint64("handles")
        else { return nil }
        self.init(packetLength: packet, readLength: read, writeLength: write, openHandles: handles)
    }
}

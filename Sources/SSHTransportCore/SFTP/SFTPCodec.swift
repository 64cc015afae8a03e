/// SFTP version 3 as a state machine without I/O: requests become bytes in `outgoing`, bytes that came in become events.
///
/// Everything a server sends is checked: lengths and counts against bounds, ids against the requests that wait, the kind of a
/// reply against its request. After a violation the stream means nothing any more and the connection must end.
///
/// Packets are `uint32 length, byte type, uint32 id, fields…`, numbers in network byte order (draft-ietf-secsh-filexfer-02).
/// File contents are not collected here: a DATA packet becomes an event once its head is read, and the owner of the
/// stream puts the bytes where they belong.
public struct SFTPCodec: Sendable {
    /// The longest packet without file contents that is taken; OpenSSH's client takes 256 KiB.
    public static let maximumPacketLength = 1 << 20
    static let maximumHandleLength = 256
    static let maximumNameLength = 4096
    static let maximumExtensions = 64

    enum Phase: Equatable {
        /// Waiting for VERSION.
        case greeting
        case replies
        /// So many bytes of file contents follow for the request.
        case payload(SFTPRequestID, Int)
    }

    private(set) var phase = Phase.greeting
    var requests = SFTPRequestTable()
    /// Bytes to send, from `outgoingStart` on.
    var outgoing: [UInt8] = []
    private var outgoingStart = 0
    /// The packet that is being collected.
    private var packet: [UInt8] = []
    private var packetNeeds = headLength

    /// Enough for length and type.
    private static let headLength = 5
    /// Length, type, id and the count of bytes of a DATA packet.
    private static let dataHeadLength = 13

    public init() {
        outgoing.reserveCapacity(8192)
        packet.reserveCapacity(8192)
    }

    /// How many requests wait for a reply.
    public var requestsInFlight: Int { requests.count }
    public var canRequest: Bool { !requests.isFull }

    /// The bytes of file contents that come next on the stream; 0 when packets do.
    public var payloadRemaining: Int {
        if case .payload(_, let count) = phase { count } else { 0 }
    }

    /// Call with what was taken off the stream after `SFTPEvent.data`; never more than `payloadRemaining`.
    public mutating func payloadTaken(_ count: Int) {
        guard case .payload(let id, let remaining) = phase else { return }
        if count < remaining {
            phase = .payload(id, remaining - count)
        } else {
            requests.release(id)
            phase = .replies
        }
    }

    // MARK: Sending

    public var hasOutgoing: Bool { outgoingStart < outgoing.count }

    public func withOutgoing<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        outgoing.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[outgoingStart...])) }
    }

    /// So many bytes of `withOutgoing` are on their way.
    public mutating func sent(_ count: Int) {
        outgoingStart += count
        if outgoingStart >= outgoing.count {
            outgoing.removeAll(keepingCapacity: true)
            outgoingStart = 0
        }
    }

    /// Keeps the rest of a WRITE's contents to be sent later, when its owner cannot wait any longer.
    public mutating func keep(_ contents: UnsafeRawBufferPointer) {
        outgoing.append(contentsOf: contents)
    }

    // MARK: Receiving

    /// Takes bytes off the front of `bytes` up to the end of one packet (or of a DATA packet's head).
    /// - Returns: how many bytes were taken and what they meant; no event when the packet goes on beyond `bytes`.
    ///   0 bytes are taken while `payloadRemaining` is above 0.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(SFTPViolation) -> (taken: Int, event: SFTPEvent?) {
        if case .payload = phase { return (0, nil) }
        var taken = 0
        while true {
            let count = min(packetNeeds - packet.count, bytes.count - taken)
            packet.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[taken..<taken + count]))
            taken += count
            guard packet.count == packetNeeds else { return (taken, nil) }
            if packetNeeds == Self.headLength {
                packetNeeds = try bytesNeeded()
                if packetNeeds > Self.headLength { continue }
            }
            let event = try decode()
            packet.removeAll(keepingCapacity: true)
            packetNeeds = Self.headLength
            return (taken, event)
        }
    }

    /// How long the packet is whose head is in `packet`, or only its head where contents follow.
    private func bytesNeeded() throws(SFTPViolation) -> Int {
        var fields = SFTPFieldReader(packet[...])
        let length = try Int(fields.uint32("length"))
        let type = packet[4]
        guard let type = SFTPPacketType(rawValue: type), type.rawValue > 100 || type == .version else {
            throw SFTPViolation("The server sent something that is not an SFTP reply (\(printable(packet))).")
        }
        guard length >= 5 else { throw SFTPViolation("A packet of \(length) bytes is too short.") }
        if type == .data {
            guard length >= 9 else { throw SFTPViolation("A DATA packet of \(length) bytes is too short.") }
            return Self.dataHeadLength
        }
        guard length <= Self.maximumPacketLength else {
            throw SFTPViolation("A packet of \(length) bytes is longer than the \(Self.maximumPacketLength) that are taken.")
        }
        return 4 + length
    }

    private mutating func decode() throws(SFTPViolation) -> SFTPEvent {
        var fields = SFTPFieldReader(packet[...])
        let length = try Int(fields.uint32("length"))
        let type = SFTPPacketType(rawValue: packet[4])
        fields = SFTPFieldReader(packet[Self.headLength...])
        if phase == .greeting {
            guard type == .version else { throw SFTPViolation("The server's first packet is not VERSION.") }
            phase = .replies
            return try version(&fields)
        }
        guard let type, type != .version else { throw SFTPViolation("The server sent VERSION a second time.") }
        let (id, expectation) = try requests.answer(fields.uint32("id"))
        if type == .data {
            return try data(id, expectation, packetLength: length, &fields)
        }
        let reply = try reply(type, expectation, &fields)
        requests.release(id)
        guard fields.remaining == 0 || type == .status else { throw SFTPViolation("A \(type) packet has \(fields.remaining) bytes too many.") }
        return .reply(id, reply)
    }

    private mutating func data(
        _ id: SFTPRequestID, _ expectation: SFTPRequestTable.Expectation, packetLength: Int, _ fields: inout SFTPFieldReader
    ) throws(SFTPViolation) -> SFTPEvent {
        guard case .data(let limit) = expectation else { throw SFTPViolation("The server sent contents for a request that was not READ.") }
        let count = try Int(fields.uint32("data length"))
        guard count == packetLength - 9 else { throw SFTPViolation("A DATA packet of \(packetLength) bytes says it holds \(count).") }
        guard count > 0, count <= limit else { throw SFTPViolation("The server sent \(count) bytes where 1 to \(limit) were asked for.") }
        phase = .payload(id, count)
        return .data(id, count: count)
    }

    private func version(_ fields: inout SFTPFieldReader) throws(SFTPViolation) -> SFTPEvent {
        let version = try fields.uint32("version")
        var extensions: [String: String] = [:]
        while fields.remaining > 0 {
            let name = try fields.string("extension name", limit: 1024)
            let value = try fields.string("extension value", limit: 65536)
            guard extensions.count < Self.maximumExtensions else {
                throw SFTPViolation("The server names more than \(Self.maximumExtensions) extensions.")
            }
            extensions[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        return .version(version, extensions: extensions)
    }

    private func reply(
        _ type: SFTPPacketType, _ expectation: SFTPRequestTable.Expectation, _ fields: inout SFTPFieldReader
    ) throws(SFTPViolation) -> SFTPReply {
        switch (type, expectation) {
        case (.status, _): return try .status(status(&fields))
        case (.handle, .handle):
            let handle = try fields.string("handle", limit: Self.maximumHandleLength)
            guard !handle.isEmpty else { throw SFTPViolation("The server sent an empty handle.") }
            return .handle(Array(handle))
        case (.name, .names): return try .names(names(&fields))
        case (.attrs, .attributes): return try .attributes(fields.attributes())
        case (.extendedReply, .extended): return .extended(Array(fields.rest()))
        default: throw SFTPViolation("The server answered a request with \(type), which is not an answer to it.")
        }
    }

    private func status(_ fields: inout SFTPFieldReader) throws(SFTPViolation) -> SFTPStatus {
        let number = try fields.uint32("status code")
        // Servers before version 3 leave the message out; nobody reads the one of a success.
        if number == 0 || fields.remaining == 0 { return SFTPStatus(number: number, message: "") }
        return try SFTPStatus(number: number, message: printable(fields.string("status message", limit: fields.remaining)))
    }

    private func names(_ fields: inout SFTPFieldReader) throws(SFTPViolation) -> [SFTPName] {
        let count = try Int(fields.uint32("name count"))
        // A name takes 12 bytes at least.
        guard count <= fields.remaining / 12 else { throw SFTPViolation("A NAME packet is too short for the \(count) names it says it holds.") }
        var names: [SFTPName] = []
        names.reserveCapacity(count)
        for _ in 0..<count {
            let filename = try fields.string("file name", limit: Self.maximumNameLength)
            _ = try fields.string("long name", limit: fields.remaining)
            try names.append(SFTPName(filename: Array(filename), attributes: fields.attributes()))
        }
        return names
    }
}

/// Text of a peer for a message: at most 200 characters, control characters replaced.
func printable(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for scalar in String(decoding: Array(bytes.prefix(400)), as: UTF8.self).unicodeScalars.prefix(200) {
        text.unicodeScalars.append(scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? "?" : scalar)
    }
    return text
}

/// The same for what programs complain: their reason stands at the end, behind names that may be long.
func printableComplaint(_ bytes: some Collection<UInt8>) -> String {
    bytes.count <= 200 ? printable(bytes) : printable(bytes.prefix(80)) + "…" + printable(bytes.suffix(120))
}

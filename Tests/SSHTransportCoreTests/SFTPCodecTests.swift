import Testing

@testable import SSHTransportCore

@Suite struct SFTPCodecTests {
    @Test("FS-2: the greeting names version and extensions")
    func greeting() throws {
        var codec = SFTPCodec()
        codec.initialize()
        let greeting = codec.takeOutgoing()
        #expect(greeting == [0, 0, 0, 5, 1, 0, 0, 0, 3])
        let packet = Packet(2).uint32(3).string("limits@openssh.com").string("1").string("posix-rename@openssh.com").string("1").bytes
        let events = try codec.events(packet)
        #expect(events == [.version(3, extensions: ["limits@openssh.com": "1", "posix-rename@openssh.com": "1"])])
    }

    @Test("FS-2: READ and WRITE are encoded as the draft says")
    func encoding() throws {
        var codec = try SFTPCodec.greeted()
        let read = try made(codec.read([0xAB], offset: 0x1_0000_0002, count: 9))
        let id = read.number.bytes
        var outgoing: [UInt8] = []
        outgoing = codec.takeOutgoing()
        #expect(outgoing == [0, 0, 0, 22, 5] + id + [0, 0, 0, 1, 0xAB] + [0, 0, 0, 1, 0, 0, 0, 2] + [0, 0, 0, 9])
        let write = try made(codec.writeHead([0xAB], offset: 7, count: 3))
        outgoing = codec.takeOutgoing()
        #expect(outgoing == [0, 0, 0, 25, 6] + write.number.bytes + [0, 0, 0, 1, 0xAB] + [0, 0, 0, 0, 0, 0, 0, 7] + [0, 0, 0, 3])
        #expect(read.slot != write.slot)
    }

    @Test("FS-2: every kind of reply is decoded, whatever the pieces it arrives in", arguments: [1, 2, 3, 5, 13, 64, 4096])
    func replies(piece: Int) throws {
        var codec = try SFTPCodec.greeted()
        let open = try made(codec.open(Array("a".utf8), .read, permissions: nil))
        let stat = try made(codec.stat(Array("a".utf8)))
        let names = try made(codec.readDirectory([1]))
        let remove = try made(codec.remove(Array("a".utf8)))
        let read = try made(codec.read([1], offset: 0, count: 10))
        var stream = Packet(102).uint32(open.number).string([1, 2, 3]).bytes
        stream +=
            Packet(105).uint32(stat.number).uint32(0x8000_000F).uint64(1 << 40).uint32(1).uint32(2).uint32(0o100644).uint32(11).uint32(12)
            .uint32(1).string("x@y").string("z").bytes
        stream +=
            Packet(104).uint32(names.number).uint32(2).string("b c").string("long").uint32(0).string([0xFF]).string("").uint32(4).uint32(0o40755)
            .bytes
        stream += Packet(103).uint32(read.number).string("0123456").bytes
        stream += Packet(101).uint32(remove.number).uint32(2).string("No such\nfile").string("en").bytes
        let events = try codec.events(stream, piece: piece)
        let attributes = SFTPAttributes(size: 1 << 40, permissions: 0o100644, accessed: 11, modified: 12)
        #expect(
            events == [
                .reply(open, .handle([1, 2, 3])), .reply(stat, .attributes(attributes)),
                .reply(
                    names,
                    .names([
                        SFTPName(filename: Array("b c".utf8), attributes: SFTPAttributes()),
                        SFTPName(filename: [0xFF], attributes: SFTPAttributes(permissions: 0o40755)),
                    ])),
                .data(read, count: 7), .reply(remove, .status(SFTPStatus(number: 2, message: "No such?file"))),
            ])
        #expect(codec.payload == Array("0123456".utf8))
        #expect(codec.codec.requestsInFlight == 0)
    }

    @Test("FS-2: a request's place is not used again before its contents have been taken")
    func slotReuse() throws {
        var codec = SFTPCodec()
        codec.initialize()
        _ = try codec.receive(Packet(2).uint32(3).bytes)
        let read = try made(codec.read([1], offset: 0, count: 4))
        _ = try codec.receive(Packet(103).uint32(read.number).string("abcd").bytes)
        #expect(codec.payloadRemaining == 4)
        let next = try made(codec.read([1], offset: 4, count: 4))
        #expect(next.slot != read.slot)
        codec.payloadTaken(4)
        let later = try made(codec.read([1], offset: 8, count: 4))
        #expect(later.slot == read.slot)
        #expect(later != read)
    }

    @Test("FS-2: no more requests are made than the table holds")
    func fullTable() throws {
        var codec = try SFTPCodec.greeted().codec
        for _ in 0..<SFTPRequestTable.capacity { _ = try made(codec.stat([0x61])) }
        #expect(!codec.canRequest)
        let oneMore = codec.stat([0x61])
        #expect(oneMore == nil)
    }

    /// Packets of a hostile or broken server, after a READ (for at most 4 bytes), a STAT and a READDIR.
    static let violations: [(String, @Sendable (Waiting) -> [UInt8])] = [
        ("an id that was never used", { _ in Packet(101).uint32(0x7FFF_FFFF).uint32(0).bytes }),
        ("an id that was answered already", { Packet(101).uint32($0.stat).uint32(0).bytes + Packet(101).uint32($0.stat).uint32(0).bytes }),
        ("an id with another generation", { Packet(101).uint32($0.stat &+ UInt32(SFTPRequestTable.capacity)).uint32(0).bytes }),
        ("contents for STAT", { Packet(103).uint32($0.stat).string("ab").bytes }),
        ("attributes for READ", { Packet(105).uint32($0.read).uint32(0).bytes }),
        ("a handle for READDIR", { Packet(102).uint32($0.names).string("h").bytes }),
        ("more contents than asked for", { Packet(103).uint32($0.read).string("abcde").bytes }),
        ("no contents", { Packet(103).uint32($0.read).string("").bytes }),
        ("contents shorter than the packet", { Packet(103).uint32($0.read).string("abc").uint32(0).bytes }),
        ("a packet of 4 GiB", { _ in [0xFF, 0xFF, 0xFF, 0xFF, 101] }),
        ("a packet over the limit", { _ in UInt32(SFTPCodec.maximumPacketLength + 1).bytes + [104] }),
        ("a packet of 4 bytes", { _ in [0, 0, 0, 4, 101, 0, 0, 0, 0] }),
        ("a type that is not a reply", { Packet(5).uint32($0.stat).bytes }),
        ("an unknown type", { Packet(250).uint32($0.stat).bytes }),
        ("a second VERSION", { _ in Packet(2).uint32(3).bytes }),
        ("text of a login script", { _ in Array("Welcome to the server".utf8) }),
        ("a size over 2^63", { Packet(105).uint32($0.stat).uint32(1).uint64(1 << 63).bytes }),
        ("attribute flags of another version", { Packet(105).uint32($0.stat).uint32(0x10).uint32(0).bytes }),
        ("attributes that end early", { Packet(105).uint32($0.stat).uint32(1).uint32(0).bytes }),
        ("attributes and more", { Packet(105).uint32($0.stat).uint32(0).uint32(0).bytes }),
        ("a billion extended attributes", { Packet(105).uint32($0.stat).uint32(0x8000_0000).uint32(1_000_000_000).bytes }),
        ("a billion names", { Packet(104).uint32($0.names).uint32(1_000_000_000).bytes }),
        ("a name longer than its packet", { Packet(104).uint32($0.names).uint32(1).uint32(4000).uint32(0).uint32(0).bytes }),
        ("a name over the limit", { Packet(104).uint32($0.names).uint32(1).string([UInt8](repeating: 65, count: 4097)).string("").uint32(0).bytes }),
    ]

    struct Waiting: Sendable {
        var read: UInt32
        var stat: UInt32
        var names: UInt32
    }

    @Test("FS-2: what a correct server never sends ends the session", arguments: 0..<violations.count)
    func refusals(index: Int) throws {
        let (name, packet) = Self.violations[index]
        var codec = try SFTPCodec.greeted()
        let read = try made(codec.read([1], offset: 0, count: 4))
        let stat = try made(codec.stat([1]))
        let names = try made(codec.readDirectory([1]))
        let bytes = packet(Waiting(read: read.number, stat: stat.number, names: names.number))
        #expect(throws: SFTPViolation.self, "\(name)") {
            var fed = codec
            _ = try fed.events(bytes)
        }
    }
}

// MARK: Building and feeding packets

/// The macros cannot look into a call that changes its receiver.
private func made(_ id: SFTPRequestID?) throws -> SFTPRequestID { try #require(id) }

struct Packet {
    private var content: [UInt8]
    init(_ type: UInt8) { content = [type] }
    func uint32(_ value: UInt32) -> Packet { adding(value.bytes) }
    func uint64(_ value: UInt64) -> Packet { adding(withUnsafeBytes(of: value.bigEndian) { Array($0) }) }
    func string(_ bytes: [UInt8]) -> Packet { adding(UInt32(bytes.count).bytes + bytes) }
    func string(_ text: String) -> Packet { string(Array(text.utf8)) }
    var bytes: [UInt8] { UInt32(content.count).bytes + content }
    private func adding(_ bytes: [UInt8]) -> Packet {
        var packet = self
        packet.content += bytes
        return packet
    }
}

extension UInt32 {
    var bytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

/// A codec with the contents it handed out.
struct FedCodec {
    var codec: SFTPCodec
    var payload: [UInt8] = []

    /// Feeds the bytes in pieces and takes contents as the owner of a stream would.
    mutating func events(_ bytes: [UInt8], piece: Int = .max) throws -> [SFTPEvent] {
        var events: [SFTPEvent] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(piece, bytes.count - start)
            while start < end {
                if codec.payloadRemaining > 0 {
                    let count = min(codec.payloadRemaining, end - start)
                    payload += bytes[start..<start + count]
                    codec.payloadTaken(count)
                    start += count
                    continue
                }
                let (taken, event) = try bytes[start..<end].withUnsafeBytes { try codec.receive($0) }
                start += taken
                if let event { events.append(event) }
            }
        }
        return events
    }

    mutating func open(_ path: [UInt8], _ flags: SFTPOpenFlags, permissions: UInt32?) -> SFTPRequestID? {
        codec.open(path, flags, permissions: permissions)
    }
    mutating func stat(_ path: [UInt8]) -> SFTPRequestID? { codec.stat(path) }
    mutating func remove(_ path: [UInt8]) -> SFTPRequestID? { codec.remove(path) }
    mutating func readDirectory(_ handle: [UInt8]) -> SFTPRequestID? { codec.readDirectory(handle) }
    mutating func read(_ handle: [UInt8], offset: UInt64, count: Int) -> SFTPRequestID? { codec.read(handle, offset: offset, count: count) }
    mutating func writeHead(_ handle: [UInt8], offset: UInt64, count: Int) -> SFTPRequestID? { codec.writeHead(handle, offset: offset, count: count) }
    mutating func takeOutgoing() -> [UInt8] { codec.takeOutgoing() }
}

extension SFTPCodec {
    static func greeted() throws -> FedCodec {
        var fed = FedCodec(codec: SFTPCodec())
        fed.codec.initialize()
        _ = fed.codec.takeOutgoing()
        _ = try fed.events(Packet(2).uint32(3).bytes)
        return fed
    }

    mutating func events(_ bytes: [UInt8]) throws -> [SFTPEvent] {
        var fed = FedCodec(codec: self)
        defer { self = fed.codec }
        return try fed.events(bytes)
    }

    mutating func receive(_ bytes: [UInt8]) throws -> SFTPEvent? {
        try bytes.withUnsafeBytes { try receive($0).event }
    }

    mutating func takeOutgoing() -> [UInt8] {
        let bytes = withOutgoing { Array($0) }
        sent(bytes.count)
        return bytes
    }
}

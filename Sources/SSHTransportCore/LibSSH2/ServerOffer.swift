/// What a server offered before anything was encrypted: its version line and lists of algorithms (RFC 4253, sections 4.2 and 7.1).
struct ServerOffer: Equatable {
    /// "SSH-2.0-…", cleaned for printing.
    let version: String
    let keyExchanges: [String]
    let hostKeys: [String]
    /// From us to the server.
    let ciphers: [String]
    /// From us to the server; without meaning for ciphers that authenticate themselves.
    let macs: [String]

    /// From the first bytes of a connection; nil while they are too few, or not SSH.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        var version: String?
        // A server may send lines of text in front.
        while version == nil {
            guard let end = rest.firstIndex(of: 0x0A) else { return nil }
            let line = rest[..<end]
            if line.starts(with: Array("SSH-".utf8)) { version = printable(line.last == 0x0D ? line.dropLast() : line) }
            rest = rest[(end + 1)...]
        }
        guard let version, rest.count > 6 else { return nil }
        let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let padding = Int(rest[rest.startIndex + 4])
        guard length <= 35000, length > padding + 17, rest.count >= 4 + length else { return nil }
        let payload = rest[(rest.startIndex + 5)..<(rest.startIndex + 4 + length - padding)]
        let keyInitialization: UInt8 = 20
        guard payload.first == keyInitialization, payload.count > 17 else { return nil }
        var fields = SFTPFieldReader(payload.dropFirst(17))
        var lists: [[String]] = []
        for _ in 0..<6 {
            guard let list = try? fields.string("name-list", limit: 16384) else { return nil }
            lists.append(list.split(separator: 0x2C).map { printable($0) })
        }
        self.version = version
        (keyExchanges, hostKeys, ciphers, macs) = (lists[0], lists[1], lists[2], lists[4])
    }
}

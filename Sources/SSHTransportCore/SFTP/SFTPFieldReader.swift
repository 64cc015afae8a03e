/// Reads the fields of one complete packet; every length is checked against what is left.
struct SFTPFieldReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.position = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - position }

    mutating func uint32(_ field: StaticString) throws(SFTPViolation) -> UInt32 {
        guard remaining >= 4 else { throw SFTPViolation("The packet ends inside its field \(field).") }
        defer { position += 4 }
        return UInt32(bytes[position]) << 24 | UInt32(bytes[position + 1]) << 16 | UInt32(bytes[position + 2]) << 8 | UInt32(bytes[position + 3])
    }

    mutating func uint64(_ field: StaticString) throws(SFTPViolation) -> UInt64 {
        let high = try uint32(field)
        return try UInt64(high) << 32 | UInt64(uint32(field))
    }

    /// A string of the protocol: a length and as many bytes.
    mutating func string(_ field: StaticString, limit: Int) throws(SFTPViolation) -> ArraySlice<UInt8> {
        let length = try Int(uint32(field))
        guard length <= remaining else { throw SFTPViolation("The field \(field) is longer (\(length) bytes) than its packet.") }
        guard length <= limit else { throw SFTPViolation("The field \(field) has \(length) bytes; at most \(limit) are taken.") }
        defer { position += length }
        return bytes[position..<position + length]
    }

    mutating func rest() -> ArraySlice<UInt8> {
        defer { position = bytes.endIndex }
        return bytes[position...]
    }

    mutating func attributes() throws(SFTPViolation) -> SFTPAttributes {
        let flags = try uint32("attribute flags")
        guard flags & ~SFTPAttributeFlags.all == 0 else { throw SFTPViolation("The attribute flags \(flags) are not of version 3.") }
        var attributes = SFTPAttributes()
        if flags & SFTPAttributeFlags.size != 0 {
            let size = try uint64("size")
            guard let size = Int64(exactly: size) else { throw SFTPViolation("The file size \(size) is out of range.") }
            attributes.size = size
        }
        if flags & SFTPAttributeFlags.owner != 0 {
            _ = try uint32("uid")
            _ = try uint32("gid")
        }
        if flags & SFTPAttributeFlags.permissions != 0 { attributes.permissions = try uint32("permissions") }
        if flags & SFTPAttributeFlags.times != 0 {
            attributes.accessed = try uint32("atime")
            attributes.modified = try uint32("mtime")
        }
        if flags & SFTPAttributeFlags.extended != 0 {
            let count = try Int(uint32("extended count"))
            // Each takes 8 bytes at least, so a lying count ends here and not after a long loop.
            guard count <= remaining / 8 else { throw SFTPViolation("The packet is too short for \(count) extended attributes.") }
            for _ in 0..<count {
                _ = try string("extended type", limit: remaining)
                _ = try string("extended data", limit: remaining)
            }
        }
        return attributes
    }
}

enum SFTPAttributeFlags {
    static let size: UInt32 = 0x1
    static let owner: UInt32 = 0x2
    static let permissions: UInt32 = 0x4
    static let times: UInt32 = 0x8
    static let extended: UInt32 = 0x8000_0000
    static let all: UInt32 = size | owner | permissions | times | extended
}

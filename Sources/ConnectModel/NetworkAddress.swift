import Foundation

/// An address of version 4 or 6.
public struct NetworkAddress: Sendable, Equatable, CustomStringConvertible {
    /// 4 or 16, in network order.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// In the usual forms only: four decimal numbers, or version 6 without a zone.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes { inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, $0.baseAddress, &text, socklen_t(text.count)) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The version 4 address that a version 6 one stands for: mapped, compatible, NAT64 or 6to4; else itself.
    var unwrapped: NetworkAddress {
        guard bytes.count == 16 else { return self }
        let zeros = bytes[..<10].allSatisfy { $0 == 0 }
        if zeros, bytes[10] == 0xFF, bytes[11] == 0xFF { return NetworkAddress(bytes: Array(bytes[12...])) }
        if zeros, bytes[10] == 0, bytes[11] == 0, bytes[12...] != [0, 0, 0, 0], bytes[12...] != [0, 0, 0, 1] {
            return NetworkAddress(bytes: Array(bytes[12...]))
        }
        if bytes[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return NetworkAddress(bytes: Array(bytes[12...])) }
        if bytes[..<2] == [0x20, 0x02] { return NetworkAddress(bytes: Array(bytes[2..<6])) }
        return self
    }

    /// Whether anybody may have a machine there: what IANA's registries of special-purpose addresses do not set apart.
    public var isPublic: Bool { !(bytes.count == 4 ? Self.special4 : Self.special6).contains { $0.holds(self) } }

    private static let special4: [AddressRange] = [
        ([0, 0, 0, 0], 8), ([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), ([127, 0, 0, 0], 8), ([169, 254, 0, 0], 16), ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24), ([192, 0, 2, 0], 24), ([192, 88, 99, 0], 24), ([192, 168, 0, 0], 16), ([198, 18, 0, 0], 15), ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24), ([224, 0, 0, 0], 4), ([240, 0, 0, 0], 4),
    ].map { AddressRange($0.0, $0.1) }

    /// Global unicast is 2000::/3; nothing outside it is anybody's.
    private static let special6: [AddressRange] =
        [([0x00], 3), ([0x40], 2), ([0x80], 1), ([0x20, 0x01, 0x00], 23), ([0x20, 0x01, 0x0D, 0xB8], 32), ([0x3F, 0xFF, 0x00], 20)]
        .map { AddressRange($0.0 + [UInt8](repeating: 0, count: 16 - $0.0.count), $0.1) }
}

/// A range of addresses: "10.0.0.0/8", "fd00::/8", or one address.
public struct AddressRange: Sendable, Equatable, CustomStringConvertible {
    let address: NetworkAddress
    let bits: Int
    public let description: String

    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = NetworkAddress(String(parts[0])) else { return nil }
        let width = address.bytes.count * 8
        guard let bits = parts.count == 2 ? Int(parts[1]) : width, (0...width).contains(bits) else { return nil }
        self.address = address
        self.bits = bits
        description = text
    }

    init(_ bytes: [UInt8], _ bits: Int) {
        address = NetworkAddress(bytes: bytes)
        self.bits = bits
        description = ""
    }

    func holds(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
            let used = min(8, max(0, bits - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> used)
            return (pair.0 ^ pair.1) & mask == 0
        }
    }
}

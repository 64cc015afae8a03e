import Glibc
import PluginABI

/// Where an administrator lets the host's connections go (`connecthost account network`). It holds for a connector that asks, so ask about each
/// address right before connecting to it, and about the very address: a name may lead elsewhere the next time it is looked up.
public enum HostNetwork {
    /// Whether some address is refused. While it is false, there is nothing to ask.
    public static var isRestricted: Bool { table.map { $0.pointee.restricted != 0 } ?? false }

    /// Throws `.configuration`, saying what an administrator could do, when no connection may be made there.
    /// - Parameters:
    ///   - address: a `sockaddr` of version 4 or 6; where something is refused, addresses of other kinds are too.
    ///   - peer: what messages call the far side.
    public static func permit(_ address: UnsafeRawBufferPointer, of peer: String) throws(ConnectorError) {
        guard isRestricted, let permit = table?.pointee.permit else { return }
        guard let bytes = bytes(of: address) else {
            throw ConnectorError(.configuration, "\(peer) has an address of a kind that an administrator cannot allow.")
        }
        let why = CollectedText()
        let sink = ch_sink(ctx: Unmanaged.passUnretained(why).toOpaque(), put: CollectedText.put)
        let status = permit(peer, bytes.baseAddress, UInt32(bytes.count), sink)
        guard status != 0 else { return }
        throw ConnectorError(ConnectorError.Status(rawValue: status) ?? .configuration, why.text)
    }

    private static var table: UnsafePointer<ch_network>? { hostService("connecthost.network/1", ch_network.self) }

    /// The part of a `sockaddr` that says which machine it is.
    private static func bytes(of address: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard address.count >= MemoryLayout<sa_family_t>.size else { return nil }
        let place: (offset: Int?, size: Int) =
            switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
            case AF_INET: (MemoryLayout<sockaddr_in>.offset(of: \.sin_addr), 4)
            case AF_INET6: (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr), 16)
            default: (nil, 0)
            }
        guard let offset = place.offset, address.count >= offset + place.size else { return nil }
        return UnsafeRawBufferPointer(rebasing: address[offset..<offset + place.size])
    }
}

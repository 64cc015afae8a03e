public import ConnectModel
import PluginABI
import Synchronization

/// Where the connectors of this process may connect to, as they ask the host ("connecthost.network/1").
public enum NetworkService {
    private static let current = Mutex(AddressPolicy(.fileServers, [.anywhere]))
    /// What each peer was refused so far: a name may have several addresses, which are asked about one by one, and whoever allows one wants to allow
    /// all of them.
    private static let refused = Mutex<[String: [NetworkAddress]]>([:])
    private static let mostNamed = 8

    /// To be called before any connector is loaded.
    public static func hold(to policy: AddressPolicy) { current.withLock { $0 = policy } }

    static func table(_ id: String) -> UnsafeRawPointer? { id == CH_SERVICE_NETWORK ? UnsafeRawPointer(shared) : nil }

    /// Made when a connector first asks for it, constant after that.
    nonisolated(unsafe) private static let shared: UnsafePointer<ch_network> = {
        let table = UnsafeMutablePointer<ch_network>.allocate(capacity: 1)
        table.initialize(to: ch_network())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_network>.size)
        table.pointee.restricted = current.withLock { $0.isRestricted } ? 1 : 0
        table.pointee.permit = { peer, address, size, why in
            guard let address, size == 4 || size == 16 else { return CH_E_INTERNAL }
            let asked = NetworkAddress(bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(size))))
            let policy = NetworkService.current.withLock { $0 }
            if policy.permits(asked) { return CH_OK }
            let peer = CText.string(peer)
            let all = NetworkService.refused.withLock { refused in
                var all = (refused[peer] ?? []).filter { $0 != asked }
                all = all.suffix(NetworkService.mostNamed - 1) + [asked]
                refused[peer] = all
                return all
            }
            // What the sink answers makes no difference: the address stays refused.
            _ = ABIStatus.put(policy.refusal(of: all, peer: peer).description, why)
            return CH_E_CONFIG
        }
        return UnsafePointer(table)
    }()
}

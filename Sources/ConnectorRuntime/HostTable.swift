import Foundation
import PluginABI

/// The host as a connector sees it for the life of the process.
enum HostTable {
    /// Made once, constant after that.
    nonisolated(unsafe) static let shared: UnsafePointer<ch_host> = {
        let host = UnsafeMutablePointer<ch_host>.allocate(capacity: 1)
        host.initialize(to: ch_host())
        host.pointee.struct_size = UInt32(MemoryLayout<ch_host>.size)
        host.pointee.abi_version = 1 << 16
        host.pointee.name = UnsafePointer(strdup("connecthost"))
        host.pointee.version = UnsafePointer(strdup("0.1.0"))
        host.pointee.log = { _, _, id, message in
            // Outside any call there is no run to log to: standard error, whose end the host keeps.
            let name = id.map { String(cString: $0) } ?? "connector"
            let text = message.map { String(cString: $0) } ?? ""
            FileHandle.standardError.write(Data("\(name): \(text)\n".utf8))
        }
        host.pointee.service = { _, _ in nil }
        return UnsafePointer(host)
    }()
}

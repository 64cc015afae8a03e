import Foundation
import PluginABI
import Synchronization

/// The host as a connector sees it for the life of the process.
enum HostTable {
    /// Made once, constant after that.
    nonisolated(unsafe) static let shared: UnsafePointer<ch_host> = {
        let host = UnsafeMutablePointer<ch_host>.allocate(capacity: 1)
        host.initialize(to: ch_host())
        host.pointee.struct_size = UInt32(MemoryLayout<ch_host>.size)
        host.pointee.abi_version = CH_ABI_MAJOR << 16 | CH_ABI_MINOR
        host.pointee.name = UnsafePointer(strdup("connecthost"))
        host.pointee.version = UnsafePointer(strdup("0.1.0"))
        host.pointee.log = { _, _, id, message in
            let text = CText.string(message)
            lastWords.withLock { $0 = text }
            // Outside any call there is no run to log to: standard error, whose end the host keeps.
            FileHandle.standardError.write(Data("\(id == nil ? "connector" : CText.string(id)): \(text)\n".utf8))
        }
        host.pointee.service = { _, id in
            let id = CText.string(id)
            return JobServiceTables.table(id) ?? NetworkService.table(id)
        }
        return UnsafePointer(host)
    }()

    private static let lastWords = Mutex("")

    /// Calls, and gives with the result what was logged last meanwhile; "" for nothing.
    static func listening<Result>(_ body: () -> Result) -> (result: Result, words: String) {
        lastWords.withLock { $0 = "" }
        let result = body()
        return (result, lastWords.withLock { $0 })
    }
}

/// Text from a connector: repaired where it is not UTF-8, and cut where it does not end.
enum CText {
    /// Longest message, name or unit that is taken, in bytes.
    static let limit = 64 << 10

    /// "" for NULL.
    static func string(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer else { return "" }
        let count = strnlen(pointer, limit)
        return pointer.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}

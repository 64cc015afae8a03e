import PluginABI

/// Lives as long as the process. Written once by the entry function, before any thread of the connector exists, and only read after that.
nonisolated(unsafe) var exportingHost: UnsafePointer<ch_host>?

/// One of the host's services by its id.
func hostService<Table>(_ id: String, _ type: Table.Type) -> UnsafePointer<Table>? {
    guard let host = exportingHost, let service = host.pointee.service else { return nil }
    return service(host, id)?.assumingMemoryBound(to: type)
}

/// Where the host puts the text of a sink of ours.
final class CollectedText {
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }

    static let put: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int32 = { context, bytes, count in
        guard let context, let bytes, count >= 0 else { return ConnectorError.Status.internal.rawValue }
        Unmanaged<CollectedText>.fromOpaque(context).takeUnretainedValue().bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
    }
}

public import PluginABI

/// Makes a `ch_library` out of one Swift transport. A library's entry file is:
///
/// ```swift
/// import ConnectorKit
/// import PluginABI
///
/// @c @implementation
/// public func connecthost_library_v1(_ host: UnsafePointer<ch_host>!) -> UnsafePointer<ch_library>! {
///     TransportLibrary.export(MyConnector.self, host: host)
/// }
/// ```
///
/// One transport a library: the C interface tells a call by its function, and Swift makes one function of each kind.
public enum TransportLibrary {
    /// The tables live as long as the process, as the interface demands.
    /// - Parameter host: what the entry function got; without it the connector cannot ask for the host's services (`HostNetwork`).
    public static func export<Connector: TransportConnector>(
        _ connector: Connector.Type, host: UnsafePointer<ch_host>? = nil
    ) -> UnsafePointer<ch_library> {
        exportingHost = host
        exported = Exported(
            identify: { json, call throws(ConnectorError) in try connector.identify(try connector.values(fromJSON: json), call) },
            open: { json, call throws(ConnectorError) in try connector.open(try connector.settings(fromJSON: json), call) })
        return LibraryTables.library(
            connector, kind: 1, features: connector.features.rawValue, functions: UnsafeRawPointer(TransportTables.transport()),
            extensions: TransportTables.extensions)
    }
}

/// The one transport of this library with its type erased, as C functions find it.
struct Exported {
    let identify: (String, HostCall) throws(ConnectorError) -> [PeerIdentity]
    let open: (String, HostCall) throws(ConnectorError) -> any TransportSession
}

/// Written once by the entry function, before any thread of the connector exists, and only read after that.
nonisolated(unsafe) private(set) var exported: Exported?

final class SessionBox {
    let session: any TransportSession
    init(_ session: any TransportSession) { self.session = session }

    static func of(_ pointer: OpaquePointer?) throws(ConnectorError) -> SessionBox {
        guard let pointer else { throw ConnectorError(.internal, "The host passed no session.") }
        return Unmanaged<SessionBox>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
    }
}

/// A file that is read or written; C knows one type for both.
final class FileBox {
    enum File {
        case readable(any ReadableFile)
        case writable(any WritableFile)
    }

    let file: File
    init(_ file: File) { self.file = file }

    static func of(_ pointer: OpaquePointer?) throws(ConnectorError) -> FileBox {
        guard let pointer else { throw ConnectorError(.internal, "The host passed no file.") }
        return Unmanaged<FileBox>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
    }

    /// Takes the reference back that was given out with the file.
    static func taken(_ pointer: OpaquePointer?) -> FileBox? {
        pointer.map { Unmanaged<FileBox>.fromOpaque(UnsafeRawPointer($0)).takeRetainedValue() }
    }
}

/// A file entry for the host, alive while `body` runs.
func withEntry(_ entry: FileEntry, _ body: (UnsafePointer<ch_entry>) -> Int32) -> Int32 {
    entry.path.withCString { path in
        var raw = ch_entry()
        raw.struct_size = UInt32(MemoryLayout<ch_entry>.size)
        raw.type = entry.kind.rawValue
        raw.path = path
        raw.size = entry.size ?? -1
        raw.mtime_unix_ns = entry.modifiedUnixNanoseconds ?? .min
        raw.unix_mode = entry.unixMode
        return withUnsafePointer(to: &raw, body)
    }
}

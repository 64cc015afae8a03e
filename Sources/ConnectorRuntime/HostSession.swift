import ConnectModel
import Foundation
import PluginABI
import RunEngine

/// A transport of the host as a job of a connector sees it: the host's own table over the host's own connection, whatever connector is behind it.
/// Used by one thread at a time; closed by the host when the run is over.
final class HostSession {
    private let transport: any Transport
    /// What a job hands back as its session; valid while this lives.
    var handle: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    init(_ transport: any Transport) { self.transport = transport }

    func close() { transport.close() }

    private static func transport(_ session: OpaquePointer?) -> (any Transport)? {
        session.map { Unmanaged<HostSession>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue().transport }
    }

    /// An open file; freed by `commit` or `abort`.
    private final class File {
        let reader: (any TransportReader)?
        let writer: (any TransportWriter)?

        init(reader: (any TransportReader)? = nil, writer: (any TransportWriter)? = nil) {
            self.reader = reader
            self.writer = writer
        }

        var handle: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }
        static func of(_ file: OpaquePointer?) -> File? { file.map { Unmanaged<File>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() } }
        static func take(_ file: OpaquePointer?) -> File? { file.map { Unmanaged<File>.fromOpaque(UnsafeRawPointer($0)).takeRetainedValue() } }
    }

    /// Made once, constant after that.
    nonisolated(unsafe) static let table: UnsafePointer<ch_transport> = {
        let table = UnsafeMutablePointer<ch_transport>.allocate(capacity: 1)
        table.initialize(to: ch_transport())
        table.pointee.struct_size = UInt32(MemoryLayout<ch_transport>.size)
        // The host opens and closes; a job only works with what it is given.
        table.pointee.open = { _, _, _ in CH_E_UNSUPPORTED }
        table.pointee.close = { _ in }
        table.pointee.cancel = { _ in }
        looking(&table.pointee)
        files(&table.pointee)
        changing(&table.pointee)
        return UnsafePointer(table)
    }()

    private static func looking(_ table: inout ch_transport) {
        table.stat = { session, call, path, tell, context in
            HostSession.with(session, call) { HostSession.tell(try $0.stat(CText.string(path)), tell, context) }
        }
        table.list = { session, call, directory, tell, context in
            HostSession.with(session, call) { transport in
                var status = CH_OK
                try transport.list(CText.string(directory)) { entry in
                    if status == CH_OK { status = HostSession.tell(entry, tell, context) }
                }
                return status
            }
        }
    }

    private static func files(_ table: inout ch_transport) {
        table.open_read = { session, call, path, offset, out in
            HostSession.with(session, call) { transport in
                out?.pointee = File(reader: try transport.openRead(CText.string(path), offset: offset)).handle
                return CH_OK
            }
        }
        table.read = { file, call, buffer, capacity in
            guard let reader = File.of(file)?.reader, let buffer else { return Int64(CH_E_INTERNAL) }
            var count = 0
            let status = ABIStatus.of(call) { count = try reader.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity)) }
            return status == CH_OK ? Int64(count) : Int64(status)
        }
        table.open_write = { session, call, path, offset, size, out in
            HostSession.with(session, call) { transport in
                out?.pointee = File(writer: try transport.openWrite(CText.string(path), offset: offset, expectedSize: size < 0 ? nil : size)).handle
                return CH_OK
            }
        }
        table.write = { file, call, buffer, count in
            guard let writer = File.of(file)?.writer, let buffer else { return Int64(CH_E_INTERNAL) }
            let status = ABIStatus.of(call) { try writer.write(UnsafeRawBufferPointer(start: buffer, count: count)) }
            return status == CH_OK ? Int64(count) : Int64(status)
        }
        table.commit = { file, call, modified in
            guard let writer = File.take(file)?.writer else { return CH_E_INTERNAL }
            return ABIStatus.of(call) { try writer.commit(modifiedUnixNanoseconds: modified == .min ? nil : modified) }
        }
        table.abort = { file in
            let taken = File.take(file)
            taken?.writer?.abort()
            taken?.reader?.close()
        }
    }

    private static func changing(_ table: inout ch_transport) {
        table.rename = { session, call, from, to, replace in
            HostSession.with(session, call) {
                try $0.rename(CText.string(from), to: CText.string(to), replace: replace != 0)
                return CH_OK
            }
        }
        table.remove = { session, call, path in
            HostSession.with(session, call) {
                try $0.remove(CText.string(path))
                return CH_OK
            }
        }
        table.mkdir = { session, call, path in
            HostSession.with(session, call) {
                try $0.makeDirectory(CText.string(path))
                return CH_OK
            }
        }
        table.rmdir = { _, _, _ in CH_E_UNSUPPORTED }
    }

    private static func with(
        _ session: OpaquePointer?, _ call: UnsafePointer<ch_call>?, _ body: (any Transport) throws -> Int32
    ) -> Int32 {
        guard let transport = transport(session) else { return CH_E_INTERNAL }
        var answer = CH_OK
        let status = ABIStatus.of(call) { answer = try body(transport) }
        return status == CH_OK ? answer : status
    }

    private static func tell(_ entry: RemoteEntry, _ fn: ch_entry_fn?, _ context: UnsafeMutableRawPointer?) -> Int32 {
        guard let fn else { return CH_E_INTERNAL }
        var told = ch_entry()
        told.struct_size = UInt32(MemoryLayout<ch_entry>.size)
        told.type =
            switch entry.kind {
            case .file: 1
            case .directory: 2
            case .link: 3
            case .other: 4
            }
        told.size = entry.size ?? -1
        told.mtime_unix_ns = entry.modifiedUnixNanoseconds ?? .min
        return entry.path.withCString { path in
            told.path = path
            return fn(context, &told)
        }
    }
}

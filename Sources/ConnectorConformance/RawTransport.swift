import ConnectModel
import Foundation
import PluginABI

/// What a transport told of one name.
struct RawEntry: Sendable {
    var type: UInt32
    var path: String
    var size: Int64
    var modified: Int64
}

/// One session, called through the C table. The caller closes it; a session whose call did not come back is left alone.
struct RawSession: @unchecked Sendable {
    // Unchecked: the table is constant, and a check gives each session's calls to one thread at a time; `cancel` may come from any.
    let table: UnsafePointer<ch_transport>
    let call: RawCall
    let handle: OpaquePointer

    /// Opens, or says which status came instead.
    static func open(_ connector: RawConnector, _ settings: String, _ call: RawCall = RawCall()) -> (status: Int32, session: RawSession?) {
        guard let table = connector.transport else { return (CH_E_INTERNAL, nil) }
        var handle: OpaquePointer?
        let status = call.perform("open") { table.pointee.open($0, settings, &handle) }
        guard status == CH_OK, let handle else { return (status, nil) }
        return (status, RawSession(table: table, call: call, handle: handle))
    }

    func close() { table.pointee.close(handle) }
    func cancel() { table.pointee.cancel(handle) }

    func stat(_ path: String) -> (status: Int32, entries: [RawEntry]) {
        entries { context in call.perform("stat") { table.pointee.stat(handle, $0, path, EntryCollector.found, context) } }
    }

    func list(_ directory: String) -> (status: Int32, entries: [RawEntry]) {
        entries { context in call.perform("list") { table.pointee.list(handle, $0, directory, EntryCollector.found, context) } }
    }

    private func entries(_ body: (UnsafeMutableRawPointer) -> Int32) -> (status: Int32, entries: [RawEntry]) {
        let collector = EntryCollector()
        let status = body(Unmanaged.passUnretained(collector).toOpaque())
        return (status, collector.entries)
    }

    func openRead(_ path: String, offset: Int64 = 0) -> (status: Int32, file: RawFile?) {
        file { out in call.perform("open_read") { table.pointee.open_read(handle, $0, path, offset, out) } }
    }

    func openWrite(_ path: String, offset: Int64 = 0, expectedSize: Int64 = -1) -> (status: Int32, file: RawFile?) {
        file { out in call.perform("open_write") { table.pointee.open_write(handle, $0, path, offset, expectedSize, out) } }
    }

    private func file(_ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) -> (status: Int32, file: RawFile?) {
        var out: OpaquePointer?
        let status = body(&out)
        guard status == CH_OK, let out else { return (status == CH_OK ? CH_E_INTERNAL : status, nil) }
        return (status, RawFile(table: table, call: call, handle: out))
    }

    func rename(_ from: String, _ to: String, replace: Bool) -> Int32 {
        call.perform("rename") { table.pointee.rename(handle, $0, from, to, replace ? 1 : 0) }
    }
    func remove(_ path: String) -> Int32 { call.perform("remove") { table.pointee.remove(handle, $0, path) } }
    func mkdir(_ path: String) -> Int32 { call.perform("mkdir") { table.pointee.mkdir(handle, $0, path) } }
    func rmdir(_ path: String) -> Int32 { call.perform("rmdir") { table.pointee.rmdir(handle, $0, path) } }
}

/// One open file. Ended by exactly one of `commit` and `abort`.
struct RawFile: @unchecked Sendable {
    // Unchecked: as for its session.
    let table: UnsafePointer<ch_transport>
    let call: RawCall
    let handle: OpaquePointer

    func abort() { table.pointee.abort(handle) }
    func commit(modified: Int64 = .min) -> Int32 { call.perform("commit") { table.pointee.commit(handle, $0, modified) } }

    func write(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.withUnsafeBytes { buffer in call.perform("write") { table.pointee.write(handle, $0, buffer.baseAddress, buffer.count) } }
    }

    /// Reads at most `capacity` bytes; `overran` when bytes behind the buffer were changed.
    func read(_ capacity: Int) -> (count: Int64, bytes: ArraySlice<UInt8>, overran: Bool) {
        let guardBytes = 64
        var buffer = [UInt8](repeating: 0xA5, count: capacity + guardBytes)
        let count = buffer.withUnsafeMutableBytes { bytes in call.perform("read") { table.pointee.read(handle, $0, bytes.baseAddress, capacity) } }
        let taken = count > 0 ? min(Int(clamping: count), capacity) : 0
        return (count, buffer[..<taken], buffer[capacity...].contains { $0 != 0xA5 })
    }
}

private final class EntryCollector {
    var entries: [RawEntry] = []

    static let found: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<ch_entry>?) -> Int32 = { context, entry in
        guard let context, let entry = entry?.pointee else { return CH_E_INTERNAL }
        Unmanaged<EntryCollector>.fromOpaque(context).takeUnretainedValue().entries.append(
            RawEntry(type: entry.type, path: RawText.string(entry.path), size: entry.size, modified: entry.mtime_unix_ns))
        return CH_OK
    }
}

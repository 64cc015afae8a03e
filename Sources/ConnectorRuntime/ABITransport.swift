import ConnectModel
import Foundation
import PluginABI
import RunEngine
import Synchronization

/// A connector's table of transport functions, all of which are there.
struct TransportTable: @unchecked Sendable {
    // Unchecked: constant for the life of the process, as the ABI demands.
    let raw: UnsafePointer<ch_transport>
    init(_ raw: UnsafePointer<ch_transport>) { self.raw = raw }

    /// Names of required functions that are missing.
    var missing: [String] {
        guard Int(raw.pointee.struct_size) >= MemoryLayout<ch_transport>.size else { return ["(the table is too short)"] }
        let table = raw.pointee
        let all: [(String, Bool)] = [
            ("open", table.open == nil), ("close", table.close == nil), ("cancel", table.cancel == nil), ("stat", table.stat == nil),
            ("list", table.list == nil), ("open_read", table.open_read == nil), ("read", table.read == nil), ("open_write", table.open_write == nil),
            ("write", table.write == nil), ("commit", table.commit == nil), ("abort", table.abort == nil), ("rename", table.rename == nil),
            ("remove", table.remove == nil), ("mkdir", table.mkdir == nil), ("rmdir", table.rmdir == nil),
        ]
        return all.filter(\.1).map(\.0)
    }
}

struct ABITransportOpener: TransportOpener {
    let connector: String
    let table: TransportTable
    let features: TransportFeatures
    let settings: String
    let events: CallEvents

    func open(_ cancellation: Cancellation) throws -> any Transport {
        let call = CallABI(connector: connector, events: events, cancellation: cancellation)
        var session: OpaquePointer?
        try call.perform("Connecting") { table.raw.pointee.open($0, settings, &session) }
        guard let session else { throw ConnectError("connector.defect", .internal, "Connector \(connector) opened no session and gave no error.") }
        return ABITransport(table: table, session: session, call: call, cancellation: cancellation, features: features)
    }
}

/// A transport session over the C functions. Paths are checked here, before any connector sees them.
final class ABITransport: Transport {
    let features: TransportFeatures
    let table: TransportTable
    let call: CallABI
    private let handle: SessionHandle
    private let cancellation: Cancellation
    private let cancelHandler: Int
    /// The connector's own handle; nil once closed.
    var session: OpaquePointer? { handle.raw }

    init(table: TransportTable, session: OpaquePointer, call: CallABI, cancellation: Cancellation, features: TransportFeatures) {
        self.table = table
        let handle = SessionHandle(table: table, session: session)
        self.handle = handle
        self.cancellation = cancellation
        cancelHandler = cancellation.onCancel { handle.cancel() }
        self.call = call
        self.features = features
    }

    deinit { close() }

    func stat(_ path: String) throws -> RemoteEntry {
        let path = try RemotePathRule.checked(path)
        var entries: [RemoteEntry] = []
        try collect(&entries) { call, report, context in table.raw.pointee.stat(session, call, path, report, context) }
        guard let entry = entries.first else { throw ConnectError("connector.defect", .internal, "Nothing was told about \"\(path)\".") }
        return entry
    }

    func list(_ directory: String, _ each: (RemoteEntry) throws -> Void) throws {
        let path = directory.isEmpty ? "" : try RemotePathRule.checked(directory)
        var entries: [RemoteEntry] = []
        try collect(&entries) { call, report, context in table.raw.pointee.list(session, call, path, report, context) }
        // A server that answers with names outside the directory is not believed.
        for entry in entries where RemotePathRule.isInside(entry.path, path) { try each(entry) }
    }

    func openRead(_ path: String, offset: Int64) throws -> any TransportReader {
        let path = try RemotePathRule.checked(path)
        var file: OpaquePointer?
        try call.perform("Opening \"\(path)\"") { table.raw.pointee.open_read(session, $0, path, offset, &file) }
        return ABIReader(transport: self, file: try opened(file, path), path: path)
    }

    func openWrite(_ path: String, offset: Int64, expectedSize: Int64?) throws -> any TransportWriter {
        let path = try RemotePathRule.checked(path)
        var file: OpaquePointer?
        try call.perform("Opening \"\(path)\" for writing") { table.raw.pointee.open_write(session, $0, path, offset, expectedSize ?? -1, &file) }
        return ABIWriter(transport: self, file: try opened(file, path), path: path)
    }

    func rename(_ from: String, to: String, replace: Bool) throws {
        let (old, new) = (try RemotePathRule.checked(from), try RemotePathRule.checked(to))
        try call.perform("Renaming \"\(from)\"") { table.raw.pointee.rename(session, $0, old, new, replace ? 1 : 0) }
    }

    func remove(_ path: String) throws {
        let path = try RemotePathRule.checked(path)
        try call.perform("Removing \"\(path)\"") { table.raw.pointee.remove(session, $0, path) }
    }

    func makeDirectory(_ path: String) throws {
        let path = try RemotePathRule.checked(path)
        try call.perform("Making the directory \"\(path)\"") { table.raw.pointee.mkdir(session, $0, path) }
    }

    func close() {
        cancellation.remove(cancelHandler)
        handle.close()
    }

    private func opened(_ file: OpaquePointer?, _ path: String) throws -> OpaquePointer {
        guard let file else { throw ConnectError("connector.defect", .internal, "\"\(path)\" was opened without a file and without an error.") }
        return file
    }

    private func collect(
        _ entries: inout [RemoteEntry], _ body: (UnsafePointer<ch_call>, @escaping ch_entry_fn, UnsafeMutableRawPointer) -> Int32
    ) throws {
        let report: ch_entry_fn = { context, entry in
            guard let context, let entry = entry?.pointee, let path = entry.path else { return CH_E_INTERNAL }
            let kind: RemoteEntry.Kind =
                switch entry.type {
                case 1: .file
                case 2: .directory
                case 3: .link
                default: .other
                }
            context.assumingMemoryBound(to: [RemoteEntry].self).pointee.append(
                RemoteEntry(
                    path: String(cString: path), kind: kind, size: entry.size >= 0 ? entry.size : nil,
                    modifiedUnixNanoseconds: entry.mtime_unix_ns == .min ? nil : entry.mtime_unix_ns))
            return CH_OK
        }
        try withUnsafeMutablePointer(to: &entries) { pointer in
            try call.perform("Looking at the server's files") { body($0, report, UnsafeMutableRawPointer(pointer)) }
        }
    }
}

/// The C session, kept from being closed while another thread cancels it.
private final class SessionHandle: Sendable {
    private struct Session: @unchecked Sendable {
        // Unchecked: reached through the mutex for cancel and close, which are what two threads may ask at once.
        let raw: OpaquePointer
    }

    private let table: TransportTable
    private let session: Mutex<Session?>

    init(table: TransportTable, session: OpaquePointer) {
        self.table = table
        self.session = Mutex(Session(raw: session))
    }

    /// For the thread that moves files, which is the one that closes: the lock is not held, so that it can be cancelled meanwhile.
    var raw: OpaquePointer? { session.withLock { $0?.raw } }

    func cancel() { session.withLock { session in if let session { table.raw.pointee.cancel(session.raw) } } }

    func close() {
        let last = session.withLock { session in
            defer { session = nil }
            return session
        }
        if let last { table.raw.pointee.close(last.raw) }
    }
}

private final class ABIReader: TransportReader {
    private let transport: ABITransport
    private let path: String
    private var file: OpaquePointer?

    init(transport: ABITransport, file: OpaquePointer, path: String) {
        self.transport = transport
        self.file = file
        self.path = path
    }

    deinit { close() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try transport.call.count("Reading \"\(path)\"") {
            transport.table.raw.pointee.read(file, $0, buffer.baseAddress, buffer.count)
        }
        guard count <= buffer.count else { throw ConnectError("connector.defect", .internal, "More bytes of \"\(path)\" came than were asked for.") }
        return count
    }

    func close() {
        guard let file else { return }
        self.file = nil
        transport.table.raw.pointee.abort(file)
    }
}

private final class ABIWriter: TransportWriter {
    private let transport: ABITransport
    private let path: String
    private var file: OpaquePointer?

    init(transport: ABITransport, file: OpaquePointer, path: String) {
        self.transport = transport
        self.file = file
        self.path = path
    }

    deinit { abort() }

    func write(_ buffer: UnsafeRawBufferPointer) throws {
        var rest = buffer
        while !rest.isEmpty {
            let count = try transport.call.count("Writing \"\(path)\"") {
                transport.table.raw.pointee.write(file, $0, rest.baseAddress, rest.count)
            }
            guard count > 0, count <= rest.count else {
                throw ConnectError("connector.defect", .internal, "Writing \"\(path)\" took no byte and gave no error.")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func commit(modifiedUnixNanoseconds: Int64?) throws {
        let ended = file
        file = nil
        try transport.call.perform("Completing \"\(path)\"") {
            transport.table.raw.pointee.commit(ended, $0, modifiedUnixNanoseconds ?? .min)
        }
    }

    func abort() {
        guard let file else { return }
        self.file = nil
        transport.table.raw.pointee.abort(file)
    }
}

/// Paths stay below the session's root (ABI rule 9).
enum RemotePathRule {
    static func checked(_ path: String) throws -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.utf8.contains(0), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw ConnectError(
                "file.path", .configuration, "\"\(path)\" is not a path below the server's directory.", remedy: "Leave out . and .. and a leading /.")
        }
        return path
    }

    static func isInside(_ path: String, _ directory: String) -> Bool {
        let prefix = directory.isEmpty ? "" : directory + "/"
        guard path.hasPrefix(prefix) else { return false }
        let name = path.dropFirst(prefix.count)
        return !name.isEmpty && !name.contains("/") && name != "." && name != ".."
    }
}

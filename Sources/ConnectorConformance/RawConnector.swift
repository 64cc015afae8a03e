import CHostShims
import ConnectModel
import Foundation
import PluginABI
import Synchronization

/// A connector's tables as they are, without the host's wrappers, which mend or hide what a check wants to see. The only caller of dlopen
/// here; the file's rights have been checked before by the process that asks for the check. Nothing is closed.
struct RawConnector: @unchecked Sendable {
    // Unchecked: the tables are constant for the life of the process, as the ABI demands.
    let raw: UnsafePointer<ch_connector>

    private typealias Entry = @convention(c) (UnsafePointer<ch_host>?) -> UnsafePointer<ch_library>?

    /// Loads the file and finds the connector. Called once in a process.
    static func load(_ request: ConformanceRequest) throws -> RawConnector {
        guard let handle = dlopen(request.file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), let symbol = dlsym(handle, "connecthost_library_v1") else {
            throw CheckFailure(sentence: "The file cannot be loaded: \(dlerror().map { String(cString: $0) } ?? "no reason given").")
        }
        guard let library = unsafeBitCast(symbol, to: Entry.self)(RawHost.shared) else {
            throw CheckFailure(sentence: "connecthost_library_v1 returned NULL: the connector refuses this host.")
        }
        for index in 0..<Int(library.pointee.count) {
            guard let raw = library.pointee.connectors[index], let id = raw.pointee.descriptor?.pointee.id else { continue }
            if String(cString: id) == request.connector.id { return RawConnector(raw: raw) }
        }
        throw CheckFailure(
            sentence: "The file has no connector \(request.connector.id) any more: its table must not change from one load to the next.")
    }

    var transport: UnsafePointer<ch_transport>? { raw.pointee.iface?.assumingMemoryBound(to: ch_transport.self) }
    var source: UnsafePointer<ch_source>? { raw.pointee.iface?.assumingMemoryBound(to: ch_source.self) }
    var job: UnsafePointer<ch_job>? { raw.pointee.iface?.assumingMemoryBound(to: ch_job.self) }
}

/// The host as a connector under test sees it: it keeps the log out of the answers and has no services.
private enum RawHost {
    /// Made once, constant after that.
    nonisolated(unsafe) static let shared: UnsafePointer<ch_host> = {
        let host = UnsafeMutablePointer<ch_host>.allocate(capacity: 1)
        host.initialize(to: ch_host())
        host.pointee.struct_size = UInt32(MemoryLayout<ch_host>.size)
        host.pointee.abi_version = 1 << 16
        host.pointee.name = UnsafePointer(strdup("connecthost"))
        host.pointee.version = UnsafePointer(strdup("conformance"))
        host.pointee.log = { _, _, _, _ in }
        host.pointee.service = { _, _ in nil }
        return UnsafePointer(host)
    }()
}

/// One `ch_call`, which remembers what was said through it and can be cancelled.
final class RawCall: @unchecked Sendable {
    // Unchecked: `raw` is constant after init, and what changes lies behind the mutex.
    let raw: UnsafeMutablePointer<ch_call>
    private let state = Mutex(State())

    private struct State {
        var isCancelled = false
        var reported: (status: Int32, message: String)?
        var violations: [String] = []
        var texts: [String] = []
    }

    init(cancelled: Bool = false) {
        raw = .allocate(capacity: 1)
        raw.initialize(to: ch_call())
        raw.pointee.struct_size = UInt32(MemoryLayout<ch_call>.size)
        raw.pointee.cancel_fd = chs_eventfd()
        raw.pointee.log_min_level = 2
        raw.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
        raw.pointee.is_cancelled = { RawCall.of($0)?.state.withLock { $0.isCancelled } == true ? 1 : 0 }
        raw.pointee.set_error = { call, status, message, detail, _ in
            let texts = [RawText.string(message), RawText.string(detail)]
            RawCall.of(call)?.state.withLock { state in
                state.reported = (status, texts[0])
                state.texts += texts
            }
        }
        raw.pointee.log = { call, _, message, fields in RawCall.of(call)?.hear([message, fields]) }
        raw.pointee.progress = { call, _, _, _, note in RawCall.of(call)?.hear([note]) }
        raw.pointee.step = { call, name, _, _, message in RawCall.of(call)?.hear([name, message]) }
        if cancelled { cancel() }
    }

    deinit {
        if raw.pointee.cancel_fd >= 0 { close(raw.pointee.cancel_fd) }
        raw.deallocate()
    }

    private static func of(_ call: UnsafePointer<ch_call>?) -> RawCall? {
        call?.pointee.ctx.map { Unmanaged<RawCall>.fromOpaque($0).takeUnretainedValue() }
    }

    private func hear(_ pointers: [UnsafePointer<CChar>?]) {
        let texts = pointers.map(RawText.string)
        state.withLock { $0.texts += texts }
    }

    /// The wish to stop: `is_cancelled` and the descriptor say so from now on.
    func cancel() {
        state.withLock { $0.isCancelled = true }
        var one: UInt64 = 1
        if raw.pointee.cancel_fd >= 0 { _ = write(raw.pointee.cancel_fd, &one, 8) }
    }

    /// Calls, and keeps account of failures that are not explained as rule 6 of the header demands.
    func perform(_ verb: String, _ body: (UnsafePointer<ch_call>) -> Int64) -> Int64 {
        state.withLock { $0.reported = nil }
        let status = body(UnsafePointer(raw))
        if status < 0 { state.withLock { state in Self.judge(verb, status, &state) } }
        return status
    }

    func perform(_ verb: String, _ body: (UnsafePointer<ch_call>) -> Int32) -> Int32 {
        Int32(clamping: perform(verb) { Int64(body($0)) })
    }

    private static func judge(_ verb: String, _ status: Int64, _ state: inout State) {
        if status < Int64(CH_E_INTERNAL) { state.violations.append("\(verb) returned \(status), which is no status of the interface.") }
        if let reported = state.reported, Int64(reported.status) == status {
            if reported.message.isEmpty { state.violations.append("\(verb) failed with \(StatusName.of(status)) and an empty error text.") }
        } else if let reported = state.reported {
            state.violations.append(
                "\(verb) returned \(StatusName.of(status)) but set_error was called with \(StatusName.of(Int64(reported.status))).")
        } else {
            state.violations.append("\(verb) failed with \(StatusName.of(status)) and did not call set_error.")
        }
    }

    /// Failing calls that were not explained.
    var violations: [String] { state.withLock { $0.violations } }
    /// Everything that was said.
    var texts: [String] { state.withLock { $0.texts } }
    /// The words of the failure that came last, in quotes, or that there were none.
    var words: String {
        let message = state.withLock { $0.reported?.message ?? "" }
        return message.isEmpty ? "without an error text" : "\"\(message)\""
    }
}

/// The header's names of status codes.
enum StatusName {
    private static let names = [
        "CH_OK", "CH_E_CONFIG", "CH_E_AUTH", "CH_E_NOT_FOUND", "CH_E_EXISTS", "CH_E_PERMISSION", "CH_E_NOT_EMPTY", "CH_E_NO_SPACE", "CH_E_RATE_LIMIT",
        "CH_E_TRANSIENT", "CH_E_TIMEOUT", "CH_E_CANCELLED", "CH_E_DATA", "CH_E_CURSOR", "CH_E_UNSUPPORTED", "CH_E_INTERNAL",
    ]

    static func of(_ status: Int64) -> String {
        (-15...0).contains(status) ? names[Int(-status)] : "\(status)"
    }
    static func of(_ status: Int32) -> String { of(Int64(status)) }
}

/// Text from a connector, cut where it does not end.
enum RawText {
    static func string(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer else { return "" }
        let count = strnlen(pointer, 64 << 10)
        return String(decoding: UnsafeRawBufferPointer(start: pointer, count: count), as: UTF8.self)
    }
}

/// Where a sink's bytes go, at most 16 MiB.
final class RawSink {
    private(set) var bytes = Data()

    var sink: ch_sink {
        ch_sink(ctx: Unmanaged.passUnretained(self).toOpaque()) { context, bytes, count in
            guard let context, let bytes, count >= 0 else { return CH_E_INTERNAL }
            let sink = Unmanaged<RawSink>.fromOpaque(context).takeUnretainedValue()
            guard sink.bytes.count + count <= 16 << 20 else { return CH_E_NO_SPACE }
            sink.bytes.append(bytes.assumingMemoryBound(to: UInt8.self), count: count)
            return CH_OK
        }
    }
}

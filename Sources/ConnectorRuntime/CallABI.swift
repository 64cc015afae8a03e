import CHostShims
import ConnectModel
import Foundation
import PluginABI
import RunEngine
import Synchronization

/// One `ch_call` for everything a session does: made once, reused call after call, because a session's calls come one at a time.
/// Owns the event descriptor that becomes readable when the run is cancelled.
final class CallABI {
    let raw: UnsafeMutablePointer<ch_call>
    private let connector: String
    private let events: CallEvents
    private let cancellation: Cancellation
    private let signal: CancelSignal
    private let cancelHandler: Int
    /// What `set_error` said. Guarded, because a connector may report from a thread of its own.
    private let reported = Mutex<Report?>(nil)

    private struct Report {
        let status: Int32
        let message: String
        let retryAfter: Int64
    }

    init(connector: String, events: CallEvents, cancellation: Cancellation) {
        self.connector = connector
        self.events = events
        self.cancellation = cancellation
        let signal = CancelSignal()
        self.signal = signal
        cancelHandler = cancellation.onCancel { signal.raise() }
        raw = .allocate(capacity: 1)
        raw.initialize(to: ch_call())
        raw.pointee.struct_size = UInt32(MemoryLayout<ch_call>.size)
        raw.pointee.cancel_fd = signal.descriptor
        raw.pointee.log_min_level = 2
        raw.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
        installCallbacks()
    }

    deinit {
        cancellation.remove(cancelHandler)
        signal.close()
        raw.deallocate()
    }

    private static func of(_ call: UnsafePointer<ch_call>?) -> CallABI? {
        call?.pointee.ctx.map { Unmanaged<CallABI>.fromOpaque($0).takeUnretainedValue() }
    }

    private func installCallbacks() {
        raw.pointee.is_cancelled = { call in callABI(call)?.cancellation.isCancelled == true ? 1 : 0 }
        raw.pointee.set_error = { call, status, message, _, retryAfter in
            callABI(call)?.report(status, CText.string(message), retryAfter)
        }
        raw.pointee.log = { call, level, message, fields in
            let decoded = fields.flatMap { try? JSONDecoder().decode([String: String].self, from: Data(CText.string($0).utf8)) }
            callABI(call)?.events.log(logLevel(level), CText.string(message), decoded ?? [:])
        }
        raw.pointee.progress = { call, unit, done, total, _ in
            callABI(call)?.events.progress(CText.string(unit), done, total >= 0 ? total : nil)
        }
        raw.pointee.step = { call, name, succeeded, milliseconds, message in
            callABI(call)?.events.step(
                ConnectionStep(
                    name: CText.string(name), succeeded: succeeded != 0, milliseconds: milliseconds,
                    message: CText.string(message)))
        }
    }

    fileprivate static func instance(_ call: UnsafePointer<ch_call>?) -> CallABI? { of(call) }

    /// Calls, and turns a status into an error.
    func perform(_ what: String, _ body: (UnsafePointer<ch_call>) -> Int32) throws {
        reported.withLock { $0 = nil }
        let status = body(UnsafePointer(raw))
        if status != CH_OK { throw error(status, what) }
    }

    /// The same for calls that answer with a count.
    func count(_ what: String, _ body: (UnsafePointer<ch_call>) -> Int64) throws -> Int {
        reported.withLock { $0 = nil }
        let result = body(UnsafePointer(raw))
        guard result >= 0 else { throw error(Int32(clamping: result), what) }
        return Int(result)
    }

    /// What the connector reported during the call in flight, if anything.
    var reportedStatus: Int32? { reported.withLock { $0 }.flatMap { $0.status < 0 ? $0.status : nil } }

    /// Words for a failure that came another way than through `set_error`.
    func report(_ status: Int32, _ message: String, _ retryAfter: Int64 = 0) {
        reported.withLock { $0 = Report(status: status, message: message, retryAfter: retryAfter) }
    }

    /// The connector's own words where it gave some, under the code and category that the status stands for.
    private func error(_ status: Int32, _ what: String) -> ConnectError {
        let (code, category) = StatusCode.meaning(status)
        let reported = reported.withLock { $0 }
        let own = reported.flatMap { $0.status == status && !$0.message.isEmpty ? $0.message : nil }
        let message = own ?? "\(what) failed, and connector \(connector) gave no reason (status \(status))."
        return ConnectError(code, category, message, retryAfterMilliseconds: reported.flatMap { $0.retryAfter > 0 ? $0.retryAfter : nil })
    }
}

/// The event descriptor; a cancellation on another thread never writes to it after it was closed, when its number may be another file's.
private final class CancelSignal: Sendable {
    let descriptor: Int32
    private let isOpen: Mutex<Bool>

    init() {
        descriptor = chs_eventfd()
        isOpen = Mutex(descriptor >= 0)
    }

    func raise() {
        isOpen.withLock { isOpen in
            var one: UInt64 = 1
            if isOpen { _ = write(descriptor, &one, 8) }
        }
    }

    func close() {
        isOpen.withLock { isOpen in
            if isOpen { _ = Foundation.close(descriptor) }
            isOpen = false
        }
    }
}

private func callABI(_ call: UnsafePointer<ch_call>?) -> CallABI? { CallABI.instance(call) }

private func logLevel(_ level: Int32) -> LogLine.Level {
    switch level {
    case ..<2: .debug
    case 2: .info
    case 3: .warning
    default: .error
    }
}

/// What a status means for the run.
enum StatusCode {
    static func meaning(_ status: Int32) -> (code: String, category: ErrorCategory) {
        switch status {
        case CH_E_CONFIG: ("server.settings", .configuration)
        case CH_E_AUTH: ("server.authentication", .authentication)
        case CH_E_NOT_FOUND: ("file.missing", .configuration)
        case CH_E_EXISTS: ("file.exists", .configuration)
        case CH_E_PERMISSION: ("file.permission", .configuration)
        case CH_E_NOT_EMPTY: ("directory.not-empty", .configuration)
        case CH_E_NO_SPACE: ("server.no-space", .transient)
        case CH_E_RATE_LIMIT: ("server.rate-limit", .transient)
        case CH_E_TRANSIENT: ("server.unreachable", .transient)
        case CH_E_TIMEOUT: ("server.timeout", .transient)
        case CH_E_CANCELLED: ("run.cancelled", .cancelled)
        case CH_E_DATA: ("server.data", .data)
        case CH_E_CURSOR: ("source.cursor", .data)
        case CH_E_UNSUPPORTED: ("transport.unsupported", .configuration)
        default: ("connector.defect", .internal)
        }
    }
}

import FoundationEssentials
import PluginABI

/// The host's `ch_call` as a Swift value. Valid during the call it came with.
struct HostCall: CallContext {
    let call: UnsafePointer<ch_call>

    var isCancelled: Bool { call.pointee.is_cancelled.map { $0(call) != 0 } ?? false }
    var cancelFileDescriptor: Int32 { call.pointee.cancel_fd }
    var deadlineUnixMilliseconds: Int64 { call.pointee.deadline_unix_ms }

    func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>) {
        guard level.rawValue >= call.pointee.log_min_level, let log = call.pointee.log else { return }
        let json = fields.map { "\(SettingsSchema.quoted($0.key)):\(SettingsSchema.quoted($0.value))" }.joined(separator: ",")
        log(call, level.rawValue, message, fields.isEmpty ? nil : "{\(json)}")
    }

    func progress(_ unit: String, done: Int64, total: Int64?, note: String?) {
        call.pointee.progress?(call, unit, done, total ?? -1, note)
    }

    func step(_ name: String, succeeded: Bool, milliseconds: Double, message: String) {
        // A host of another minor version may not have it.
        guard Int(call.pointee.struct_size) >= MemoryLayout<ch_call>.offset(of: \.step).map({ $0 + MemoryLayout<UnsafeRawPointer>.size }) ?? .max
        else { return }
        call.pointee.step?(call, name, succeeded ? 1 : 0, milliseconds, message)
    }

    func setError(_ error: ConnectorError) {
        // No words: somebody else has said them.
        guard !error.message.isEmpty else { return }
        call.pointee.set_error?(call, error.status.rawValue, error.message, error.detail, error.retryAfterMilliseconds)
    }
}

/// Runs a throwing body for C: an error becomes its status, its text goes to the host.
func answering(_ call: UnsafePointer<ch_call>?, _ body: (HostCall) throws(ConnectorError) -> Void) -> Int32 {
    guard let call else { return ConnectorError.Status.internal.rawValue }
    let context = HostCall(call: call)
    do {
        try body(context)
        return 0
    } catch {
        context.setError(error)
        return error.status.rawValue
    }
}

/// The same for calls that answer with a count of bytes.
func counting(_ call: UnsafePointer<ch_call>?, _ body: (HostCall) throws(ConnectorError) -> Int) -> Int64 {
    guard let call else { return Int64(ConnectorError.Status.internal.rawValue) }
    let context = HostCall(call: call)
    do {
        return Int64(try body(context))
    } catch {
        context.setError(error)
        return Int64(error.status.rawValue)
    }
}

/// Text the host gave; it is UTF-8 and ends with a NUL.
func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

/// Hands text to the host's sink, which copies it.
func put(_ text: String, _ sink: ch_sink) -> Int32 {
    var copy = text
    return copy.withUTF8 { bytes in sink.put?(sink.ctx, bytes.baseAddress, bytes.count) ?? ConnectorError.Status.internal.rawValue }
}

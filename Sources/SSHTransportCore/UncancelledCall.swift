internal import ConnectorKit

/// For clearing up, which goes on after a cancellation and has a short limit of its own.
struct UncancelledCall: CallContext {
    var isCancelled: Bool { false }
    var cancelFileDescriptor: Int32 { -1 }
    var deadlineUnixMilliseconds: Int64 { 0 }
    func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>) {}
    func progress(_ unit: String, done: Int64, total: Int64?, note: String?) {}
    func step(_ name: String, succeeded: Bool, milliseconds: Double, message: String) {}
}

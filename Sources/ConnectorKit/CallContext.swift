/// What the host gives one call: cancellation, the log, progress. Valid until the call returns; do not keep it.
public protocol CallContext {
    /// True once the host wants the call to end; the call then throws `.cancelled` soon.
    var isCancelled: Bool { get }
    /// Readable (poll for POLLIN) once cancelled; -1 when there is none. Neither read nor close it.
    var cancelFileDescriptor: Int32 { get }
    /// When the call should be over, in milliseconds since 1970 UTC; 0 for no limit.
    var deadlineUnixMilliseconds: Int64 { get }
    /// Structured fields as name and value; never a secret.
    func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>)
    /// `unit` is "bytes", "rows" or "files"; `total` nil when unknown.
    func progress(_ unit: String, done: Int64, total: Int64?, note: String?)
    /// One finished step of a connection test (FS-6).
    func step(_ name: String, succeeded: Bool, milliseconds: Double, message: String)
}

public enum LogLevel: Int32, Sendable, Comparable {
    case trace = 0
    case debug = 1
    case info = 2
    case warning = 3
    case error = 4

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

extension CallContext {
    public func log(_ level: LogLevel, _ message: String) { log(level, message, [:]) }

    /// Throws `.cancelled` once the host wants the call to end.
    public func checkCancellation() throws(ConnectorError) {
        if isCancelled { throw ConnectorError(.cancelled, "The call was cancelled.") }
    }
}

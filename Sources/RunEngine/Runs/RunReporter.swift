public import ConnectModel

/// Where a run tells what it does. Any thread; never blocks for long, never throws.
public protocol RunReporter: Sendable {
    func log(_ level: LogLine.Level, _ message: String, _ fields: [String: String])
    func progress(_ progress: RunProgress)
}

extension RunReporter {
    public func log(_ level: LogLine.Level, _ message: String) { log(level, message, [:]) }
}

public import ConnectModel

/// What a connector tells during calls. Called on the thread of the call; text is as the connector gave it.
public struct CallEvents: Sendable {
    public var log: @Sendable (LogLine.Level, String, [String: String]) -> Void
    public var progress: @Sendable (_ unit: String, _ done: Int64, _ total: Int64?) -> Void
    public var step: @Sendable (ConnectionStep) -> Void

    public init(
        log: @escaping @Sendable (LogLine.Level, String, [String: String]) -> Void = { _, _, _ in },
        progress: @escaping @Sendable (String, Int64, Int64?) -> Void = { _, _, _ in },
        step: @escaping @Sendable (ConnectionStep) -> Void = { _ in }
    ) {
        self.log = log
        self.progress = progress
        self.step = step
    }
}

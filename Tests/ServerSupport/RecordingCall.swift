public import ConnectorKit
internal import Glibc
internal import Synchronization

/// A call as a host makes it, which keeps what the connector tells it and can be cancelled.
public final class RecordingCall: CallContext, Sendable {
    public struct Step: Sendable, Equatable {
        public var name: String
        public var succeeded: Bool
        public var message: String
    }

    private struct Record {
        var lines: [String] = []
        var steps: [Step] = []
        var isCancelled = false
    }

    private let record = Mutex(Record())
    private let reading: Int32
    private let writing: Int32

    public init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        close(writing)
    }

    public func cancel() {
        record.withLock { $0.isCancelled = true }
        var byte: UInt8 = 1
        write(writing, &byte, 1)
    }

    public var lines: [String] { record.withLock(\.lines) }
    public var steps: [Step] { record.withLock(\.steps) }

    public var isCancelled: Bool { record.withLock(\.isCancelled) }
    public var cancelFileDescriptor: Int32 { reading }
    public var deadlineUnixMilliseconds: Int64 { 0 }

    public func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>) {
        let text = "\(level): \(message) " + fields.map { "\($0)=\($1)" }.joined(separator: " ")
        record.withLock { $0.lines.append(text) }
    }

    public func progress(_ unit: String, done: Int64, total: Int64?, note: String?) {}

    public func step(_ name: String, succeeded: Bool, milliseconds: Double, message: String) {
        record.withLock { $0.steps.append(Step(name: name, succeeded: succeeded, message: message)) }
    }
}

public import ConnectModel
import Dispatch
import Synchronization

/// One wish to stop, shared by everything a run does. Any thread; once cancelled it stays so.
public final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var handlers: [Int: @Sendable () -> Void] = [:]
        var nextHandler = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    public func cancel() {
        let handlers = state.withLock { state in
            let waiting = state.isCancelled ? [] : Array(state.handlers.values)
            state.isCancelled = true
            return waiting
        }
        handlers.forEach { $0() }
    }

    /// Calls `handler` once, at once when cancelled already, on the thread that cancels. The returned number takes it back.
    @discardableResult
    public func onCancel(_ handler: @escaping @Sendable () -> Void) -> Int {
        let (number, isCancelled) = state.withLock { state in
            state.nextHandler += 1
            if !state.isCancelled { state.handlers[state.nextHandler] = handler }
            return (state.nextHandler, state.isCancelled)
        }
        if isCancelled { handler() }
        return number
    }

    public func remove(_ handler: Int) { state.withLock { _ = $0.handlers.removeValue(forKey: handler) } }

    /// Throws the `cancelled` error once somebody has asked for it.
    public func check() throws {
        if isCancelled { throw Cancellation.error }
    }

    /// Waits, no longer than until somebody cancels; then throws.
    public func wait(milliseconds: Int64) throws {
        let wakeUp = DispatchSemaphore(value: 0)
        let handler = onCancel { wakeUp.signal() }
        defer { remove(handler) }
        _ = wakeUp.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        try check()
    }

    public static let error = ConnectError("run.cancelled", .cancelled, "The run was stopped.")
}

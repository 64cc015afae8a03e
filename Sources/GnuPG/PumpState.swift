import Synchronization

/// Count and failure of a thread that moves bytes, for the one that waits for it.
final class PumpState: Sendable {
    private let state = Mutex<(bytes: Int64, error: (any Error)?)>((0, nil))

    var bytes: Int64 { state.withLock { $0.bytes } }
    var error: (any Error)? { state.withLock { $0.error } }
    func add(_ count: Int) { state.withLock { $0.bytes += Int64(count) } }
    func fail(_ error: any Error) { state.withLock { $0.error = $0.error ?? error } }
}

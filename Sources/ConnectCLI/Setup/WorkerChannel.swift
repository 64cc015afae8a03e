import ConnectModel
import ConnectorRuntime
import Foundation
import Synchronization

/// Messages to the host, a JSON line each, on what was standard output. Standard output itself then leads to standard error,
/// so that a connector that prints does not speak in the worker's name.
final class WorkerChannel: Sendable {
    private let descriptor: Mutex<Int32>

    init() throws {
        let own = StandardOutput.takeOver()
        guard own >= 0 else {
            throw ConnectError("worker.channel", .internal, "The worker's output could not be set up: \(String(cString: strerror(errno))).")
        }
        descriptor = Mutex(own)
    }

    /// Nobody listens any more when the host is gone; then there is nobody to tell either.
    func send(_ message: WorkerMessage) {
        guard var bytes = try? JSONEncoder().encode(message) else { return }
        bytes.append(0x0A)
        descriptor.withLock { descriptor in
            bytes.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { return }
                    rest = rest[(rest.startIndex + count)...]
                }
            }
        }
    }
}

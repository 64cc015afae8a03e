import Foundation
import Synchronization

/// Listens on an address of this machine and says nothing to who connects: for tests that nobody connects, or that somebody does.
public final class ConnectionWitness: Sendable {
    private let descriptor: Int32
    private let seen = Mutex(0)
    public let port: Int

    /// - Parameters:
    ///   - address: of version 4.
    ///   - port: 0 for a free one.
    public init(_ address: String = "127.0.0.1", port: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var isReusable: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReusable, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 100) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: place.sin_port))
        guard isListening else { throw TestFailure("\(address):\(port) cannot be listened on: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// How many connections have been made so far. They are closed when this is asked.
    public var connections: Int {
        seen.withLock { seen in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return seen }
                close(connection)
                seen += 1
            }
        }
    }
}

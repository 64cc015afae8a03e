internal import ConnectorKit
internal import Glibc
internal import Synchronization

/// An address to connect to.
struct SocketAddress: Sendable, Equatable {
    let family: Int32
    /// A `sockaddr` of that family.
    let bytes: [UInt8]

    /// In figures, with the zone of an address that has one; nil for what has none.
    var numeric: String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map {
                getnameinfo(
                    $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            }
        }
        return code == 0 ? String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}

/// Looks a host's addresses up on a thread of its own, because the system's function cannot be given up: who waits can go away, the thread
/// ends when the name server has answered or been waited for.
final class NameResolution: Sendable {
    enum Outcome: Sendable {
        case addresses([SocketAddress])
        /// One of the system's EAI_ numbers.
        case failed(Int32)
    }

    private let outcomeOrNil = Mutex<Outcome?>(nil)
    private let finished: CancelSignal
    private let host: String
    private let port: Int

    /// Begins the look-up.
    init(host: String, port: Int) throws(ConnectorError) {
        finished = try CancelSignal()
        self.host = host
        self.port = port
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<NameResolution>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw ConnectorError(.transient, "A thread to look \(host) up could not be started: \(systemText(code)).")
        }
    }

    /// Readable once there is an outcome.
    var descriptor: Int32 { finished.descriptor }
    var outcome: Outcome? { outcomeOrNil.withLock { $0 } }

    private func run() {
        let found = lookUp()
        outcomeOrNil.withLock { $0 = found }
        finished.raise()
    }

    private func lookUp() -> Outcome {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return .failed(code) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let address = current.ai_addr {
                let bytes = UnsafeRawBufferPointer(start: address, count: Int(current.ai_addrlen))
                let found = SocketAddress(family: current.ai_family, bytes: Array(bytes))
                if !addresses.contains(found) { addresses.append(found) }
            }
            entry = current.ai_next
        }
        return .addresses(addresses)
    }
}

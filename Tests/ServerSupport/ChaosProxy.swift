internal import Foundation
internal import Synchronization

/// A TCP proxy on loopback that breaks connections in a way a test chooses. Everything it opens is closed by `stop`.
public final class ChaosProxy: Sendable {
    /// Whose bytes a fault counts.
    public enum Direction: Sendable, CaseIterable { case fromServer, toServer }

    /// Bytes that passed, of one connection or of several, so that a fault can strike once wherever the bytes go. The connection that reaches the
    /// limit is struck; the others go on.
    public final class Count: Sendable {
        private let state = Mutex((fromServer: 0, toServer: 0, isStruck: false))
        public init() {}

        public func total(_ direction: Direction) -> Int { state.withLock { direction == .fromServer ? $0.fromServer : $0.toServer } }
        public var isStruck: Bool { state.withLock(\.isStruck) }

        fileprivate func add(_ count: Int, _ direction: Direction) {
            state.withLock { state in if direction == .fromServer { state.fromServer += count } else { state.toServer += count } }
        }

        /// How many bytes may pass before the fault; no limit once it has struck elsewhere.
        fileprivate func room(_ direction: Direction, before limit: Int) -> Int {
            state.withLock { state in state.isStruck ? .max : limit - (direction == .fromServer ? state.fromServer : state.toServer) }
        }

        /// True for the one that strikes.
        fileprivate func strike() -> Bool {
            state.withLock { state in
                defer { state.isStruck = true }
                return !state.isStruck
            }
        }
    }

    /// What goes wrong with one connection, counted in bytes from the server to the client unless the proxy was told otherwise.
    public enum Fault: Sendable, Equatable {
        case none
        /// After so many bytes nothing moves any more in either direction; the connection stays open.
        case stall(afterBytes: Int)
        /// Both sides are closed in good order.
        case cut(afterBytes: Int)
        /// Both sides are reset.
        case reset(afterBytes: Int)
        /// Who receives what is counted gets an end of stream, and may go on sending.
        case halfClose(afterBytes: Int)
        case throttle(bytesPerSecond: Int)
    }

    private struct State {
        var sockets: Set<Int32> = []
        var connections = 0
        var isStopped = false
    }

    public let port: Int
    private let listener: Int32
    private let target: Int
    private let fault: @Sendable (Int) -> Fault
    private let counting: Direction
    private let count: Count?
    private let state = Mutex(State())
    private let struck = DispatchSemaphore(value: 0)
    private let threads = DispatchGroup()

    /// - Parameters:
    ///   - counting: whose bytes the faults count.
    ///   - count: of all connections together, and perhaps of another proxy's too; nil counts each connection by itself.
    ///   - fault: which fault connection 0, 1, 2 … meets.
    public init(to target: Int, counting: Direction = .fromServer, count: Count? = nil, fault: @escaping @Sendable (Int) -> Fault) throws {
        self.target = target
        self.fault = fault
        self.counting = counting
        self.count = count
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        guard bound else { throw TestServer.Unavailable(description: "The proxy could not listen: \(errno)") }
        run { $0.accept() }
    }

    /// Blocks until a connection has met its fault.
    public func waitForFault() { struck.wait() }

    /// How many connections were made.
    public var connections: Int { state.withLock(\.connections) }

    /// Safe to call twice: the listener's number may belong to somebody else by then.
    public func stop() {
        let sockets = state.withLock { state -> Set<Int32>? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            return state.sockets
        }
        guard let sockets else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        threads.wait()
        close(listener)
    }

    private func run(_ body: @escaping @Sendable (ChaosProxy) -> Void) {
        threads.enter()
        Thread.detachNewThread { [self] in
            body(self)
            threads.leave()
        }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = Self.loopback(port: target)
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
            let number = state.withLock { state -> Int? in
                guard connected == 0, !state.isStopped else { return nil }
                state.sockets.formUnion([client, server])
                state.connections += 1
                return state.connections - 1
            }
            guard let number else {
                close(client)
                close(server)
                continue
            }
            let fault = fault(number)
            let connection = Connection(client: client, server: server, fault: fault, counting: counting, count: count ?? Count())
            run { $0.serve(connection) }
        }
    }

    private func serve(_ connection: Connection) {
        let upstream = DispatchSemaphore(value: 0)
        run { proxy in
            connection.forward(.toServer) { proxy.struck.signal() }
            upstream.signal()
        }
        connection.forward(.fromServer) { [struck] in struck.signal() }
        upstream.wait()
        state.withLock { state in
            state.sockets.remove(connection.client)
            state.sockets.remove(connection.server)
        }
        close(connection.client)
        close(connection.server)
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// The two sockets of one connection and what goes wrong between them.
private final class Connection: Sendable {
    let client: Int32
    let server: Int32
    private let fault: ChaosProxy.Fault
    private let counting: ChaosProxy.Direction
    private let count: ChaosProxy.Count
    private let stalled = Mutex(false)

    init(client: Int32, server: Int32, fault: ChaosProxy.Fault, counting: ChaosProxy.Direction, count: ChaosProxy.Count) {
        self.client = client
        self.server = server
        self.fault = fault
        self.counting = counting
        self.count = count
    }

    /// Copies in one direction until one side ends or the fault strikes.
    func forward(_ direction: ChaosProxy.Direction, struck: () -> Void) {
        let (source, destination) = direction == .fromServer ? (server, client) : (client, server)
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            var room = direction == counting ? min(buffer.count, count.room(direction, before: limit)) : buffer.count
            if room <= 0 {
                if count.strike() {
                    strike(receiver: destination, struck)
                    return
                }
                room = buffer.count
            }
            let received = recv(source, &buffer, room, 0)
            if received <= 0 { break }
            if stalled.withLock({ $0 }) { continue }
            if direction == counting, case .throttle(let rate) = fault { usleep(UInt32(clamping: received * 1_000_000 / rate)) }
            guard sendAll(destination, buffer[0..<received]) else { break }
            count.add(received, direction)
        }
        shutdown(destination, Int32(SHUT_WR))
        shutdown(source, Int32(SHUT_RD))
    }

    private var limit: Int {
        switch fault {
        case .none, .throttle: .max
        case .stall(let bytes), .cut(let bytes), .reset(let bytes), .halfClose(let bytes): bytes
        }
    }

    private func strike(receiver: Int32, _ struck: () -> Void) {
        switch fault {
        case .stall:
            stalled.withLock { $0 = true }
            struck()
        case .halfClose:
            shutdown(receiver, Int32(SHUT_WR))
            struck()
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            // The descriptor stays ours until the connection's end; a disconnect to no address resets it now.
            var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            connect(client, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
            shutdown(server, Int32(SHUT_RDWR))
            struck()
        case .cut, .none, .throttle:
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
            struck()
        }
    }

    private func sendAll(_ socket: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

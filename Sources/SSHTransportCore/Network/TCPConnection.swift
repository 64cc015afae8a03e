internal import Glibc

/// One attempt to connect to one address; never blocks.
struct TCPConnection {
    let descriptor: FileDescriptor

    /// Begins to connect. nil with errno set when that failed at once.
    init?(_ address: SocketAddress) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = socket(address.family, type, 0)
        guard number >= 0 else { return nil }
        descriptor = FileDescriptor(number)
        Self.set(descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        Self.set(descriptor.number, SOL_SOCKET, SO_KEEPALIVE, 1)
        let result = address.bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map { connect(descriptor.number, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) } ?? -1
        }
        guard result == 0 || errno == EINPROGRESS || errno == EINTR else { return nil }
    }

    /// 0, or why it failed; to be asked once the socket is writable.
    func outcome() -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

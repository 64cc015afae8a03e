internal import CLibSSH2
internal import ConnectorKit
internal import Glibc

/// The library's calls, all of them, on one connection with one channel. Never blocks: `.again` means that the socket must be waited for.
///
/// The library gets its bytes from `socket` and gives its bytes to it; it never sees the network itself. That keeps what has arrived
/// readable after the connection broke, and no packet is ever half sent inside the library.
final class LibSSH2Session {
    enum Result: Equatable {
        case done
        case again
        /// One of the library's error numbers.
        case failed(Int32)
    }

    let socket: BufferedSocket
    private let context: Context
    private var session: OpaquePointer?
    private var channel: OpaquePointer?

    /// "1.10.0"
    static let version = libssh2_version(0).map { String(cString: $0) } ?? "?"
    /// The library wants to be set up once a process.
    private static let isReady = libssh2_init(0) == 0

    init(_ socket: BufferedSocket) throws(ConnectorError) {
        self.socket = socket
        context = Context(socket)
        guard Self.isReady, let session = libssh2_session_init_ex(nil, nil, nil, Unmanaged.passUnretained(context).toOpaque()) else {
            throw ConnectorError(.internal, "libssh2 \(Self.version) could not be set up.")
        }
        self.session = session
        libssh2_session_set_blocking(session, 0)
        Self.routeBytes(session)
    }

    deinit { end() }

    // MARK: Algorithms

    enum Method: CaseIterable {
        case keyExchange, hostKey, cipherToServer, cipherFromServer, macToServer, macFromServer

        fileprivate var number: Int32 {
            switch self {
            case .keyExchange: LIBSSH2_METHOD_KEX
            case .hostKey: LIBSSH2_METHOD_HOSTKEY
            case .cipherToServer: LIBSSH2_METHOD_CRYPT_CS
            case .cipherFromServer: LIBSSH2_METHOD_CRYPT_SC
            case .macToServer: LIBSSH2_METHOD_MAC_CS
            case .macFromServer: LIBSSH2_METHOD_MAC_SC
            }
        }
    }

    /// What this version of the library can do, of the kind.
    func supported(_ method: Method) -> [String] {
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        let count = libssh2_session_supported_algs(session, method.number, &names)
        guard count > 0, let names else { return [] }
        defer { libssh2_free(session, names) }
        return (0..<Int(count)).compactMap { names[$0].map { String(cString: $0) } }
    }

    /// Lets nothing but `names` be agreed on; all of them must be supported.
    func prefer(_ method: Method, _ names: [String]) -> Result {
        result(libssh2_session_method_pref(session, method.number, names.joined(separator: ",")))
    }

    /// What was agreed on; nil before.
    func agreed(_ method: Method) -> String? { libssh2_session_methods(session, method.number).map { String(cString: $0) } }

    // MARK: Connecting

    func handshake() -> Result { result(libssh2_session_handshake(session, socket.number)) }

    /// The server's public key, of which it has proved to have the private half. Empty before the handshake.
    var hostKey: [UInt8] {
        var length = 0
        var type: Int32 = 0
        guard let key = libssh2_session_hostkey(session, &length, &type) else { return [] }
        return key.withMemoryRebound(to: UInt8.self, capacity: length) { Array(UnsafeBufferPointer(start: $0, count: length)) }
    }

    /// Asks which ways to log in the server takes. nil once it answered by letting the account in without any.
    func authenticationMethods(_ username: String, _ methods: inout [String]?) -> Result {
        if let list = libssh2_userauth_list(session, username, UInt32(username.utf8.count)) {
            methods = String(cString: list).split(separator: ",").map(String.init)
            return .done
        }
        if libssh2_userauth_authenticated(session) == 1 {
            methods = nil
            return .done
        }
        return result(libssh2_session_last_errno(session))
    }

    func logIn(_ username: String, password: String) -> Result {
        result(
            libssh2_userauth_password_ex(session, username, UInt32(username.utf8.count), password, UInt32(password.utf8.count), nil))
    }

    /// Answers the one question for a password.
    func logIn(_ username: String, answeringWith password: String) -> Result {
        if context.password == nil && !context.hasAnswered { context.password = Array(password.utf8) }
        let outcome = result(libssh2_userauth_keyboard_interactive_ex(session, username, UInt32(username.utf8.count), Self.answer))
        if outcome != .again { context.password = nil }
        return outcome
    }

    func logIn(_ username: String, privateKey: [UInt8], passphrase: String?) -> Result {
        privateKey.withUnsafeBytes { key in
            result(
                libssh2_userauth_publickey_frommemory(
                    session, username, username.utf8.count, nil, 0, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, passphrase))
        }
    }

    var isAuthenticated: Bool { libssh2_userauth_authenticated(session) == 1 }

    // MARK: The channel

    /// - Parameter window: bytes the far end may send before they have been read.
    func openChannel(window: UInt32) -> Result {
        let kind = "session"
        channel = libssh2_channel_open_ex(
            session, kind, UInt32(kind.utf8.count), window, UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
        return channel != nil ? .done : result(libssh2_session_last_errno(session))
    }

    func start(_ request: SSHRequest) -> Result {
        let (kind, text) =
            switch request {
            case .subsystem(let name): ("subsystem", name)
            case .command(let line): ("exec", line)
            }
        return result(libssh2_channel_process_startup(channel, kind, UInt32(kind.utf8.count), text, UInt32(text.utf8.count)))
    }

    enum Stream: Int32 {
        case output = 0
        case error = 1
    }

    /// Bytes read, 0 for the end, or one of the library's errors below 0.
    func read(_ stream: Stream = .output, into room: UnsafeMutableRawBufferPointer) -> Int {
        guard channel != nil else { return Int(LIBSSH2_ERROR_CHANNEL_UNKNOWN) }
        return libssh2_channel_read_ex(channel, stream.rawValue, room.baseAddress?.assumingMemoryBound(to: CChar.self), room.count)
    }

    /// Bytes accepted, at most some 32 KiB, or one of the library's errors below 0.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard channel != nil else { return Int(LIBSSH2_ERROR_CHANNEL_UNKNOWN) }
        return libssh2_channel_write_ex(channel, 0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }

    static func isAgain(_ count: Int) -> Bool { count == Int(LIBSSH2_ERROR_EAGAIN) }

    /// Bytes the far end is ready to take.
    var writeWindow: Int { channel == nil ? 0 : Int(clamping: libssh2_channel_window_write_ex(channel, nil)) }
    var isAtEnd: Bool { channel != nil && libssh2_channel_eof(channel) == 1 }

    func sendEnd() -> Result { result(libssh2_channel_send_eof(channel)) }
    /// `.done` once the far end has closed the channel; it has told the exit status by then. Only after its end was read.
    func waitClosed() -> Result { result(libssh2_channel_wait_closed(channel)) }
    var exitStatus: Int32 { channel == nil ? 0 : libssh2_channel_get_exit_status(channel) }

    /// "TERM" when the program at the far end was ended by a signal.
    var exitSignal: String? {
        var name: UnsafeMutablePointer<CChar>?
        var length = 0
        guard channel != nil, libssh2_channel_get_exit_signal(channel, &name, &length, nil, nil, nil, nil) == 0, let name else { return nil }
        defer { libssh2_free(session, name) }
        return String(cString: name)
    }

    /// Asks for a sign of life.
    func askForLife(intervalSeconds: Int) {
        libssh2_keepalive_config(session, 1, UInt32(clamping: intervalSeconds))
        var next: Int32 = 0
        _ = libssh2_keepalive_send(session, &next)
    }

    // MARK: Ending

    /// What the library says about its last error.
    var lastError: String {
        var text: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        _ = libssh2_session_last_error(session, &text, &length, 0)
        guard let text, length > 0 else { return "" }
        return printable(UnsafeRawBufferPointer(start: text, count: Int(length)))
    }

    /// Says goodbye as far as that needs no waiting, and gives everything back but the socket.
    func end() {
        guard let session else { return }
        _ = libssh2_session_disconnect_ex(session, 11, "", "")  // SSH_DISCONNECT_BY_APPLICATION, RFC 4253, section 11.1
        socket.flush()
        // From here on the library reads an ended connection and waits for nobody.
        context.isOver = true
        var attempts = 0
        while libssh2_session_free(session) == LIBSSH2_ERROR_EAGAIN, attempts < 16 { attempts += 1 }
        self.session = nil
        channel = nil
    }

    private func result(_ code: Int32) -> Result {
        code == LIBSSH2_ERROR_EAGAIN ? .again : code == 0 ? .done : .failed(code)
    }
}

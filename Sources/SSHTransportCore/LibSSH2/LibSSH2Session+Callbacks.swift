internal import CLibSSH2
internal import Glibc

extension LibSSH2Session {
    /// What the library's callbacks get to see; lives as long as the session.
    final class Context {
        let socket: BufferedSocket
        /// For the one question of a keyboard-interactive log-in.
        var password: [UInt8]?
        var hasAnswered = false
        /// The connection counts as ended, whatever the socket says.
        var isOver = false
        init(_ socket: BufferedSocket) { self.socket = socket }

        static func of(_ abstract: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Context? {
            abstract?.pointee.map { Unmanaged<Context>.fromOpaque($0).takeUnretainedValue() }
        }
    }

    private typealias Receive = @convention(c) (
        libssh2_socket_t, UnsafeMutableRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int
    private typealias Send = @convention(c) (
        libssh2_socket_t, UnsafeRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int

    /// The library's own socket calls are replaced; errors are errno below 0, as it expects.
    static func routeBytes(_ session: OpaquePointer) {
        let receive: Receive = { _, room, size, _, abstract in
            guard let context = Context.of(abstract), !context.isOver else { return 0 }
            let count = context.socket.take(into: UnsafeMutableRawBufferPointer(start: room, count: size))
            return count > 0 ? count : -Int(EAGAIN)
        }
        let send: Send = { _, bytes, size, _, abstract in
            guard let context = Context.of(abstract), !context.isOver else { return size }
            return context.socket.put(UnsafeRawBufferPointer(start: bytes, count: size)) ? size : -Int(ENOBUFS)
        }
        libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, unsafeBitCast(receive, to: UnsafeMutableRawPointer.self))
        libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, unsafeBitCast(send, to: UnsafeMutableRawPointer.self))
    }

    /// Answers one hidden question that names a password, once. The library frees the answer with `free`.
    static let answer:
        @convention(c) (
            UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, Int32, UnsafePointer<LIBSSH2_USERAUTH_KBDINT_PROMPT>?,
            UnsafeMutablePointer<LIBSSH2_USERAUTH_KBDINT_RESPONSE>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        ) -> Void = { _, _, _, _, count, prompts, responses, abstract in
            guard let context = Context.of(abstract), count == 1, let prompt = prompts?.pointee, let responses, let password = context.password,
                !context.hasAnswered
            else { return }
            let question = prompt.text.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: Int(prompt.length)), as: UTF8.self) } ?? ""
            guard prompt.echo == 0, question.contains("assword"), let copy = malloc(max(1, password.count)) else { return }
            password.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: copy, count: password.count).copyMemory(from: $0) }
            responses.pointee.text = copy.assumingMemoryBound(to: CChar.self)
            responses.pointee.length = UInt32(password.count)
            context.hasAnswered = true
            context.password = nil
        }
}

internal import CCurlShims
internal import ConnectorKit
internal import Glibc
internal import Synchronization

/// Runs the transfers of one session, one control connection for all of them as far as libcurl can. Everything but `cancel` comes one call at a time.
final class CurlDriver {
    private let multi: UnsafeMutableRawPointer
    private let share: UnsafeMutableRawPointer
    private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var sockets: Set<Int32> = []
    private let isCancelled = Atomic<Bool>(false)
    private var isClosed = false
    /// The call that is at work.
    private var current: (any CallContext)?

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() throws(ConnectorError) {
        guard Self.isReady, let multi = curl_multi_init(), let share = curl_share_init() else {
            throw ConnectorError(.internal, "libcurl could not be set up: install it (Debian: libcurl4), or free some memory.")
        }
        (self.multi, self.share) = (multi, share)
        _ = ch_curl_share_sessions(share)
    }

    deinit { close() }

    func start(_ transfer: CurlTransfer) throws(ConnectorError) {
        guard !isClosed else { throw ConnectorError(.internal, "The session is closed.") }
        transfer.set(CURLOPT_SHARE, share)
        // Behind the last byte libcurl waits inside of `curl_multi_perform` for the server's word. Once a second it asks whether to go on.
        _ = ch_curl_watch_progress(transfer.easy, Unmanaged.passUnretained(self).toOpaque()) { owner, _, _, _, _ in
            guard let owner else { return 0 }
            return Unmanaged<CurlDriver>.fromOpaque(owner).takeUnretainedValue().isWanted ? 0 : 1
        }
        // Sockets are closed by `close` at the latest, while this object lives.
        _ = ch_curl_watch_sockets(
            transfer.easy, Unmanaged.passUnretained(self).toOpaque(),
            { owner, _, address in
                guard let owner, let address else { return -1 }
                let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
                let made = socket(address.pointee.family, type, address.pointee.protocol)
                if made >= 0 { Unmanaged<CurlDriver>.fromOpaque(owner).takeUnretainedValue().sockets.insert(made) }
                return made
            },
            { owner, socket in
                if let owner { Unmanaged<CurlDriver>.fromOpaque(owner).takeUnretainedValue().sockets.remove(socket) }
                return Glibc.close(socket)
            })
        guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { throw ConnectorError(.internal, "libcurl refused a transfer.") }
        running[transfer.easy] = transfer
    }

    /// Takes a transfer out, wherever it is; one that had not ended takes its connection with it.
    func stop(_ transfer: CurlTransfer) {
        guard running.removeValue(forKey: transfer.easy) != nil else { return }
        curl_multi_remove_handle(multi, transfer.easy)
    }

    /// Works until the transfer has ended or `isDone`. Throws `.cancelled`, and `.timeout` after `stall` without a byte.
    func run(
        _ transfer: CurlTransfer, stall: Duration, server: String, _ call: (any CallContext)?, until isDone: () -> Bool
    ) throws(ConnectorError) {
        current = call
        defer { current = nil }
        var lastSign = ContinuousClock.now
        var before: (Int64, Int) = (transfer.moved, transfer.heard)
        var patience: Int32 = 1
        while true {
            if !isWanted { throw ConnectorError(.cancelled, "The call was cancelled.") }
            var count: Int32 = 0
            let status = curl_multi_perform(multi, &count)
            guard status == CURLM_OK else { throw ConnectorError(.internal, "libcurl failed with code \(status.rawValue).") }
            var code = CURLE_OK
            while let ended = ch_curl_ended(multi, &code) { running[ended]?.result = code }
            // Whatever a transfer that nobody wants any more ends with is the end of what was cancelled.
            if let result = transfer.result, result == CURLE_ABORTED_BY_CALLBACK || result != CURLE_OK && !isWanted {
                throw ConnectorError(.cancelled, "The call was cancelled.")
            }
            if transfer.result != nil || isDone() { return }
            let now = (transfer.moved, transfer.heard)
            if now != before { (before, lastSign) = (now, .now) }
            guard ContinuousClock.now - lastSign < stall else {
                throw ConnectorError(
                    .timeout, "\(server) sent and took nothing for \(stall.components.seconds) seconds. Try again, or raise `stall_timeout_seconds`.")
            }
            patience = wait(call, atMost: patience) ? 1 : min(2 * patience, 250)
        }
    }

    private var isWanted: Bool { !isCancelled.load(ordering: .acquiring) && current?.isCancelled != true }

    /// Whether something happened. The first waits after that are short: libcurl 7.88 leaves `curl_multi_perform` after the server's answer to EPSV
    /// with neither a socket nor a timer to wait for, and opens the data connection when it is called again.
    private func wait(_ call: (any CallContext)?, atMost milliseconds: Int32) -> Bool {
        var cancel = curl_waitfd(fd: call?.cancelFileDescriptor ?? -1, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        var events: Int32 = 0
        curl_multi_poll(multi, &cancel, cancel.fd >= 0 ? 1 : 0, milliseconds, &events)
        return events > 0
    }

    /// Any thread; stays in force.
    func cancel() {
        isCancelled.store(true, ordering: .releasing)
        curl_multi_wakeup(multi)
    }

    /// Ends the connections without waiting for the server's goodbye, which need not come.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        for transfer in running.values { curl_multi_remove_handle(multi, transfer.easy) }
        running.removeAll()
        curl_multi_cleanup(multi)
        curl_share_cleanup(share)
    }
}

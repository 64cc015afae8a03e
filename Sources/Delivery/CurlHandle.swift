import CCurlShims
import ConnectModel
import Foundation

/// One libcurl handle for one call on one thread, and the memory it reads from and writes to. The only place of this module that calls C.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    private(set) var body: [UInt8] = []
    private(set) var lines: [String] = []
    /// The addresses that the policy refused.
    private(set) var refused: [NetworkAddress] = []
    let policy: AddressPolicy
    private let limits: CallLimits
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private var forms: [OpaquePointer] = []

    /// What is kept of an answer; the rest is read and forgotten.
    private static let bodyLimit = 64 << 10
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(_ policy: AddressPolicy, _ limits: CallLimits) throws(DeliveryFailure) {
        guard Self.isReady, let easy = curl_easy_init() else {
            throw DeliveryFailure(
                ConnectError("delivery.library", .internal, "libcurl could not be set up: install it (Debian: libcurl4), or free some memory."))
        }
        (self.easy, self.policy, self.limits) = (easy, policy, limits)
        _ = ch_curl_set_delivery(easy)
        // The handle does not outlive this object, so the pointer is good whenever a callback comes.
        let this = Unmanaged.passUnretained(self).toOpaque()
        listen(this)
        guardSockets(this)
        set(CURLOPT_TIMEOUT_MS, Int(max(1, limits.milliseconds)))
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(max(1, min(limits.milliseconds, 15_000))))
    }

    deinit {
        curl_easy_cleanup(easy)
        for form in forms { curl_mime_free(form) }
        for list in lists { curl_slist_free_all(list) }
    }

    private func listen(_ this: UnsafeMutableRawPointer) {
        _ = ch_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, owner in
            guard let owner, let bytes else { return 0 }
            let handle = Unmanaged<CurlHandle>.fromOpaque(owner).takeUnretainedValue()
            let room = CurlHandle.bodyLimit - handle.body.count
            handle.body += UnsafeRawBufferPointer(start: bytes, count: min(size * count, max(0, room)))
            return size * count
        }
        set(CURLOPT_WRITEDATA, this)
        _ = ch_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, owner in
            guard let owner, let bytes else { return 0 }
            let handle = Unmanaged<CurlHandle>.fromOpaque(owner).takeUnretainedValue()
            let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: min(size * count, 2000)), as: UTF8.self)
            if handle.lines.count < 200 { handle.lines.append(line.trimmingCharacters(in: .whitespacesAndNewlines)) }
            return size * count
        }
        set(CURLOPT_HEADERDATA, this)
        _ = ch_curl_watch_progress(easy, this) { owner, _, _, _, _ in
            guard let owner else { return 0 }
            return Unmanaged<CurlHandle>.fromOpaque(owner).takeUnretainedValue().limits.stop() ? 1 : 0
        }
    }

    private func guardSockets(_ this: UnsafeMutableRawPointer) {
        _ = ch_curl_watch_sockets(
            easy, this,
            { owner, _, address in
                guard let owner, let address else { return -1 }
                let handle = Unmanaged<CurlHandle>.fromOpaque(owner).takeUnretainedValue()
                guard handle.permits(address) else { return -1 }
                return socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
            },
            { _, socket in close(socket) })
    }

    /// libcurl keeps the whole address behind the structure's last member, which is declared shorter.
    private func permits(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        guard let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return false }
        let raw = UnsafeRawPointer(address) + start
        let bytes: [UInt8]
        switch address.pointee.family {
        case AF_INET: bytes = (0..<4).map { raw.load(fromByteOffset: 4 + $0, as: UInt8.self) }
        case AF_INET6: bytes = (0..<16).map { raw.load(fromByteOffset: 8 + $0, as: UInt8.self) }
        default: return false
        }
        let found = NetworkAddress(bytes: bytes)
        if policy.permits(found) { return true }
        if !refused.contains(found) { refused.append(found) }
        return false
    }

    func set(_ option: CURLoption, _ number: Int) { _ = ch_curl_set_number(easy, option, number) }
    func set(_ option: CURLoption, _ text: String) { _ = ch_curl_set_text(easy, option, text) }
    func set(_ option: CURLoption, _ pointer: UnsafeMutableRawPointer) { _ = ch_curl_set_pointer(easy, option, pointer) }

    func set(_ option: CURLoption, _ texts: [String]) {
        guard let list = keep(texts) else { return }
        set(option, UnsafeMutableRawPointer(list))
    }

    /// libcurl copies the bytes.
    func setPost(_ bytes: [UInt8]) {
        _ = ch_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        var copy = bytes.isEmpty ? [0] : bytes
        copy.withUnsafeMutableBytes { if let start = $0.baseAddress { set(CURLOPT_COPYPOSTFIELDS, start) } }
    }

    /// A message of two forms of one text, the better last; libcurl writes the boundaries, line ends and encodings.
    func setMessage(text: String, html: String) {
        guard let whole = curl_mime_init(easy), let forms = curl_mime_init(easy) else { return }
        for (content, type) in [(text, "text/plain; charset=utf-8"), (html, "text/html; charset=utf-8")] {
            let part = curl_mime_addpart(forms)
            let bytes = Array(content.utf8CString)
            curl_mime_data(part, bytes, bytes.count - 1)
            curl_mime_type(part, type)
            curl_mime_encoder(part, "quoted-printable")
        }
        let part = curl_mime_addpart(whole)
        // The part owns `forms` from here on.
        curl_mime_subparts(part, forms)
        curl_mime_type(part, "multipart/alternative")
        // The part owns its headers too.
        if let header = curl_slist_append(nil, "Content-Disposition: inline") { curl_mime_headers(part, header, 1) }
        self.forms.append(whole)
        set(CURLOPT_MIMEPOST, UnsafeMutableRawPointer(whole))
    }

    private func keep(_ texts: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts { list = curl_slist_append(list, text) ?? list }
        if let list { lists.append(list) }
        return list
    }

    func perform() -> CURLcode { curl_easy_perform(easy) }

    var status: Int { ch_curl_number(easy, CURLINFO_RESPONSE_CODE) }
    var sentBytes: Int64 { Int64(ch_curl_size(easy, CURLINFO_SIZE_UPLOAD_T)) }
    var redirect: String? { ch_curl_text(easy, CURLINFO_REDIRECT_URL).map { String(cString: $0) } }
}

/// libcurl's failures in words, where they are the same for every protocol.
enum CurlSentences {
    static func error(_ code: CURLcode, _ handle: CurlHandle, _ peer: String) -> ConnectError {
        if !handle.refused.isEmpty { return handle.policy.refusal(of: handle.refused, peer: peer) }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            return ConnectError(
                "delivery.name", .transient, "The name of \(peer) could not be resolved.", remedy: "Check the name and the name servers.")
        case CURLE_COULDNT_CONNECT:
            return ConnectError(
                "delivery.connect", .transient, "\(peer) could not be reached.", remedy: "Check the address, the port and the firewall.")
        case CURLE_OPERATION_TIMEDOUT: return ConnectError("delivery.timeout", .transient, "\(peer) did not answer in time.")
        case CURLE_ABORTED_BY_CALLBACK: return ConnectError("delivery.stopped", .transient, "The call to \(peer) was stopped; it is made again.")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
            return ConnectError(
                "delivery.certificate", .authentication,
                "The certificate of \(peer) is not from a known authority, has run out, or is for another name.",
                remedy: "Ask who runs it; an authority of your own is named with ca_file.")
        case CURLE_SSL_CACERT_BADFILE:
            return ConnectError(
                "delivery.ca-file", .configuration, "The ca_file for \(peer) cannot be read as PEM certificates.", remedy: "Correct ca_file.")
        case CURLE_SSL_CONNECT_ERROR:
            return ConnectError(
                "delivery.tls", .transient, "TLS with \(peer) could not be begun.", remedy: "Check the port and the kind of security.")
        case CURLE_OUT_OF_MEMORY: return ConnectError("delivery.memory", .transient, "The machine is out of memory.")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return ConnectError("delivery.url", .configuration, "The address of \(peer) is not one that can be called.", remedy: "Correct it.")
        default:
            return ConnectError(
                "delivery.broken", .transient,
                "The connection to \(peer) broke: \(String(cString: curl_easy_strerror(code))) (libcurl code \(code.rawValue)).")
        }
    }
}

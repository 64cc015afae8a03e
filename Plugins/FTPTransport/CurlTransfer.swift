internal import CCurlShims
internal import ConnectorKit

/// One libcurl transfer and the memory it reads from and writes to. Used by one call at a time; with `CurlDriver` the only place that calls C.
final class CurlTransfer {
    let easy: UnsafeMutableRawPointer
    /// Set once it has ended.
    var result: CURLcode?
    private(set) var replies: [FTPReply] = []
    /// Called for each line of the server's answers.
    var onReply: ((FTPReply) -> Void)?
    private(set) var filled = 0
    /// Bytes of content that have come, whether or not they have been read.
    private(set) var received: Int64 = 0
    /// The upload wants bytes: what was given has been taken.
    private(set) var wantsBytes = false
    private var target: UnsafeMutableRawBufferPointer?
    private var source: UnsafeRawBufferPointer?
    private var isSourceEnded = false
    private var carried: [UInt8] = []
    private var carriedStart = 0
    private static let carriedLimit = 2 << 20
    private var isPaused = false
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    init() throws(ConnectorError) {
        guard let easy = curl_easy_init() else { throw ConnectorError(.internal, "libcurl gave no handle; the machine may be out of memory.") }
        self.easy = easy
        _ = ch_curl_set_fixed(easy, "ftp,ftps", Int(CURLPROTO_FTP | CURLPROTO_FTPS))
        let this = Unmanaged.passUnretained(self).toOpaque()
        // The handle does not outlive this object, so the pointer is good whenever a callback comes.
        _ = ch_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, owner in
            guard let owner, let bytes else { return 0 }
            return Unmanaged<CurlTransfer>.fromOpaque(owner).takeUnretainedValue().take(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        set(CURLOPT_WRITEDATA, this)
        _ = ch_curl_set_data_callback(easy, CURLOPT_READFUNCTION) { room, size, count, owner in
            guard let owner, let room else { return 0 }
            return Unmanaged<CurlTransfer>.fromOpaque(owner).takeUnretainedValue().give(
                UnsafeMutableRawBufferPointer(start: room, count: size * count))
        }
        set(CURLOPT_READDATA, this)
        _ = ch_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, owner in
            guard let owner, let bytes else { return 0 }
            Unmanaged<CurlTransfer>.fromOpaque(owner).takeUnretainedValue().hear(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        set(CURLOPT_HEADERDATA, this)
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
    }

    // MARK: - Options

    func set(_ option: CURLoption, _ number: Int) { _ = ch_curl_set_number(easy, option, number) }
    func set(_ option: CURLoption, _ text: String) { _ = ch_curl_set_text(easy, option, text) }
    func set(_ option: CURLoption, _ pointer: UnsafeMutableRawPointer) { _ = ch_curl_set_pointer(easy, option, pointer) }

    func setOffset(_ offset: Int64) { _ = ch_curl_set_size(easy, CURLOPT_RESUME_FROM_LARGE, curl_off_t(offset)) }

    /// Commands that are sent before the transfer, one after the other until one fails.
    func setCommands(_ commands: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for command in commands { list = curl_slist_append(list, command) ?? list }
        guard let list else { return }
        lists.append(list)
        set(CURLOPT_QUOTE, UnsafeMutableRawPointer(list))
    }

    // MARK: - What came of it

    var entryPath: String? { ch_curl_text(easy, CURLINFO_FTP_ENTRY_PATH).map { String(cString: $0) } }
    /// Bytes of content that have crossed the network in either direction.
    var moved: Int64 { received + Int64(ch_curl_size(easy, CURLINFO_SIZE_UPLOAD_T)) }
    /// The server's own certificate as PEM text; only with CURLOPT_CERTINFO.
    var certificate: String? {
        guard let info = ch_curl_certificates(easy), info.pointee.num_of_certs > 0, var line = info.pointee.certinfo?[0] else { return nil }
        while true {
            let text = String(cString: line.pointee.data)
            if text.hasPrefix("Cert:") { return String(text.dropFirst(5)) }
            guard let next = line.pointee.next else { return nil }
            line = next
        }
    }

    // MARK: - Content

    /// Bytes that came when there was no room for them.
    func takeCarried(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, carried.count - carriedStart)
        guard count > 0 else { return 0 }
        carried[carriedStart..<carriedStart + count].withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer($0)) }
        carriedStart += count
        if carriedStart == carried.count {
            carried.removeAll(keepingCapacity: true)
            carriedStart = 0
        }
        return count
    }

    /// Lets content flow into `buffer` while `body` runs.
    func receiving(into buffer: UnsafeMutableRawBufferPointer, _ body: () throws(ConnectorError) -> Void) throws(ConnectorError) {
        target = buffer
        filled = 0
        defer { target = nil }
        goOn()
        try body()
    }

    /// Lets content flow out of `buffer` while `body` runs; nil for the end of the content. Returns how many bytes were taken.
    func sending(_ buffer: UnsafeRawBufferPointer?, _ body: () throws(ConnectorError) -> Void) throws(ConnectorError) -> Int {
        source = buffer
        isSourceEnded = buffer == nil
        wantsBytes = false
        defer { source = nil }
        goOn()
        try body()
        return (buffer?.count ?? 0) - (source?.count ?? 0)
    }

    private func goOn() {
        guard isPaused else { return }
        isPaused = false
        curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        // libcurl hands over all that has arrived, whatever the reader's pace; past this much it waits, and so does the server.
        guard let target, carried.count < Self.carriedLimit else {
            isPaused = true
            return ch_curl_pause_writing()
        }
        let direct = min(target.count - filled, bytes.count)
        if direct > 0 {
            UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<direct]))
            filled += direct
        }
        if direct < bytes.count { carried.append(contentsOf: bytes[direct...]) }
        received += Int64(bytes.count)
        return bytes.count
    }

    private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
        if isSourceEnded { return 0 }
        guard let bytes = source, !bytes.isEmpty else {
            wantsBytes = true
            isPaused = true
            return ch_curl_pause_reading()
        }
        let count = min(room.count, bytes.count)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        source = UnsafeRawBufferPointer(rebasing: bytes[count...])
        if count == bytes.count { wantsBytes = true }
        return count
    }

    private func hear(_ line: UnsafeRawBufferPointer) {
        let reply = FTPReply(line)
        // A server that talks without end gets no more of our memory.
        if replies.count < 1000 { replies.append(reply) }
        lastReply = reply.code == nil || reply.isBeginning ? lastReply : reply
        heard += 1
        onReply?(reply)
    }

    /// The last line of the server's last answer.
    private(set) var lastReply: FTPReply?
    /// How many lines the server has sent.
    private(set) var heard = 0
}

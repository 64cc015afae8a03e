public import ConnectorKit

/// A file that is being written: the caller's bytes go to the channel without a copy, many WRITEs wait for their replies at once.
public final class SFTPWriteFile: SFTPReplyReceiver, WritableFile {
    private let client: SFTPClient
    private let handle: [UInt8]
    private let path: [UInt8]
    private let name: String
    /// Where this writer began; what was there before belongs to an earlier one.
    private let start: UInt64
    private var offset: UInt64
    private var waiting = Set<Int>()
    private var refusal: SFTPStatus?
    private var isEnded = false

    init(_ client: SFTPClient, handle: [UInt8], path: [UInt8], name: String, offset: UInt64) {
        self.client = client
        self.handle = handle
        self.path = path
        self.name = name
        self.start = offset
        self.offset = offset
        waiting.reserveCapacity(client.options.requestsInFlight)
    }

    override func received(_ reply: SFTPReply, slot: Int) {
        waiting.remove(slot)
        if case .status(let status) = reply, status.code != .ok, refusal == nil { refusal = status }
    }

    /// Takes all of `buffer`.
    public func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        let limits = client.limits(call)
        var taken = 0
        while taken < buffer.count {
            while waiting.count >= client.options.requestsInFlight { try client.exchange(limits) }
            try checkRefusal(limits)
            let count = min(buffer.count - taken, client.writeLength)
            try write(UnsafeRawBufferPointer(rebasing: buffer[taken..<taken + count]), limits)
            taken += count
        }
        return taken
    }

    /// One WRITE. When it cannot be sent whole, its rest is kept, so that requests after it still make sense.
    private func write(_ contents: UnsafeRawBufferPointer, _ limits: WaitLimits) throws(ConnectorError) {
        let (handle, offset) = (handle, offset)
        let slot = try client.send(self, { $0.writeHead(handle, offset: offset, count: contents.count) }, limits)
        waiting.insert(slot)
        self.offset += UInt64(contents.count)
        var sent = 0
        do throws(ConnectorError) {
            while sent < contents.count {
                sent += try client.exchange(limits, contents: UnsafeRawBufferPointer(rebasing: contents[sent...]))
            }
        } catch {
            client.codec.keep(UnsafeRawBufferPointer(rebasing: contents[sent...]))
            throw error
        }
    }

    private func checkRefusal(_ limits: WaitLimits) throws(ConnectorError) {
        guard let refusal else { return }
        if refusal.code == .failure, client.isFull(path, limits) {
            throw ConnectorError(.noSpace, "\(name) could not be written: the disk of \(client.options.serverName) is full. Free space there.")
        }
        throw client.error(refusal, "be written", name)
    }

    /// Waits for every reply, sets the time, has the server put the file on its disk where it can (`fsync@openssh.com`), closes it.
    public func commit(modifiedUnixNanoseconds: Int64?, _ call: any CallContext) throws(ConnectorError) {
        let limits = client.limits(call)
        isEnded = true
        while !waiting.isEmpty { try client.exchange(limits) }
        try checkRefusal(limits)
        let handle = handle
        if let modifiedUnixNanoseconds {
            let seconds = UInt32(clamping: modifiedUnixNanoseconds / 1_000_000_000)
            let times = SFTPAttributes(accessed: seconds, modified: seconds)
            let answer = try client.ask({ $0.setAttributes(handle, times) }, limits)
            if answer != .status(.ok) { call.log(.warning, "The server did not take the modification time.", ["file": name]) }
        }
        if client.has(SFTPExtension.fsync) { try client.expectOK(client.ask({ $0.fsync(handle) }, limits), "be put on the disk", name) }
        try client.expectOK(client.ask({ $0.close(handle) }, limits), "be completed", name)
    }

    /// Gives up within two seconds. A file that this writer began is removed; one that it went on with is cut back to where it began.
    public func abort() {
        guard !isEnded else { return }
        isEnded = true
        for slot in waiting { client.forget(slot: slot, of: self) }
        let limits = WaitLimits(stallMilliseconds: 1500, deadlineMilliseconds: MonotonicClock.milliseconds() + 1500, call: nil)
        let (handle, path, start) = (handle, path, start)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        if start > 0 { _ = try? client.ask({ $0.setAttributes(handle, SFTPAttributes(size: Int64(start))) }, limits) }
        _ = try? client.ask({ $0.close(handle) }, limits)
        if start == 0 { _ = try? client.ask({ $0.remove(path) }, limits) }
    }
}

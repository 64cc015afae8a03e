public import ConnectorKit

/// A file that comes by `scp -f`: its bytes go from the channel into the caller's buffer without a copy.
public final class SCPReadFile: ReadableFile {
    private let scp: SCPChannel
    private var receiver: SCPReceiver
    private var control = [UInt8](repeating: 0, count: 512)
    private var controlRange = 0..<0
    private var isComplete = false
    public private(set) var header = SCPFileHeader(mode: 0, size: 0, modified: nil)

    /// Asks for the file and waits for its header. - Parameter path: as the server gets it.
    public init(
        _ connection: SSHSharedConnection, path: [UInt8], name: String, stallMilliseconds: Int64, _ call: any CallContext
    ) throws(ConnectorError) {
        let word = try ShellWord(path: path)
        receiver = SCPReceiver(name: ShellWord.lastComponent(path))
        scp = try SCPChannel(
            connection, command: "scp -f -p -- " + word.text(), name: name, stallMilliseconds: stallMilliseconds, call)
        let limits = scp.limits(call)
        try scp.send([0], limits)
        while true {
            switch try nextEvent(limits) {
            case .answer: try scp.send([0], limits)
            case .file(let header):
                self.header = header
                try scp.send([0], limits)
                return
            case .refused(let text): throw scp.refused(text, "be read")
            case .finished: throw scp.broken(SCPViolation("the end came before the file."))
            }
        }
    }

    /// Fills `buffer` as far as bytes are there; 0 only once the server has said that all of them are good.
    public func read(into buffer: UnsafeMutableRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        guard !isComplete, !buffer.isEmpty else { return 0 }
        if call.isCancelled || scp.channel.isCancelled { throw ConnectorError(.cancelled, "The transfer was cancelled.") }
        let limits = scp.limits(call)
        var filled = takeEarly(buffer)
        while filled < buffer.count, receiver.payloadRemaining > 0 {
            let end = filled + min(buffer.count - filled, Int(clamping: receiver.payloadRemaining))
            switch scp.channel.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end]), then: .empty) {
            case .bytes(let count):
                receiver.payloadTaken(count)
                filled += count
            case .wouldBlock:
                if filled > 0 { return filled }
                try scp.channel.wait(for: .reading, limits)
            case .ended:
                // The bytes that are here are good; the reason comes with the next call.
                if filled > 0 { return filled }
                throw scp.ended()
            }
        }
        if filled == 0 { try finish(limits) }
        return filled
    }

    /// Payload that came before it was asked for.
    private func takeEarly(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(controlRange.count, buffer.count, Int(clamping: receiver.payloadRemaining))
        guard count > 0 else { return 0 }
        buffer.copyBytes(from: control[controlRange.prefix(count)])
        controlRange.removeFirst(count)
        receiver.payloadTaken(count)
        return count
    }

    private func finish(_ limits: WaitLimits) throws(ConnectorError) {
        switch try nextEvent(limits) {
        case .finished:
            try scp.send([0], limits)
            scp.channel.finishWriting()
            isComplete = true
        case .refused(let text):
            throw ConnectorError(
                .transient,
                "\(scp.name) on \(scp.serverName) could not be read to its end: the server says \"\(text)\". It can be tried again.")
        case .answer, .file: throw scp.broken(SCPViolation("a second file came."))
        }
    }

    private func nextEvent(_ limits: WaitLimits) throws(ConnectorError) -> SCPReceiver.Event {
        while true {
            if !controlRange.isEmpty {
                do {
                    let (taken, event) = try receiver.receive(control[controlRange])
                    controlRange.removeFirst(taken)
                    if let event { return event }
                } catch { throw scp.broken(error) }
            }
            switch control.withUnsafeMutableBytes({ scp.channel.read(into: $0, then: .empty) }) {
            case .bytes(let count):
                scp.begin()
                controlRange = 0..<count
            case .wouldBlock: try scp.channel.wait(for: .reading, limits)
            case .ended: throw scp.ended()
            }
        }
    }

    public func close() { scp.close() }
}

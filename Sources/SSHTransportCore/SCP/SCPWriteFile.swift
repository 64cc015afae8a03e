public import ConnectorKit

/// A file that goes by `scp -t`: the caller's bytes go to the channel without a copy. SCP wants the size first, so exactly that many are taken.
public final class SCPWriteFile {
    private let scp: SCPChannel
    private var sender: SCPSender
    private let size: Int64
    private var control = [UInt8](repeating: 0, count: 512)

    /// Starts the far end's scp and announces the file.
    /// - Parameters:
    ///   - path: as the server gets it.
    ///   - modified: seconds since 1970 UTC; the far end sets the time, and the mode whatever its umask, where one is given.
    public init(
        _ connection: SSHSharedConnection, path: [UInt8], name: String, size: Int64, modified: Int64?, stallMilliseconds: Int64,
        _ call: any CallContext
    ) throws(ConnectorError) {
        let word = try ShellWord(path: path)
        guard let sender = SCPSender(name: ShellWord.lastComponent(path), mode: 0o644, size: size, modified: modified) else {
            throw ConnectorError(.configuration, "\(name) is not a name that SCP can send.")
        }
        self.sender = sender
        self.size = size
        let command = (modified == nil ? "scp -t -- " : "scp -t -p -- ") + word.text()
        scp = try SCPChannel(connection, command: command, name: name, stallMilliseconds: stallMilliseconds, call)
        let limits = scp.limits(call)
        guard try answer(limits) == .ready else { throw scp.broken(SCPViolation("the end came before the file.")) }
    }

    /// Takes all of `buffer`. Throws `.data` when that is more than was announced.
    public func write(_ buffer: UnsafeRawBufferPointer, _ call: any CallContext) throws(ConnectorError) -> Int {
        guard Int64(buffer.count) <= sender.payloadRemaining else {
            throw ConnectorError(
                .data, "\(scp.name) has more than the \(size) bytes that were announced to \(scp.serverName). It changed on the way.")
        }
        if call.isCancelled || scp.channel.isCancelled { throw ConnectorError(.cancelled, "The transfer was cancelled.") }
        let limits = scp.limits(call)
        var taken = 0
        while taken < buffer.count {
            switch scp.channel.write(UnsafeRawBufferPointer(rebasing: buffer[taken...]), then: .empty) {
            case .bytes(let count):
                sender.payloadSent(count)
                taken += count
            case .wouldBlock:
                try scp.channel.wait(for: [.reading, .writing], limits)
                try takeRefusal()
            case .ended:
                _ = try answer(limits)
                throw scp.ended()
            }
        }
        return taken
    }

    /// Waits for the server's word that the file is complete. Throws `.data` when bytes are missing.
    public func finish(_ call: any CallContext) throws(ConnectorError) {
        let limits = scp.limits(call)
        guard sender.finish() else {
            throw ConnectorError(
                .data,
                "\(scp.name) has \(sender.payloadRemaining) bytes less than the \(size) that were announced to \(scp.serverName). Start it again.")
        }
        guard try answer(limits) == .finished else { throw scp.broken(SCPViolation("an answer came out of turn.")) }
        scp.channel.finishWriting()
        scp.close()
    }

    /// Ends the far end's scp; what it has written so far stays there.
    public func close() { scp.close() }

    /// Sends what waits, and reads until the server has said something.
    private func answer(_ limits: WaitLimits) throws(ConnectorError) -> SCPSender.Event {
        while true {
            if let event = try exchange(limits, waiting: true) { return event }
        }
    }

    private func takeRefusal() throws(ConnectorError) {
        guard try exchange(scp.limits(nil), waiting: false) == nil else {
            throw scp.broken(SCPViolation("an answer came out of turn."))
        }
    }

    private func exchange(_ limits: WaitLimits, waiting: Bool) throws(ConnectorError) -> SCPSender.Event? {
        if !sender.outgoing.isEmpty {
            try scp.send(sender.outgoing, limits)
            sender.sent(sender.outgoing.count)
        }
        switch control.withUnsafeMutableBytes({ scp.channel.read(into: $0, then: .empty) }) {
        case .bytes(let count):
            scp.begin()
            return try understand(count)
        case .wouldBlock:
            if waiting { try scp.channel.wait(for: .reading, limits) }
            return nil
        case .ended:
            throw scp.ended()
        }
    }

    private func understand(_ count: Int) throws(ConnectorError) -> SCPSender.Event? {
        var start = 0
        var last: SCPSender.Event?
        while start < count {
            do {
                let (taken, event) = try sender.receive(control[start..<count])
                start += taken
                if case .refused(let text)? = event { throw scp.refused(text, "be written") }
                if let event { last = event }
            } catch let violation as SCPViolation {
                throw scp.broken(violation)
            } catch {
                throw error as? ConnectorError ?? ConnectorError(.internal, "\(error)")
            }
        }
        return last
    }
}

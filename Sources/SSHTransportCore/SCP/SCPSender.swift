/// The side of an upload of one file. A state machine without I/O: what it wants sent is in `outgoing`.
public struct SCPSender {
    public enum Event: Sendable, Equatable {
        /// `payloadRemaining` bytes of the file are to be sent, told by `payloadSent`.
        case ready
        /// The server has the whole file and says that it is good.
        case finished
        /// The server gives up, in its own words.
        case refused(String)
    }

    private enum Stage { case greeting, times, header, payload, status, over }

    private var stage = Stage.greeting
    private var reader = SCPRecordReader()
    private let headerLine: [UInt8]
    private let timesLine: [UInt8]?
    public private(set) var payloadRemaining: Int64
    /// Control bytes to send before anything else; emptied by `sent`.
    public private(set) var outgoing: [UInt8] = []

    /// nil when `name` is not one plain name or `size` is negative.
    /// - Parameter modified: seconds since 1970 UTC, for a server that was started with `-p`.
    public init?(name: [UInt8], mode: UInt32, size: Int64, modified: Int64?) {
        guard SCPRecord.isPlainName(name), size >= 0 else { return nil }
        let octal = String(mode & 0o777, radix: 8)
        headerLine = Array("C".utf8) + Array(String(repeating: "0", count: 4 - octal.count).utf8) + Array("\(octal) \(size) ".utf8) + name + [0x0A]
        timesLine = modified.map { Array("T\(max(0, $0)) 0 \(max(0, $0)) 0\n".utf8) }
        payloadRemaining = size
    }

    public mutating func sent(_ count: Int) { outgoing.removeFirst(min(count, outgoing.count)) }

    public mutating func payloadSent(_ count: Int) {
        payloadRemaining -= Int64(min(max(count, 0), Int(clamping: payloadRemaining)))
    }

    /// All bytes of the file have gone: asks the server for its verdict. False while some are missing.
    public mutating func finish() -> Bool {
        guard stage == .payload, payloadRemaining == 0 else { return false }
        stage = .status
        outgoing.append(0)
        return true
    }

    /// - Returns: how many bytes were used up.
    public mutating func receive(_ bytes: some Sequence<UInt8>) throws(SCPViolation) -> (taken: Int, event: Event?) {
        let (taken, record) = try reader.receive(bytes)
        guard let record else { return (taken, nil) }
        switch record {
        case .acknowledged: return (taken, try acknowledged())
        case .warning(let text), .error(let text):
            stage = .over
            return (taken, .refused(text))
        default: throw SCPViolation("a message came out of turn.")
        }
    }

    private mutating func acknowledged() throws(SCPViolation) -> Event? {
        switch stage {
        case .greeting:
            outgoing += timesLine ?? headerLine
            stage = timesLine == nil ? .header : .times
            return nil
        case .times:
            outgoing += headerLine
            stage = .header
            return nil
        case .header:
            stage = .payload
            return .ready
        case .status:
            stage = .over
            return .finished
        case .payload, .over: throw SCPViolation("an answer came before it was asked for.")
        }
    }

    public var unfinished: String { reader.unfinished }
}

/// What a server said of the file it sends.
public struct SCPFileHeader: Sendable, Equatable {
    /// Permission bits.
    public var mode: UInt32
    /// Bytes that follow.
    public var size: Int64
    /// Seconds since 1970 UTC; nil when the server did not say.
    public var modified: Int64?
}

/// The side of a download: accepts exactly one file, of the name that was asked for. A state machine without I/O.
///
/// Send one zero byte to begin, and one after each event that says so. Refused as attacks or defects (CVE-2019-6111 and its kin):
/// another name, a directory, a second file, sizes beyond 63 bits, endless lines.
public struct SCPReceiver {
    public enum Event: Sendable, Equatable {
        /// Answer with a zero byte and go on.
        case answer
        /// Answer with a zero byte; `payloadRemaining` bytes follow, to be told by `payloadTaken`, then more records.
        case file(SCPFileHeader)
        /// The file is complete and good; answer with a zero byte.
        case finished
        /// The server gives up, in its own words.
        case refused(String)
    }

    private enum Stage { case header, payload, status, over }

    private let name: [UInt8]
    private var stage = Stage.header
    private var reader = SCPRecordReader()
    private var modified: Int64?
    public private(set) var payloadRemaining: Int64 = 0

    /// - Parameter name: the last component of the path that is asked for.
    public init(name: [UInt8]) { self.name = name }

    /// Takes bytes that are no payload.
    /// - Returns: how many of them were used up; the rest belongs to what the event says.
    public mutating func receive(_ bytes: some Sequence<UInt8>) throws(SCPViolation) -> (taken: Int, event: Event?) {
        guard stage != .payload else { return (0, nil) }
        if stage == .status, reader.isEmpty, let first = bytes.first(where: { _ in true }), first > 2 {
            throw SCPViolation("more came than the size that was announced.")
        }
        let (taken, record) = try reader.receive(bytes)
        guard let record else { return (taken, nil) }
        return (taken, try handle(record))
    }

    public mutating func payloadTaken(_ count: Int) {
        payloadRemaining -= Int64(min(max(count, 0), Int(clamping: payloadRemaining)))
        if payloadRemaining == 0, stage == .payload { stage = .status }
    }

    private mutating func handle(_ record: SCPRecord) throws(SCPViolation) -> Event {
        switch (stage, record) {
        case (.header, .warning(let text)), (.header, .error(let text)), (.status, .warning(let text)), (.status, .error(let text)):
            stage = .over
            return .refused(text)
        case (.header, .times(let modified, _)):
            guard self.modified == nil else { throw SCPViolation("the times came twice.") }
            self.modified = modified
            return .answer
        case (.header, .file(let mode, let size, let name)):
            guard name == self.name else {
                throw SCPViolation("the file \"\(printable(name))\" came where \"\(printable(self.name))\" was asked for.")
            }
            payloadRemaining = size
            stage = size == 0 ? .status : .payload
            return .file(SCPFileHeader(mode: mode, size: size, modified: modified))
        case (.status, .acknowledged):
            stage = .over
            return .finished
        case (_, .directory), (_, .endOfDirectory): throw SCPViolation("a directory came where a file was asked for.")
        case (.over, _): throw SCPViolation("more came after the file.")
        default: throw SCPViolation("a message came out of turn.")
        }
    }

    /// What has come of an unfinished message, for an error.
    public var unfinished: String { reader.unfinished }
}

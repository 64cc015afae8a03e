/// A message that no correct SCP server sends; the channel cannot be used after it.
public struct SCPViolation: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}

/// One control message of the protocol behind `scp -f` and `scp -t` (that of BSD's rcp). A value without I/O.
public enum SCPRecord: Sendable, Equatable {
    case acknowledged
    /// Bytes 1 and 2: the far end's own words, cleaned of control characters.
    case warning(String)
    case error(String)
    /// `C`: permission bits, bytes, one name.
    case file(mode: UInt32, size: Int64, name: [UInt8])
    /// `D`: a directory follows; only its existence matters here, because none is ever asked for.
    case directory
    /// `E`.
    case endOfDirectory
    /// `T`: seconds since 1970 UTC.
    case times(modified: Int64, accessed: Int64)

    /// Longer lines are refused; a name has 255 bytes at most on any file system, a path 4096.
    static let longestLine = 8192

    /// The record that `line` is, without its line end.
    static func parse(_ line: [UInt8]) throws(SCPViolation) -> SCPRecord {
        guard let first = line.first else { throw SCPViolation("an empty line came.") }
        let rest = line.dropFirst()
        switch first {
        case 1: return .warning(printableComplaint(rest))
        case 2: return .error(printableComplaint(rest))
        case UInt8(ascii: "C"): return try file(rest)
        case UInt8(ascii: "D"): return .directory
        case UInt8(ascii: "E"): return .endOfDirectory
        case UInt8(ascii: "T"): return try times(rest)
        default: throw SCPViolation("\"\(printable(line))\" came where SCP was expected.")
        }
    }

    private static func file(_ bytes: ArraySlice<UInt8>) throws(SCPViolation) -> SCPRecord {
        let fields = bytes.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3, fields[0].count == 4, let mode = number(fields[0], base: 8), let size = number(fields[1], base: 10) else {
            throw SCPViolation("\"C\(printable(bytes))\" announces no file.")
        }
        let name = Array(fields[2])
        guard isPlainName(name) else { throw SCPViolation("\"\(printable(name))\" was announced as a file name.") }
        return .file(mode: UInt32(mode), size: size, name: name)
    }

    private static func times(_ bytes: ArraySlice<UInt8>) throws(SCPViolation) -> SCPRecord {
        let fields = bytes.split(separator: 0x20, omittingEmptySubsequences: false)
        guard fields.count == 4, let modified = number(fields[0], base: 10), let accessed = number(fields[2], base: 10),
            number(fields[1], base: 10) != nil, number(fields[3], base: 10) != nil
        else { throw SCPViolation("\"T\(printable(bytes))\" announces no times.") }
        return .times(modified: modified, accessed: accessed)
    }

    /// Digits only, within 63 bits.
    private static func number(_ digits: ArraySlice<UInt8>, base: Int64) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), Int64(digit) - 48 < base else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, more) = product.addingReportingOverflow(Int64(digit) - 48)
            if overflow || more { return nil }
            value = sum
        }
        return value
    }

    /// One component that means no other place and cannot break a line.
    static func isPlainName(_ name: [UInt8]) -> Bool {
        !name.isEmpty && name != [0x2E] && name != [0x2E, 0x2E] && !name.contains { $0 == 0x2F || $0 == 0 || $0 == 0x0A || $0 == 0x0D }
    }
}

/// Cuts what arrives into records, a byte at a time at most one line ahead.
struct SCPRecordReader {
    private var line: [UInt8] = []

    /// - Returns: how many bytes were used up, and the record they complete, if they do.
    mutating func receive(_ bytes: some Sequence<UInt8>) throws(SCPViolation) -> (taken: Int, record: SCPRecord?) {
        var taken = 0
        for byte in bytes {
            taken += 1
            if line.isEmpty {
                if byte == 0 { return (taken, .acknowledged) }
                guard byte == 1 || byte == 2 || (0x20...0x7E).contains(byte) else {
                    throw SCPViolation("the byte \(byte) came where a message begins.")
                }
                line.append(byte)
            } else if byte == 0x0A {
                defer { line.removeAll(keepingCapacity: true) }
                return (taken, try SCPRecord.parse(line))
            } else {
                guard line.count < SCPRecord.longestLine else {
                    throw SCPViolation("a line of more than \(SCPRecord.longestLine) bytes came: \"\(printable(line))\".")
                }
                line.append(byte)
            }
        }
        return (taken, nil)
    }

    /// Whether the next byte begins a message.
    var isEmpty: Bool { line.isEmpty }

    /// What has come of an unfinished line, for a message.
    var unfinished: String { printable(line) }
}

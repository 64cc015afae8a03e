public import ConnectModel

/// Writes the rejects file of a run and counts by reason (IMP-15). One thread at a time.
///
/// The file is CSV in UTF-8 with LF line ends and the columns `line,reason,field,message,raw`, every text enclosed in double quotes. It is
/// bounded: beyond `maximumBytes` records are counted but no longer written. It appears under its name when `finish` returns.
///
/// So that no spreadsheet takes a cell for a formula, a cell that begins with `=`, `+`, `-`, `@`, tab or CR gets an apostrophe in front.
/// So does one that begins with an apostrophe: drop the first apostrophe of `raw`, if it begins with one, and the record is as it
/// stood in the file. Bytes that could not be decoded and NUL appear as U+FFFD. Raw text over
/// `MalformedRecord.rawLimit` bytes is cut, and the message says so.
public final class RejectsWriter {
    /// Every record refused, written or not.
    public private(set) var counts: [RejectReason: Int64] = [:]
    /// Those that a connector refused, by its own codes.
    public private(set) var connectorCounts: [String: Int64] = [:]
    public var total: Int64 { counts.values.reduce(0, +) + connectorCounts.values.reduce(0, +) }
    /// Records counted but not written because the file was full.
    public private(set) var omitted: Int64 = 0

    private let file: DurableFile
    private let maximumBytes: Int
    private var writtenBytes = 0
    private var line: [UInt8] = []

    /// `path` is the finished file's; until then there is `path` with `.partial` behind it. Throws `file.write`.
    public init(path: String, maximumBytes: Int = 256 << 20) throws {
        file = try DurableFile(path: path)
        self.maximumBytes = maximumBytes
        try put(Array("line,reason,field,message,raw\n".utf8))
    }

    public func write(_ rejects: [RecordReject]) throws {
        for reject in rejects { try write(reject) }
    }

    public func write(_ reject: RecordReject) throws {
        counts[reject.reason, default: 0] += 1
        let cut = reject.raw.count >= MalformedRecord.rawLimit ? " The raw text is cut at \(MalformedRecord.rawLimit) bytes." : ""
        try write(
            reject.line, reject.reason.rawValue, reject.field ?? "", reject.reason.sentence + Self.place(in: reject) + cut,
            String(decoding: reject.raw, as: UTF8.self))
    }

    /// Where in the record the first byte stands that should not be there, counted in characters of its raw text.
    private static func place(in reject: RecordReject) -> String {
        let offset =
            switch reject.reason {
            case .undecodable: reject.raw.withUnsafeBytes { bytes in bytes.baseAddress.map { UTF8Validation.validPrefix($0, count: bytes.count) } }
            case .nulByte: reject.raw.firstIndex(of: 0)
            default: nil as Int?
            }
        guard let offset, offset < reject.raw.count else { return "" }
        return " The first is character \(String(decoding: reject.raw[..<offset], as: UTF8.self).unicodeScalars.count + 1)."
    }

    /// A record that a connector refused.
    public func write(line number: Int64, code: String, message: String, raw: String) throws {
        connectorCounts[code, default: 0] += 1
        try write(number, code, "", message, raw)
    }

    private func write(_ number: Int64, _ reason: String, _ field: String, _ message: String, _ raw: String) throws {
        line.removeAll(keepingCapacity: true)
        line += String(number).utf8
        for cell in [reason, field, message, raw] { appendCell(cell.utf8) }
        line.append(0x0A)
        guard omitted == 0, writtenBytes + line.count <= maximumBytes else {
            omitted += 1
            return
        }
        try put(line)
    }

    /// Completes the file; nothing may be written after. If records were omitted the last line says how many.
    public func finish() throws {
        if omitted > 0 { try put(Array(",,,\"\(omitted) further rejected records are not listed here.\",\n".utf8)) }
        try file.commit()
    }

    private func put(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        writtenBytes += bytes.count
    }

    private func appendCell(_ text: some Collection<UInt8>) {
        line.append(0x2C)
        line.append(0x22)
        if let first = text.first, [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D, 0x27].contains(first) { line.append(0x27) }
        for byte in text {
            if byte == 0 {
                line += [0xEF, 0xBF, 0xBD]
                continue
            }
            if byte == 0x22 { line.append(0x22) }
            line.append(byte)
        }
        line.append(0x22)
    }
}

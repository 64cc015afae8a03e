public import ConnectModel
import GnuPG
import RecordEngine

/// Looks at the beginning of a file on a server and says what it seems to be, for whoever has no job for it yet (IMP-18). Reads no more of it
/// than that, and writes nothing.
public struct FileInspector {
    private let environment: RunEnvironment
    private let server: String
    /// What detection looks at, at most.
    private static let sampleBytes = 256 << 10
    private static let limit = ExpansionLimit(ratio: 200, bytes: 50 << 30)

    public init(_ environment: RunEnvironment, server: String) {
        self.environment = environment
        self.server = server
    }

    /// - Parameters:
    ///   - path: below the server's directory.
    ///   - member: of an archive with several files.
    ///   - rows: how many records to show.
    ///
    /// Throws what reading the file throws, `file.binary` where it is no text, and `file.empty` where nothing is in it.
    public func inspect(_ path: String, member: String?, rows: Int) throws -> FileInspection {
        let transport = try environment.transport(to: server)
        defer { transport.close() }
        let entry = try transport.stat(path)
        guard entry.kind != .directory else {
            throw ConnectError(
                "file.not-a-file", .configuration, "\"\(path)\" on server \"\(server)\" is a directory.",
                remedy: "`connecthost files list \(server) \(path)` shows what is in it.")
        }
        let encryption = Encryption(fileName: path)
        var wrapping = ContentStages.Wrapping(
            encryption: encryption, compression: Compression(fileName: encryption.innerName(of: path)), member: member, signature: .ignored,
            limit: Self.limit)
        var sample = try sample(of: path, wrapping, transport)
        // The name may say less than the file does.
        if wrapping.compression == .none, let found = Self.compression(of: sample.bytes) {
            wrapping.compression = found
            sample = try self.sample(of: path, wrapping, transport)
        }
        var inspection = FileInspection(
            file: SourceFile(server: server, path: path, size: entry.size ?? -1, modifiedUnixNanoseconds: entry.modifiedUnixNanoseconds),
            encryption: wrapping.encryption.rawValue, compression: wrapping.compression.rawValue, member: member)
        try Self.describe(sample.bytes, isWhole: sample.isWhole, rows: rows, &inspection)
        ProposedImport(inspection).write(to: &inspection)
        return inspection
    }

    private func sample(of path: String, _ wrapping: ContentStages.Wrapping, _ transport: any Transport) throws -> (bytes: [UInt8], isWhole: Bool) {
        let stages = try ContentStages(path, wrapping, transport, environment)
        defer { stages.stop() }
        let source = stages.content.source
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < Self.sampleBytes {
            try environment.cancellation.check()
            let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return (bytes, true) }
            bytes += piece[..<count]
        }
        return (bytes, false)
    }

    private static func compression(of bytes: [UInt8]) -> Compression? {
        bytes.starts(with: [0x1F, 0x8B]) ? .gzip : bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) ? .zip : nil
    }

    private static func describe(_ bytes: [UInt8], isWhole: Bool, rows: Int, _ inspection: inout FileInspection) throws {
        guard !bytes.isEmpty else {
            throw ConnectError("file.empty", .data, "\"\(inspection.file.path)\" is empty.", remedy: "Look at one that has records.")
        }
        let detected = FormatDetection(sample: bytes, isWholeFile: isWhole)
        try BinaryContent.check(bytes, detected.charset)
        inspection.charset = detected.charset.name
        inspection.delimiter = detected.delimiter == "\t" ? "tab" : detected.delimiter
        inspection.enclosure = detected.enclosure.rawValue
        inspection.header = detected.hasHeader
        inspection.lineEnd = detected.lineEnd?.rawValue
        inspection.dateFormat = detected.dateFormat?.rawValue
        inspection.columns = detected.columnNames.enumerated().map { index, name in
            FileInspection.Column(name: name, type: index < detected.columnTypes.count ? detected.columnType(index) : .str255)
        }
        inspection.firstRows = Array(detected.rows.prefix(rows))
        inspection.sampledBytes = bytes.count
        inspection.sampledRecords = detected.rows.count
    }
}

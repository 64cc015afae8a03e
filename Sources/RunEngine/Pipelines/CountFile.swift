import ConnectModel
import RecordEngine

/// The file that says how many records the data file has (IMP-5): a bare number, or a file of the same format whose records are counted.
struct CountFile {
    let definition: ImportDefinition
    let transport: any Transport
    let environment: RunEnvironment

    /// A number with a line end and a byte order mark is shorter than this; whatever is longer is a file of records.
    private static let longestNumber = 64

    /// The count that `file` announces. Throws `count.unreadable` (configuration) when it says nothing.
    func expectedRecords(in file: SourceFile) throws -> Int64 {
        // A file of records is as confidential as the data file, and may be encrypted like it. Its own name tells.
        guard Encryption(fileName: file.path) == .pgp else {
            let reader = TransportSource(try transport.openRead(file.path, offset: 0))
            return try expectedRecords(
                in: file, content: Compression(fileName: file.path).decoded(reader, member: nil, limit: definition.expansionLimit))
        }
        var wrapping = definition.wrapping(of: file.path)
        wrapping.encryption = .pgp
        wrapping.compression = Compression(fileName: Encryption.pgp.innerName(of: file.path))
        wrapping.member = nil
        do {
            let stages = try ContentStages(file.path, wrapping, transport, environment)
            defer { stages.stop() }
            return try expectedRecords(in: file, content: stages.content.source)
        } catch let error as ConnectError where error.code.hasPrefix("pgp.") {
            throw ConnectError(error.code, .configuration, "The count file \"\(file.path)\" cannot be read. \(error.message)", remedy: error.remedy)
        }
    }

    private func expectedRecords(in file: SourceFile, content: any ByteSource) throws -> Int64 {
        var first = [UInt8](repeating: 0, count: Self.longestNumber)
        var count = 0
        while count < first.count {
            let more = try first.withUnsafeMutableBytes { try content.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...])) }
            if more == 0 { break }
            count += more
        }
        let isWhole = count < first.count
        first.removeSubrange(count...)
        if isWhole, let number = Self.number(first, try FileCharacterSet(name: definition.charset)) { return number }
        guard !first.isEmpty else {
            throw ConnectError(
                "count.unreadable", .configuration, "The count file \"\(file.path)\" is empty.",
                remedy: "Nothing was loaded. Write the number of records into it.")
        }
        return try records(in: JoinedSource(first, content))
    }

    private static func number(_ bytes: [UInt8], _ charset: FileCharacterSet) -> Int64? {
        guard let source = try? charset.decoded(MemorySource(bytes)) else { return nil }
        var text = [UInt8](repeating: 0, count: 4 * longestNumber)
        var count = 0
        while let more = try? text.withUnsafeMutableBytes({ try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...])) }), more > 0
        {
            count += more
        }
        let trimmed = String(decoding: text[..<count], as: UTF8.self).filter { !$0.isWhitespace }
        return trimmed.allSatisfy { $0.isASCII && $0.isNumber } ? Int64(trimmed) : nil
    }

    private func records(in source: any ByteSource) throws -> Int64 {
        let names = definition.columnNames.isEmpty ? nil : definition.columnNames
        let reader = try DelimitedReader(
            source: source, charset: FileCharacterSet(name: definition.charset), format: definition.format(), columnNames: names)
        var count: Int64 = 0
        while let batch = try reader.next() {
            count += Int64(batch.rowCount + batch.malformed.count)
            reader.recycle(batch)
        }
        return count
    }
}

/// Bytes that were read already, then the rest.
private final class JoinedSource: ByteSource {
    private let first: MemorySource
    private let rest: any ByteSource

    init(_ first: [UInt8], _ rest: any ByteSource) {
        self.first = MemorySource(first)
        self.rest = rest
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try first.read(into: buffer)
        return count > 0 ? count : try rest.read(into: buffer)
    }
}

import ConnectModel

/// How much a compressed file may grow while it is read. Real bytes are counted, never declared sizes, so that a small file made to fill a
/// machine ends its run and nothing else.
public struct ExpansionLimit: Sendable {
    /// Decoded bytes for each byte of the file, once more than `freeBytes` were decoded.
    public var ratio: Int64
    public var bytes: Int64
    /// Below this nothing is a bomb: a short file of one repeated record may well shrink a thousand times.
    static let freeBytes: Int64 = 64 << 20

    public init(ratio: Int64, bytes: Int64) {
        self.ratio = ratio
        self.bytes = bytes
    }

    /// Throws `file.bomb` (data) beyond the limit.
    public func check(decoded: Int64, encoded: Int64) throws {
        guard decoded <= bytes else {
            throw ConnectError(
                "file.bomb", .data, "The file decodes to more than \(bytes) bytes.",
                remedy: "Nothing was loaded. If the file is meant to be so large, raise file.max_decoded_bytes.")
        }
        guard decoded <= Self.freeBytes || decoded / ratio <= encoded else {
            throw ConnectError(
                "file.bomb", .data, "The file decodes to more than \(ratio) times its size.",
                remedy: "Nothing was loaded. Compressed customer data shrinks 3 to 30 times; if this file is right, raise file.max_expansion.")
        }
    }
}

/// Counts what a decoder takes from the file.
final class CountedSource: ByteSource {
    private let source: any ByteSource
    private(set) var count: Int64 = 0

    init(_ source: any ByteSource) { self.source = source }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let bytes = try source.read(into: buffer)
        count += Int64(bytes)
        return bytes
    }

    /// Reads to the end and keeps nothing, so that whoever hashes the file sees all of it.
    func drain(_ buffer: UnsafeMutableRawBufferPointer) throws {
        while try read(into: buffer) > 0 {}
    }
}

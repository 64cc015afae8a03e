import ConnectModel

/// Text in another character set on its way to a sink (EXP-4). One thread at a time.
public final class EncodedSink: ByteSink {
    private let sink: any ByteSink
    private var encoder: any CharacterEncoder
    private let output = ByteBuffer(capacity: 512 << 10)
    /// The beginning of a character whose rest has not come yet.
    private var held: [UInt8] = []
    /// Whether readers take a byte order mark at the beginning for the file's and not for text.
    private var needsMark: Bool

    /// Characters that the set does not have and that became `?`.
    public var replacedCount: Int64 { encoder.replaced }

    init(_ encoder: any CharacterEncoder, mark: [UInt8], needsMark: Bool = false, sink: any ByteSink) {
        self.encoder = encoder
        self.needsMark = needsMark && mark.isEmpty
        self.sink = sink
        for byte in mark { output.append(byte) }
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        if needsMark, !bytes.isEmpty { markTextThatBeginsWithOne(bytes) }
        var bytes = bytes
        while !held.isEmpty, let first = bytes.first {
            held.append(first)
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
            if held.count == UTF8Form.length(held[0]) {
                _ = held.withUnsafeBytes { encoder.encode($0, into: output) }
                held = []
            }
        }
        let taken = encoder.encode(bytes, into: output)
        held += bytes[taken...]
        try flush()
    }

    public func finish() throws {
        encoder.finish(into: output)
        try flush()
        try sink.finish()
    }

    /// Text whose first character is U+FEFF would lose it; the file then gets a mark of its own before it.
    private func markTextThatBeginsWithOne(_ bytes: UnsafeRawBufferPointer) {
        needsMark = false
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard bytes.starts(with: mark) else { return }
        _ = mark.withUnsafeBytes { encoder.encode($0, into: output) }
    }

    private func flush() throws {
        guard output.count > 0 else { return }
        try sink.write(output.bytes)
        output.removeAll()
    }
}

extension FileCharacterSet {
    /// A sink for text in UTF-8 that writes it in this set. `isMarked` puts a byte order mark in front where one is possible and not there anyway;
    /// `avoiding`: a character that no replacement may be, since it has a meaning in the file. Throws `charset.missing`.
    public func encoded(_ sink: any ByteSink, isMarked: Bool = false, avoiding delimiter: String = "") throws -> EncodedSink {
        let replacement: UInt8 = delimiter == "?" ? 0x5F : 0x3F
        let mark: [UInt8] = [0xFE, 0xFF]
        func single(_ table: [UInt32]) -> EncodedSink {
            EncodedSink(SingleByteEncoder(upper: table, replacement: replacement), mark: [], sink: sink)
        }
        switch encoding {
        case .utf8: return EncodedSink(PlainEncoder(), mark: isMarked ? [0xEF, 0xBB, 0xBF] : [], needsMark: true, sink: sink)
        case .utf16: return EncodedSink(UTF16Encoder(isLittle: false), mark: mark, sink: sink)
        case .utf16BigEndian: return EncodedSink(UTF16Encoder(isLittle: false), mark: isMarked ? mark : [], needsMark: true, sink: sink)
        case .utf16LittleEndian: return EncodedSink(UTF16Encoder(isLittle: true), mark: isMarked ? mark.reversed() : [], needsMark: true, sink: sink)
        case .latin1: return single(SingleByteTranscoder.Table.latin1.upper)
        case .windows1252: return single(SingleByteTranscoder.Table.windows1252.upper)
        case .ascii: return single(SingleByteTranscoder.Table.ascii.upper)
        case .iconv(let index):
            let set = CharacterSetNames.all[index]
            if set.isSingleByte, let upper = IconvTranscoder.upperHalf(set.iconv) { return single(upper) }
            guard let encoder = IconvEncoder(set.iconv, replacement: replacement) else {
                throw ConnectError(
                    "charset.missing", .configuration, "The C library of this machine cannot write \(name).",
                    remedy: "On Debian and Ubuntu the package libc6 brings it; on others look for glibc-gconv-extra.")
            }
            return EncodedSink(encoder, mark: [], sink: sink)
        }
    }

    /// Whether text, a delimiter say, can be written in this set as it is.
    public func holds(_ text: String) throws -> Bool {
        let sink = try encoded(MemorySink())
        var text = text
        try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
        try sink.finish()
        return sink.replacedCount == 0
    }
}

/// UTF-8 as it is.
private struct PlainEncoder: CharacterEncoder {
    var replaced: Int64 { 0 }

    mutating func encode(_ input: UnsafeRawBufferPointer, into output: ByteBuffer) -> Int {
        output.append(input)
        return input.count
    }

    mutating func finish(into output: ByteBuffer) {}
}

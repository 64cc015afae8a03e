import ConnectModel

/// A character set of a data file, by the names IANA registers (IMP-3).
///
/// - `UTF-8`: a byte order mark at the start is passed over.
/// - `UTF-16`: the byte order mark decides; without one big-endian (RFC 2781 §4.3). `UTF-16LE`, `UTF-16BE`: a mark is passed over.
/// - `ISO-8859-1`: every byte is a character. `windows-1252`: 81, 8D, 8F, 90 and 9D are none. `US-ASCII`: 80 and above are none.
/// - The rest (`CharacterSetNames`) are what the C library says they are.
public struct FileCharacterSet: Sendable, Hashable, CustomStringConvertible {
    internal enum Encoding: Hashable {
        case utf8, utf16, utf16LittleEndian, utf16BigEndian, latin1, windows1252, ascii
        /// By its place in `CharacterSetNames.all`.
        case iconv(Int)

        static let all: [Encoding] =
            [.utf8, .utf16, .utf16LittleEndian, .utf16BigEndian, .latin1, .windows1252, .ascii] + CharacterSetNames.all.indices.map { .iconv($0) }
    }

    internal let encoding: Encoding

    internal init(_ encoding: Encoding) { self.encoding = encoding }

    /// Case does not matter. Throws `charset.unknown` (configuration), which lists what there is.
    public init(name: String) throws {
        let wanted = name.lowercased()
        guard let found = Encoding.all.first(where: { Self.names($0).contains { $0.lowercased() == wanted } }) else {
            throw ConnectError(
                "charset.unknown", .configuration, "\"\(name)\" is not a character set that can be read.",
                remedy: "Choose one of: \(Self.all.map(\.name).joined(separator: ", ")).")
        }
        encoding = found
    }

    public static let utf8 = FileCharacterSet(.utf8)
    public static let utf16 = FileCharacterSet(.utf16)
    public static let utf16LittleEndian = FileCharacterSet(.utf16LittleEndian)
    public static let utf16BigEndian = FileCharacterSet(.utf16BigEndian)
    public static let latin1 = FileCharacterSet(.latin1)
    public static let windows1252 = FileCharacterSet(.windows1252)
    public static let ascii = FileCharacterSet(.ascii)
    public static let all = Encoding.all.map { FileCharacterSet($0) }

    /// IANA's preferred name.
    public var name: String { Self.names(encoding)[0] }
    /// Further names that `init(name:)` takes.
    public var aliases: [String] { Array(Self.names(encoding).dropFirst()) }
    public var description: String { name }

    private static func names(_ encoding: Encoding) -> [String] {
        switch encoding {
        case .utf8: ["UTF-8", "csUTF8", "UTF8", "unicode-1-1-utf-8"]
        case .utf16: ["UTF-16", "csUTF16", "UTF16"]
        case .utf16LittleEndian: ["UTF-16LE", "csUTF16LE", "UTF16LE"]
        case .utf16BigEndian: ["UTF-16BE", "csUTF16BE", "UTF16BE"]
        case .latin1:
            ["ISO-8859-1", "ISO_8859-1:1987", "iso-ir-100", "ISO_8859-1", "latin1", "l1", "IBM819", "CP819", "csISOLatin1", "ISO8859-1"]
        case .windows1252: ["windows-1252", "cswindows1252", "CP1252"]
        case .ascii: ["US-ASCII", "iso-ir-6", "ANSI_X3.4-1968", "ISO_646.irv:1991", "ISO646-US", "us", "IBM367", "cp367", "csASCII", "ASCII"]
        case .iconv(let index): CharacterSetNames.all[index].names
        }
    }

    /// The bytes of `source` as UTF-8, pulled as they are read. What is not of the character set comes out as byte FF, which
    /// is never part of UTF-8: the reader refuses the record it stands in and no other. UTF-8 passes through uncopied and
    /// unchecked; the reader checks it. Throws `charset.missing` when this machine's C library lacks the character set.
    public func decoded(_ source: any ByteSource) throws -> any ByteSource {
        switch encoding {
        case .utf8: UTF8Source(source)
        case .utf16: TranscodedSource(source, UTF16Transcoder(.byMark))
        case .utf16LittleEndian: TranscodedSource(source, UTF16Transcoder(.little))
        case .utf16BigEndian: TranscodedSource(source, UTF16Transcoder(.big))
        case .latin1: TranscodedSource(source, SingleByteTranscoder(.latin1))
        case .windows1252: TranscodedSource(source, SingleByteTranscoder(.windows1252))
        case .ascii: TranscodedSource(source, SingleByteTranscoder(.ascii))
        case .iconv(let index): try decoded(source, CharacterSetNames.all[index])
        }
    }

    private func decoded(_ source: any ByteSource, _ set: CharacterSetNames) throws -> any ByteSource {
        if set.isSingleByte, let upper = IconvTranscoder.upperHalf(set.iconv) {
            return TranscodedSource(source, SingleByteTranscoder(.custom(upper)))
        }
        guard let transcoder = IconvTranscoder(set.iconv) else {
            throw ConnectError(
                "charset.missing", .configuration, "The C library of this machine cannot read \(name).",
                remedy: "On Debian and Ubuntu the package libc6 brings it; on others look for glibc-gconv-extra.")
        }
        return TranscodedSource(source, transcoder)
    }
}

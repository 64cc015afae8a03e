import ConnectModel

/// How records and fields stand in a text file (IMP-3).
///
/// Rules, where files in the wild differ:
/// - A line ends with LF, CRLF or CR, also mixed in one file. Empty lines are no records.
/// - An enclosure counts only as the first character of a field; elsewhere it is text. Inside, it is written twice. After the
///   closing one only a delimiter or a line end may follow, not even a blank.
/// - Delimiters and line ends inside an enclosed field are text.
public struct DelimitedFormat: Sendable, Codable, Equatable {
    public enum Enclosure: String, Sendable, Codable, CaseIterable {
        case none
        case single
        case double

        /// The character, nil for none.
        public var character: Character? {
            switch self {
            case .none: nil
            case .single: "'"
            case .double: "\""
            }
        }

        internal var byte: UInt8? { character?.asciiValue }
    }

    /// One Unicode scalar.
    public let delimiter: String
    public let enclosure: Enclosure
    /// Whether the first record names the columns.
    public let hasHeader: Bool
    /// A longer record is refused, whatever it holds; its line end does not count.
    public let maximumRecordBytes: Int

    public static let defaultMaximumRecordBytes = 1 << 20
    public static let largestMaximumRecordBytes = 1 << 30

    /// Throws `format.delimiter` or `format.record-limit` (configuration).
    public init(
        delimiter: String = ",", enclosure: Enclosure = .double, hasHeader: Bool = true,
        maximumRecordBytes: Int = DelimitedFormat.defaultMaximumRecordBytes
    ) throws {
        if let reason = Self.problem(withDelimiter: delimiter, enclosure: enclosure) {
            throw ConnectError("format.delimiter", .configuration, reason, remedy: "Typical are , ; | and tab.")
        }
        guard (1...Self.largestMaximumRecordBytes).contains(maximumRecordBytes) else {
            throw ConnectError(
                "format.record-limit", .configuration,
                "A record limit of \(maximumRecordBytes) bytes is not possible; it lies between 1 and \(Self.largestMaximumRecordBytes).")
        }
        self.delimiter = delimiter
        self.enclosure = enclosure
        self.hasHeader = hasHeader
        self.maximumRecordBytes = maximumRecordBytes
    }

    /// The enclosure by name (`none`, `single`, `double`) or by its character. Throws `format.enclosure` beside the errors of the other.
    public init(
        delimiter: String, enclosure: String, hasHeader: Bool, maximumRecordBytes: Int = DelimitedFormat.defaultMaximumRecordBytes
    ) throws {
        let known = Enclosure.allCases.first { $0.rawValue == enclosure || (enclosure.count == 1 && $0.character == enclosure.first) }
        guard let known else {
            throw ConnectError(
                "format.enclosure", .configuration, "\"\(enclosure)\" is not an enclosure.", remedy: "Choose none, single or double.")
        }
        try self.init(delimiter: delimiter, enclosure: known, hasHeader: hasHeader, maximumRecordBytes: maximumRecordBytes)
    }

    private enum CodingKeys: String, CodingKey {
        case delimiter, enclosure, hasHeader, maximumRecordBytes
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            delimiter: values.decode(String.self, forKey: .delimiter), enclosure: values.decode(Enclosure.self, forKey: .enclosure),
            hasHeader: values.decode(Bool.self, forKey: .hasHeader),
            maximumRecordBytes: values.decodeIfPresent(Int.self, forKey: .maximumRecordBytes) ?? Self.defaultMaximumRecordBytes)
    }

    private static func problem(withDelimiter delimiter: String, enclosure: Enclosure) -> String? {
        guard delimiter.unicodeScalars.count == 1, let scalar = delimiter.unicodeScalars.first else {
            return "\"\(delimiter)\" cannot be a delimiter: it must be exactly one character."
        }
        if scalar == "\n" || scalar == "\r" || scalar == "\0" { return "A line end or NUL cannot be the delimiter." }
        if enclosure.character.map(String.init) == delimiter { return "The delimiter and the enclosure are both \(delimiter)." }
        return nil
    }
}

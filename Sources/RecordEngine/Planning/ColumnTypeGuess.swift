import ConnectModel

/// The narrowest type that holds a column's values.
enum ColumnTypeGuess {
    static func types(of records: ArraySlice<[String]>) -> [FieldType] {
        let width = records.map(\.count).max() ?? 0
        return (0..<width).map { column in type(of: records.compactMap { column < $0.count ? $0[column] : nil }.filter { !$0.isEmpty }) }
    }

    /// The format that most of `columns` are written in; the first of several that do equally well.
    static func dateFormat(of records: [[String]], columns: [Int]) -> NamedDateFormat? {
        let best = NamedDateFormat.allCases.map { format in (format, columns.count { isWritten($0, format, in: records) }) }.max { $0.1 < $1.1 }
        // `max` takes the last of equals.
        guard let best, best.1 > 0 else { return nil }
        return NamedDateFormat.allCases.first { format in columns.count { isWritten($0, format, in: records) } == best.1 }
    }

    /// Whether every value of a column is a timestamp of the format, and there is one.
    static func isWritten(_ column: Int, _ format: NamedDateFormat, in records: [[String]]) -> Bool {
        let values = records.compactMap { column < $0.count && !$0[column].isEmpty ? $0[column] : nil }
        return !values.isEmpty && values.allSatisfy { fits($0, TimestampRule(DateFormat(format))) }
    }

    /// Numbers with zeros in front are text: postal codes and customer numbers lose them otherwise.
    private static func type(of values: [String]) -> FieldType {
        guard !values.isEmpty else { return .str255 }
        if !values.contains(where: hasLeadingZero) {
            if values.allSatisfy({ fits($0, IntegerRule()) }) { return .integer }
            if values.allSatisfy({ fits($0, NumberRule()) }) { return .number }
        }
        if NamedDateFormat.allCases.contains(where: { format in values.allSatisfy { fits($0, TimestampRule(DateFormat(format))) } }) {
            return .timestamp
        }
        let longest = values.map { $0.unicodeScalars.count }.max() ?? 0
        // Twice the longest value seen, since a sample seldom holds the longest one.
        return [FieldType.str25, .str50, .str100, .str255, .str500].first { 2 * longest <= $0.maximumLength ?? 0 } ?? .str4000
    }

    private static func hasLeadingZero(_ value: String) -> Bool {
        let digits = value.drop { $0 == "-" || $0 == "+" }
        return digits.first == "0" && digits.dropFirst().first?.isNumber == true || digits.count > 15 || value.first == "+"
    }

    private static func fits(_ value: String, _ rule: some ValueRule) -> Bool {
        Array(value.utf8).withUnsafeBytes { bytes in
            let trimmed = Trimming.trimmed(bytes)
            return !trimmed.isEmpty && rule.check(trimmed, into: ByteBuffer(capacity: 64)) == nil
        }
    }
}

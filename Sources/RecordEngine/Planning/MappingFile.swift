/// A file whose header row names the columns of another file (IMP-6, guide §3.5).
public enum MappingFile {
    /// The names in its first record; everything after that is passed over. Empty for an empty file. Throws what `DelimitedReader.init` throws.
    public static func columnNames(in source: any ByteSource, charset: FileCharacterSet = .utf8, format: DelimitedFormat) throws -> [String] {
        let format = try DelimitedFormat(
            delimiter: format.delimiter, enclosure: format.enclosure, hasHeader: true, maximumRecordBytes: format.maximumRecordBytes)
        return try DelimitedReader(source: source, charset: charset, format: format).header
    }
}

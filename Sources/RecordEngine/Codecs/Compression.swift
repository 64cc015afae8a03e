/// How a file is compressed (FS, IMP-2; EXP-5 the other way).
public enum Compression: String, Sendable, CaseIterable {
    case none, gzip, zip

    /// By the end of a file's name.
    public init(fileName: String) {
        let name = fileName.lowercased()
        self = name.hasSuffix(".gz") || name.hasSuffix(".gzip") ? .gzip : name.hasSuffix(".zip") ? .zip : .none
    }

    /// The file's contents, decoded as they are read. `member` is the name or pattern of the file wanted from an archive;
    /// without one the archive must hold a single file.
    public func decoded(_ source: any ByteSource, member: String?, limit: ExpansionLimit) -> any ByteSource {
        switch self {
        case .none: source
        case .gzip: GzipSource(source, limit: limit)
        case .zip: ZipSource(source, member: member, limit: limit)
        }
    }
}

import RecordEngine

/// What a file is packed in, the compression within the encryption, as its name shows it.
struct ExportPacking: Sendable {
    var compression: Compression
    var encryption: ExportEncryption?

    /// "a.csv.gz" for a gzip file as "a.csv" and ".gz"; extensions that the name does not have yet come with it: "a.csv" gives the same.
    func parts(_ name: String) -> (plain: String, extensions: String) {
        var plain = Substring(name)
        let outer = encryption.map { Self.take([".pgp", ".gpg", ".asc"], from: &plain) ?? ($0.isArmored ? ".asc" : ".gpg") } ?? ""
        let inner =
            switch compression {
            case .none: ""
            case .gzip: Self.take([".gz", ".gzip"], from: &plain) ?? ".gz"
            case .zip: Self.take([".zip"], from: &plain) ?? ".zip"
            }
        return (String(plain), inner + outer)
    }

    /// The one of the endings that the name has, taken off it. A name is never all ending.
    private static func take(_ endings: [String], from name: inout Substring) -> String? {
        let lower = name.lowercased()
        guard let ending = endings.first(where: { lower.hasSuffix($0) && lower.count > $0.count }) else { return nil }
        defer { name = name.dropLast(ending.count) }
        return String(name.suffix(ending.count))
    }
}

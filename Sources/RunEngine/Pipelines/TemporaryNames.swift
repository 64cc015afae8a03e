/// Names that nobody waits for.
enum TemporaryNames {
    /// Hidden, so that a receiver's pattern passes over it; of one attempt alone.
    static func temporary(_ path: String, epoch: Int64) -> String {
        let name = RemotePath.name(path)
        return String(path.dropLast(name.count)) + ".\(name).\(epoch).part"
    }

    /// "a.csv" of ".a.csv.2.part"; nil for a name that is none of ours.
    static func final(ofTemporary name: String) -> String? {
        guard name.hasPrefix("."), name.hasSuffix(".part") else { return nil }
        let rest = name.dropFirst().dropLast(5)
        guard let dot = rest.lastIndex(of: "."), Int64(rest[rest.index(after: dot)...]) != nil else { return nil }
        return String(rest[..<dot])
    }
}

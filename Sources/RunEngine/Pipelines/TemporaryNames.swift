import ConnectModel

/// Names of files that are not whole yet: hidden, so that a receiver's pattern passes over them; of one attempt of one run alone.
///
/// Two installations that write to one directory may give their runs the same numbers, and so the same final name to two files; only one of them gets
/// it. The moment of the run in the temporary name keeps them from writing into each other's file before.
enum TemporaryNames {
    /// ".a.csv.2-mf3k9x1q.part" beside "a.csv".
    static func temporary(_ path: String, of run: Run, epoch: Int64) -> String {
        let name = RemotePath.name(path)
        return String(path.dropLast(name.count)) + ".\(name).\(epoch)-\(mark(of: run)).part"
    }

    /// Tells the run.
    static func mark(of run: Run) -> String { String(run.createdAtUnixMilliseconds, radix: 36) }

    /// "a.csv" and "mf3k9x1q" of a name as above; no mark in names that an earlier version made; nil for a name that is none of ours.
    static func parts(_ name: String) -> (final: String, mark: String?)? {
        guard name.hasPrefix("."), name.hasSuffix(".part") else { return nil }
        let rest = name.dropFirst().dropLast(5)
        guard let dot = rest.lastIndex(of: ".") else { return nil }
        let attempt = rest[rest.index(after: dot)...].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let epoch = attempt.first, Int64(epoch) != nil else { return nil }
        return (String(rest[..<dot]), attempt.count > 1 ? String(attempt[1]) : nil)
    }
}

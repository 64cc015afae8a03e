/// Finds the name somebody probably meant.
public enum Similarity {
    /// The candidate nearest to `name`, if any is near: at most a third of its letters differ.
    public static func closest(to name: String, among candidates: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8)
        let ranked = candidates.map { (candidate: $0, distance: distance(wanted, Array($0.lowercased().utf8))) }
        guard let best = ranked.min(by: { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }) else { return nil }
        return best.distance <= max(1, max(wanted.count, best.candidate.utf8.count) / 3) ? best.candidate : nil
    }

    /// Levenshtein's distance in bytes.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let substituted = previous[column] + (byte == other ? 0 : 1)
                current.append(min(substituted, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}

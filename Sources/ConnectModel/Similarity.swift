/// Finds the name somebody probably meant.
public enum Similarity {
    /// The candidate nearest to `name`, if any is near: at most a third of its letters differ.
    public static func closest(to name: String, among candidates: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8)
        let ranked = candidates.map { (candidate: $0, distance: distance(wanted, Array($0.lowercased().utf8))) }
        guard let best = ranked.min(by: { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }) else { return nil }
        return best.distance <= max(1, max(wanted.count, best.candidate.utf8.count) / 3) ? best.candidate : nil
    }

    /// Edits in bytes: one inserted, left out, replaced, or two neighbours swapped, which is how most slips are made.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for row in 1..<(left.count + 1) {
            var current = [row]
            for column in 1..<(right.count + 1) {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(rows[row - 1][column - 1] + (isSame ? 0 : 1), rows[row - 1][column] + 1, current[column - 1] + 1)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, rows[row - 2][column - 2] + 1)
                }
                current.append(best)
            }
            rows.append(current)
        }
        return rows[left.count][right.count]
    }
}
